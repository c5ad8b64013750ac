#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/kafka/producer.hpp"
#include "operate/broker.hpp"
#include "operate/policy.hpp"

namespace freshet {

/// Has works written again by the processor, a batch at a time, behind live traffic.
///
/// Only the processor writes the catalogue, so each work gets a decision `reemit`. The next batch
/// goes when the catalogue shows this one, when no reader of the stream has more than
/// `kMostUnread` offsets to do, and when the pace allows. What the catalogue shows is cleared from
/// the topic of decisions, which otherwise would keep a line of each work for good.
///
/// @thread_safety  One thread.
class Reemitter {
 public:
  static constexpr std::size_t kBatch = 500;
  static constexpr std::int64_t kMostUnread = 2'000;

  struct Options {
    PolicyAuthor author;
    int per_second = 500;
    int wait_seconds = 30;  ///< for the catalogue to show a batch
  };

  /// @error StartupError, WorkFailed: no broker, no topic. RefusedError: no processor runs.
  Reemitter(const Context& context, Options options);

  /// @param keys  of works, each once; at most `kBatch`.
  /// @error WorkFailed: the catalogue did not show them in time, or a stop was asked for. What was
  ///        sent stays, and the processor will do it.
  void write(std::span<const std::string> keys);
  std::int64_t written() const { return written_; }

 private:
  void await_turn();
  void send(std::span<const std::string> keys, bool is_cleared);
  std::set<std::string> await_shown(std::span<const std::string> keys,
                                    const std::vector<kafka::TopicPartitionOffset>& from);

  const Context& context_;
  const Options options_;
  kafka::Admin admin_;
  kafka::Consumer consumer_;
  kafka::Producer producer_;
  std::int32_t partitions_ = 0;
  std::chrono::steady_clock::time_point next_at_;
  std::int64_t written_ = 0;
};

}  // namespace freshet
