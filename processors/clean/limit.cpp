#include "processors/clean/limit.hpp"

#include "core/text.hpp"

namespace freshet::clean {
namespace {

// Length in bytes of the longest beginning that fits.
std::size_t fitting_bytes(std::string_view text, std::size_t limit) noexcept {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) {
      continue;  // inside a code point
    }
    used += text[i] == '\\' ? 2 : 1;
    if (used > limit) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

bool fits(std::string_view text, std::size_t limit) noexcept {
  return text.size() * 2 <= limit || fitting_bytes(text, limit) == text.size();
}

std::string_view cut_to_fit(std::string_view text, std::size_t limit) noexcept {
  return text.size() * 2 <= limit ? text : trim_space(text.substr(0, fitting_bytes(text, limit)));
}

}  // namespace freshet::clean
