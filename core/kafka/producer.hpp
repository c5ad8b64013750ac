#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/types.hpp"
#include "core/result.hpp"

namespace freshet::kafka {

struct ProducerOptions {
  std::string transactional_id;  ///< with the prefix; empty: idempotent only
  std::chrono::milliseconds transaction_timeout{10'000};
  std::chrono::milliseconds linger{5};
  std::string compression = "lz4";
  std::size_t max_message_bytes = 4U << 20U;
  std::size_t queue_max_messages = 200'000;
  std::size_t queue_max_kbytes = 262'144;
  /// After this a record that was not acknowledged has failed; 0: never. Nothing: 120 s, or the
  /// transaction's time.
  std::optional<std::chrono::milliseconds> delivery_timeout;
  /// How long a topic's partitions are asked for before the first record for it.
  std::chrono::milliseconds metadata_timeout{10'000};
  std::map<std::string, std::string> extra;  ///< librdkafka properties of this producer
};

/// An idempotent or transactional producer, `acks=all`. Records that are neither flushed nor
/// committed when it is destroyed are given up.
///
/// A producer without transactions outlives its client. When a leader dies, librdkafka 2.0.2 may no
/// longer agree with the broker on sequence numbers, and then refuses everything. The producer then
/// makes a new client and hands the records that were not acknowledged over again, in their order;
/// some of them may then be on the topic twice. It gives up after `kMostRenewals` clients in a row
/// with which nothing was acknowledged.
///
/// @thread_safety  One thread calls; librdkafka's own thread delivers.
class Producer {
 public:
  /// @error StartupError when a librdkafka property is refused.
  Producer(const Config::Kafka& config, const ProducerOptions& options);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Hands one record over. With a full queue it serves deliveries and waits, so memory is bounded.
  /// A record without partition and key goes to the partitions in turn.
  /// @error Errc::too_large, Retry::never: key, value and headers exceed the topic's limit
  ///        (core/topics.hpp) or `max_message_bytes`; nothing was queued, the next one may pass.
  ///        Errc::broker_error, Retry::after_backoff: no such topic (yet).
  ///        Errc::broker_error, Retry::after_backoff: no new client could be made where one is
  ///        needed; this record was not taken.
  ///        The first failed delivery: every call returns it until `flush` or `begin_transaction`.
  ///        Any other error: the producer is broken.
  Result<void> produce(const OutRecord& record);

  /// Serves delivery reports without waiting.
  void poll();
  /// Waits until everything handed over was acknowledged or has failed.
  /// @error the first delivery failure since the last flush: `failed` has grown by the records that
  ///        are given up, and these are to be produced again. Errc::timed_out: what is in flight
  ///        stays in flight, and the next flush waits for it. Errc::broker_error,
  ///        Retry::after_backoff while `failed` has not grown: no new client could be made; this
  ///        comes at once, and all records are kept.
  Result<void> flush(std::chrono::milliseconds timeout);
  /// Records acknowledged since the start.
  std::uint64_t acknowledged() const noexcept;
  /// Records given up since the start.
  std::uint64_t failed() const noexcept;
  /// How often a new client was made.
  int renewals() const noexcept;
  /// Records handed over and not yet acknowledged or failed.
  std::size_t in_flight() const noexcept;

  /// How a step of a transaction ended. `abort`: nothing of it was committed; call
  /// `abort_transaction`, or make a new producer, whose `init_transactions` aborts what is left
  /// (always right; needed when `abort_transaction` does not end with `done` or a record failed:
  /// in librdkafka 2.0.2 the handle's next transaction may fail again). `fenced`
  /// and `unknown` end the process or the loop.
  enum class Outcome { done, abort, fenced, unknown };
  struct Step {
    Outcome outcome = Outcome::done;
    std::string message;
  };

  /// Registers the transactional id; aborts what an earlier holder left open. Retries while the
  /// coordinator is loading, up to `timeout`.
  Result<void> init_transactions(std::chrono::milliseconds timeout);
  Step begin_transaction();
  /// Adds the consumer's next offsets to the transaction, under the membership that the consumer
  /// has now. If its generation is gone, the step ends with `abort`. Call after the records were
  /// produced.
  Step send_offsets(const std::vector<TopicPartitionOffset>& offsets, Consumer& consumer,
                    std::chrono::milliseconds timeout);
  /// Waits for all deliveries first; if one failed, it ends with `abort`. `unknown`: the broker did
  /// not answer in time, so the commit may or may not have happened.
  Step commit_transaction(std::chrono::milliseconds timeout);
  Step abort_transaction(std::chrono::milliseconds timeout);

  static constexpr int kMostRenewals = 5;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::kafka
