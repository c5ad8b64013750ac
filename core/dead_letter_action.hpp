#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// What somebody did about dead letters, a value of `media.dead-letter-actions.v1`:
/// `{"action_id","action","at","by","why","partition","part","offsets":[…]}`. One command makes one
/// or more, each about letters of one partition; they share the id.
struct DeadLetterAction {
  enum class Kind { redrive, discard };

  std::string action_id;  ///< UUID of version 4
  Kind kind = Kind::redrive;
  UtcTime at;  ///< whole milliseconds
  std::string by;
  std::string why;
  std::int32_t partition = 0;         ///< of `media.dead-letter.v1`
  std::int32_t part = 0;              ///< counts the records of one command from 0
  std::vector<std::int64_t> offsets;  ///< in that partition; never empty
};

std::string_view to_string(DeadLetterAction::Kind kind) noexcept;

/// How many letters one action may name: its record stays far below the topic's limit.
inline constexpr std::size_t kMostLettersOfAction = 10'000;

/// `<action_id>:<part>`.
std::string dead_letter_action_key(const DeadLetterAction& action);
std::string encode_dead_letter_action(const DeadLetterAction& action);
/// @error Retry::never; Errc::malformed_payload, missing_field, invalid_value or wrong_key with
///        field and rule.
Result<DeadLetterAction> parse_dead_letter_action(std::string_view key, std::string_view value);

}  // namespace freshet
