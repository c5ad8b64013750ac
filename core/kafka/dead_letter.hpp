#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/kafka/message.hpp"
#include "core/kafka/producer.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet::kafka {

/// Where the bytes of a dead letter came from.
struct DeadLetterOrigin {
  std::string
      topic;  ///< topic without prefix; from a producer: file name or request URL, `-` for stdin
  std::optional<Partition> partition;
  std::int64_t offset = 0;  ///< from a producer: line or item number from 1
};

/// A record put aside whole. Headers of the message that is made: `dl.step`, `dl.reason` (the
/// Errc), `dl.field`, `dl.rule`, `dl.topic`, `dl.partition`, `dl.offset`, `dl.time`, `dl.message`,
/// and the original record's own headers behind them.
struct DeadLetter {
  std::string_view step;  ///< `process.catalogue`, `sink.postgres`, `produce.met`
  Error error;
  DeadLetterOrigin origin;
  std::optional<std::string_view> key;  ///< nothing where no key could be formed
  std::optional<std::string_view> value;
  UtcTime time;
  std::int32_t partitions = 0;  ///< of the dead-letter topic; > 0 when `partition` is to be kept
};

/// Produces it to `media.dead-letter.v1`. A record from a topic keyed by work keeps its partition.
/// Other records go where murmur2 of their key says; without a key to a random partition. A value
/// that does not fit into 4 MiB with its headers is cut, and `dl.truncated` says its full size.
Result<void> produce_dead_letter(Producer& producer, const Config::Kafka& config,
                                 const DeadLetter& letter, const Headers& original_headers = {});

}  // namespace freshet::kafka
