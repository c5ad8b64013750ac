#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace freshet {

/// What was mended in a text so that it could be read as JSON, counted by fault.
struct Mended {
  enum Fault : std::uint8_t {
    byte_order_mark,    ///< taken off
    charset,            ///< the whole text was converted from another one
    invalid_utf8,       ///< U+FFFD stands for each character that could not be read
    lone_surrogate,     ///< U+FFFD stands for half of a pair, `\ud83d` alone
    control_character,  ///< in a text: escaped; between values: white space
    bad_escape,         ///< `\x`: the backslash is taken for one
    number,             ///< `NaN`, `-Infinity`, `1e400`, `undefined`: null; `007`, `+1`, `.5`: read
    too_deep,           ///< null stands for what lies deeper than the parser goes
  };
  static constexpr std::size_t kFaults = 8;

  std::array<std::int64_t, kFaults> counts{};  ///< of values by Fault, the first two 0 or 1

  std::int64_t total() const noexcept;
  /// `lone_surrogate 2, number 1`; empty where nothing was mended.
  std::string text() const;
};

/// A JSON text as sources send it.
struct LenientJson {
  json::value value;
  Mended mended;
};

/// Reads text that is JSON but for values that JSON cannot hold. Each such value is mended or
/// becomes null, so that one of them does not cost the whole page.
///
/// The text is read strictly first, so good JSON costs nothing more. Faults of structure are not
/// mended: an unclosed bracket or text, a missing comma, or words outside of any list or object
/// (`Forbidden`) show that the reply is cut short, or is no answer at all.
///
/// @param charset  as a header names it (`charset_of`), for a text that is not UTF-8. The bytes
///                 decide first, because servers name `iso-8859-1` without looking.
/// @error Errc::malformed_payload, Retry::never: it is not JSON even after mending. Place and
///        reason are those of the strict reading.
Result<LenientJson> parse_lenient_json(std::string_view text, std::string_view charset = {});

/// A text as UTF-8: without byte order mark, converted where it is of another charset, U+FFFD for
/// what cannot be read. Counts what it mended.
std::string read_text(std::string_view bytes, std::string_view charset, Mended& mended);

}  // namespace freshet
