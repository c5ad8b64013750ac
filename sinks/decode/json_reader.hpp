#pragma once

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet::decode {

namespace od = simdjson::ondemand;

/// A value of a catalogue record that breaks a rule.
Error broken(std::string_view field, std::string_view rule);
/// A catalogue record that is not JSON, or not in UTF-8.
Error malformed(std::string_view why);
Error malformed(simdjson::error_code code);
bool has_nul(std::string_view text);
bool is_longer(std::string_view text, std::size_t code_points);

/// Members of an object that were read, a bit each: readers would disagree on which of two holds.
template <std::size_t N>
class Once {
 public:
  explicit Once(const std::array<std::string_view, N>& names) : names_{names} {}

  enum class Found { first, again, unknown };
  /// Of names that are not listed none is known to be there before.
  Found take(std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::size_t at = (next_ + i) % N;  // they mostly stand in the order of the list
      if (names_[at] == name) {
        const std::uint64_t bit = std::uint64_t{1} << at;
        const bool is_first = (seen_ & bit) == 0;
        seen_ |= bit;
        next_ = at + 1;
        return is_first ? Found::first : Found::again;
      }
    }
    return Found::unknown;
  }
  /// Place in the list of the name that was found last.
  std::size_t place() const { return next_ - 1; }

 private:
  static_assert(N <= 64);
  const std::array<std::string_view, N>& names_;
  std::uint64_t seen_ = 0;
  std::size_t next_ = 0;
};

/// Reads JSON on demand, and checks what every store asks of it: types, no NUL, numbers that jsonb
/// takes. Each step returns false after it has stored why.
///
/// simdjson's strings live in the parser's buffer, which has room for every string of a document
/// once: none is read twice.
class JsonReader {
 public:
  /// @param error  where a step that fails says why; outlives the reader.
  explicit JsonReader(Error& error) : error_{error} {}

 protected:
  bool fail(Error why) {
    error_ = std::move(why);
    return false;
  }
  bool fail(simdjson::error_code code) { return fail(malformed(code)); }
  bool fail_length(std::string_view field, std::size_t max);

  /// A scalar getter of simdjson: its failure is a wrong type or a broken document.
  template <class T>
  bool get(simdjson::simdjson_result<T> got, T& to, std::string_view field) {
    const auto code = std::move(got).get(to);
    if (code == simdjson::SUCCESS) {
      return true;
    }
    return code == simdjson::INCORRECT_TYPE ? fail(broken(field, "type")) : fail(code);
  }

  bool get_number(od::value& value, double& to, std::string_view field);
  /// @param max  code points; 0: as long as it likes
  bool get_text(od::value& value, std::string_view& to, std::string_view field,
                std::size_t max = 0);
  /// Leaves `to` as it is where the value is null.
  bool get_optional(od::value& value, std::optional<double>& to, std::string_view field);
  /// Of 1970 or later; leaves `to` as it is where the value is null.
  bool get_time(od::value& value, std::optional<UtcTime>& to, std::string_view field);

  /// Calls `visit(name, value)` per member; `field` names the object in errors.
  template <class Visit>
  bool each_member(od::object& object, std::string_view field, Visit&& visit) {
    for (auto entry : object) {
      std::string_view name;
      if (const auto code = entry.unescaped_key().get(name)) {
        return fail(code);
      }
      if (has_nul(name)) {
        return fail(broken(field, "nul"));
      }
      od::value value;
      if (const auto code = entry.value().get(value)) {
        return fail(code);
      }
      if (!visit(name, value)) {
        return false;
      }
    }
    return true;
  }

  template <class Visit>
  bool each_element(od::array& array, Visit&& visit) {
    for (auto entry : array) {
      od::value value;
      if (const auto code = entry.get(value)) {
        return fail(code);
      }
      if (!visit(value)) {
        return false;
      }
    }
    return true;
  }

  /// Reads a value that goes on as JSON to its end, because the store parses it whole.
  bool check(od::value& value, std::string_view field, int depth = 0);

  /// The compact text of an object or array that is then read from its start.
  template <class Container>
  bool take_json(Container& container, std::string_view& to) {
    if (const auto code = container.raw_json().get(to)) {
      return fail(code);
    }
    bool is_not_empty = false;
    if (const auto code = container.reset().get(is_not_empty)) {
      return fail(code);
    }
    return true;
  }

  static bool is_type(od::value& value, od::json_type wanted) {
    od::json_type type{};
    return value.type().get(type) == simdjson::SUCCESS && type == wanted;
  }

 private:
  Error& error_;
};

}  // namespace freshet::decode
