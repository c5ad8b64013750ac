#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/kafka/types.hpp"
#include "core/topics.hpp"

namespace freshet {

/// What a loop takes records from, causes before effects: what the loops make of a record of one
/// input stands on none before it.
enum class Input : std::uint8_t { raw, decisions, claims, verdicts };
/// Their topics, without prefix, in the order of the enumeration.
inline constexpr std::array kInputTopics{topics::kRaw, topics::kDecisions, topics::kUrlClaims,
                                         topics::kUrlVerdicts};
inline constexpr auto kInputs = [] {
  std::array<Input, kInputTopics.size()> inputs{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = static_cast<Input>(i);
  }
  return inputs;
}();

constexpr std::size_t index_of(Input input) noexcept { return static_cast<std::size_t>(input); }

constexpr std::string_view topic_of(Input input) noexcept { return kInputTopics[index_of(input)]; }

/// The next offset of each input of one partition number; nothing where a batch took none.
using NextOffsets = std::array<std::optional<kafka::Offset>, kInputs.size()>;

/// Partitions of the topics that are keyed by work, and of the URL claims, which may have fewer.
struct PartitionCounts {
  std::int32_t works = 0;
  std::int32_t claims = 0;
};

}  // namespace freshet
