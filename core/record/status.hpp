#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace freshet {

/// Whether a catalogue record's work is shown, and why not. A record without `work` is never live:
/// until a sighting comes it is `removed_at_source`, unless a decision blocks it. Of several that
/// apply the last wins.
enum class Status : std::uint8_t { live, duplicate, removed_at_source, blocked };

/// By Status, as they are on topics, in tables, indexes and sums.
inline constexpr std::array<std::string_view, 4> kStatusNames{"live", "duplicate",
                                                              "removed_at_source", "blocked"};
inline constexpr std::size_t kStatusCount = kStatusNames.size();

constexpr std::string_view to_string(Status status) noexcept {
  return kStatusNames[static_cast<std::size_t>(status)];
}

/// @return nothing for any other text.
constexpr std::optional<Status> parse_status(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kStatusCount; ++i) {
    if (kStatusNames[i] == text) {
      return static_cast<Status>(i);
    }
  }
  return std::nullopt;
}

}  // namespace freshet
