#include "core/fold.hpp"

#include <locale.h>
#include <wctype.h>

#include <algorithm>

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

// Never freed: threads may fold until the process ends.
locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  FRESHET_CHECK(locale != nullptr);
  return locale;
}

// Reads one code point of well-formed UTF-8 at `at` and moves past it.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  at += length;
  return code;
}

}  // namespace

std::string fold_case(std::string_view text) {
  const bool is_ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii || !is_utf8(text)) {
    return lower_ascii(text);
  }
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code = next_code_point(text, at);
    append_utf8(out,
                static_cast<char32_t>(towlower_l(static_cast<wint_t>(code), unicode_locale())));
  }
  return out;
}

std::string title_case(std::string_view text) {
  if (!is_utf8(text)) {
    return std::string{text};
  }
  std::string out;
  out.reserve(text.size());
  bool is_within_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = static_cast<wint_t>(next_code_point(text, at));
    const wint_t lower = towlower_l(code, unicode_locale());
    const wint_t upper = towupper_l(code, unicode_locale());
    append_utf8(out, static_cast<char32_t>(is_within_word ? lower : upper));
    is_within_word = lower != code || upper != code;
  }
  return out;
}

}  // namespace freshet
