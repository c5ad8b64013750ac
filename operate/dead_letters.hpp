#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clean_preview.hpp"
#include "core/commands.hpp"
#include "core/kafka/message.hpp"

namespace freshet {

/// Adds `dead-letter list|show|redrive|discard`.
/// @param cleaning  what the stages would make of a record now.
void add_dead_letter_commands(CLI::App& root, Commands& commands, const Cleaning& cleaning);

/// What was done about a dead letter.
enum class DeadLetterState { open, redriven, discarded };
std::string_view to_string(DeadLetterState state) noexcept;

/// The header that counts how often a record was sent back; it travels with the record.
inline constexpr std::string_view kRedrivenHeader = "redriven";

/// A dead letter as it is listed. Texts are its `dl.*` headers, empty where a header is missing.
struct DeadLetterLine {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  UtcTime appended_at;
  std::string time;
  std::string step;
  std::string reason;
  std::string field;
  std::string rule;
  std::string message;
  std::string topic;             ///< where the original came from
  std::string origin_partition;  ///< empty: from a producer
  std::string origin_offset;
  std::optional<std::string> key;
  std::size_t size_bytes = 0;  ///< of the value
  std::string source{};        ///< provider that the key or the step names; empty: none
  int redriven = 0;            ///< how often the record was sent back before
  bool is_truncated = false;   ///< the value was cut: it did not fit
  DeadLetterState state = DeadLetterState::open;
};

DeadLetterLine read_dead_letter(const kafka::Message& message);

/// The newest `limit` of them, newest first; by append time, then partition and offset.
std::vector<DeadLetterLine> newest_first(std::vector<DeadLetterLine> lines, std::size_t limit);

std::string format_dead_letter_table(const std::vector<DeadLetterLine>& lines);
std::string format_dead_letter_json(const std::vector<DeadLetterLine>& lines);

}  // namespace freshet
