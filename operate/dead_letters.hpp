#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/kafka/message.hpp"

namespace freshet {

/// Adds `dead-letter list` and `dead-letter show`.
void add_dead_letter_commands(CLI::App& root, Commands& commands);

/// A dead letter as it is listed; texts are its `dl.*` headers, empty where there is none.
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
};

DeadLetterLine read_dead_letter(const kafka::Message& message);

/// The newest `limit` of them, newest first; by append time, then partition and offset.
std::vector<DeadLetterLine> newest_first(std::vector<DeadLetterLine> lines, std::size_t limit);

std::string format_dead_letter_table(const std::vector<DeadLetterLine>& lines);
std::string format_dead_letter_json(const std::vector<DeadLetterLine>& lines);

}  // namespace freshet
