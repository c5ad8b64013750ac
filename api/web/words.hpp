#pragma once

#include <cstdint>
#include <initializer_list>
#include <locale>
#include <string>
#include <string_view>
#include <utility>

#include "api/web/files.hpp"
#include "api/web/languages.hpp"

namespace freshet::api::web {

/// Marks a text of a table for translation; `Words::text` translates it where it is used.
constexpr const char* msg(const char* id) { return id; }

/// `text` with each `{name}` in place of its value. Other braces stay.
std::string fill(std::string_view text,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> values);

/// Texts, numbers and dates in one language.
///
/// A text is known by its English form, which stands in the code and in templates. Catalogues are
/// gettext's; `tests/docs/check_messages.py` finds what is missing in them, or not used any more.
/// @thread_safety  All functions, from any thread.
class Words {
 public:
  /// @param files  where `locale/<tag>.mo` is
  Words(const Language& language, const Files& files);

  const Language& language() const { return *language_; }

  /// The text that is `id` in English.
  std::string text(const char* id) const;
  /// The form for a number, with `{count}` replaced by it.
  std::string plural(const char* one, const char* many, std::int64_t count) const;

  std::string number(std::int64_t value) const;
  /// The day in UTC: `30 November 2026`.
  std::string date(std::int64_t micros) const;
  /// How long something is ago: `12 seconds ago`.
  std::string ago(std::int64_t seconds) const;
  /// `3.4 MB`
  std::string bytes(std::int64_t bytes) const;

 private:
  const Language* language_;
  std::locale locale_;
};

/// `3:05`, `1:00:09`; digits are ASCII in every language, as on a player.
std::string clock_time(std::int64_t milliseconds);
/// ISO 8601: `PT3M5S`
std::string iso_duration(std::int64_t milliseconds);

}  // namespace freshet::api::web
