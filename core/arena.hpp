#pragma once

#include <cstring>
#include <memory_resource>
#include <string_view>

namespace freshet {

/// Memory of one batch. Views into it are valid until it is released; nothing in it is destroyed
/// one by one.
using Arena = std::pmr::monotonic_buffer_resource;

/// A copy that lives as long as the arena.
inline std::string_view copy_to(Arena& arena, std::string_view text) {
  if (text.empty()) {
    return {};
  }
  auto* const begin = static_cast<char*>(arena.allocate(text.size(), 1));
  std::memcpy(begin, text.data(), text.size());
  return {begin, text.size()};
}

}  // namespace freshet
