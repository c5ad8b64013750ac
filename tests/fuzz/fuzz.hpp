#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/json.hpp"
#include "core/utf8.hpp"

namespace freshet::fuzz {

/// Ends the run where a property does not hold; libFuzzer then keeps the input.
inline void require(bool holds, const char* property, std::string_view seen = {},
                    std::string_view wanted = {}) {
  if (holds) {
    return;
  }
  const auto print = [](const char* label, std::string_view text) {
    if (!text.empty()) {
      std::fprintf(stderr, "%s: %.*s\n", label, static_cast<int>(text.size()), text.data());
    }
  };
  std::fprintf(stderr, "PROPERTY BROKEN: %s\n", property);
  print("seen  ", seen);
  print("wanted", wanted);
  std::abort();
}

/// What we write must be UTF-8 and JSON in the eyes of a parser that is not the one that read it.
inline void require_json(std::string_view text, const char* property) {
  require(is_utf8(text) && parse_json(text).has_value(), property, text);
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Cuts the text up to the next newline off `rest`, without the newline.
inline std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

}  // namespace freshet::fuzz

/// libFuzzer's entry point, one per target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
