#pragma once

#include <span>
#include <string_view>

namespace freshet::api::web {

/// A language that pages are written in.
struct Language {
  std::string_view tag;     ///< BCP 47, as in paths and `lang`
  std::string_view locale;  ///< as ICU calls it
  std::string_view name;    ///< in the language itself
  bool is_right_to_left = false;
  bool is_pseudo = false;  ///< made of the English texts, to find what is not translated
};

/// All of them, the default first.
std::span<const Language> languages();

/// The one with this tag, exactly; null where there is none.
const Language* find_language(std::string_view tag);

/// What a browser likes best of what there is, by RFC 9110 `Accept-Language`; `de-AT` is content
/// with `de`. The pseudo-language is never chosen.
const Language& negotiate(std::string_view accept_language);

}  // namespace freshet::api::web
