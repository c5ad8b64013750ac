#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::clean {

enum class Kind : std::uint8_t { absent, null, text, number, boolean, list, object };

/// One JSON value as a sighting gives it, before any rule.
struct Scalar {
  Kind kind = Kind::absent;
  std::string_view text;  ///< decoded text, or the token of a number or boolean
  std::string_view
      json;  ///< of a text: its token where that is already in our own form, else empty

  bool given() const { return kind != Kind::absent && kind != Kind::null; }
};

/// Appends a number or boolean as it is kept in texts: `5`, `5.0`, `1e+21`, `True`.
void append_scalar_text(std::string& out, Kind kind, std::string_view token);

/// Reads a number from a provider's text: white space around it, digits of any script, single
/// underscores between digits, a fraction, an exponent, `inf`, `infinity`, `nan` in any case.
/// @return nothing when the text is anything else (`1,000`, `12px`, `0x10`, empty).
std::optional<double> parse_number(std::string_view text);

}  // namespace freshet::clean
