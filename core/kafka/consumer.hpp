#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/message.hpp"
#include "core/result.hpp"

namespace freshet::kafka {

enum class Isolation { read_committed, read_uncommitted };

struct ConsumerOptions {
  std::string group;              ///< with the prefix; empty: no group, assign by hand
  std::string group_instance_id;  ///< empty: dynamic member
  Isolation isolation = Isolation::read_committed;
  bool partition_end_events = false;
  std::chrono::milliseconds session_timeout{10'000};
  std::chrono::milliseconds max_poll_interval{300'000};
  /// Bounds of what librdkafka fetches ahead. The bound in records is for small records, which take
  /// far more memory than their own bytes.
  std::size_t queued_max_kbytes = 65'536;
  std::size_t queued_max_records = 100'000;
  std::size_t fetch_max_kbytes = 8'192;      ///< of one reply, packed; a larger record comes alone
  std::map<std::string, std::string> extra;  ///< librdkafka properties of this consumer
};

/// What the group gave or took; called from within `poll`, on the polling thread.
struct RebalanceListener {
  /// The partitions are *not* assigned by the consumer itself: the listener's owner calls
  /// `assign` when it is ready (a restore may come first). Polling meanwhile keeps the membership.
  std::function<void(const std::vector<TopicPartition>&)> on_assigned;
  /// Called before the partitions are given away; `lost`: they already have another owner.
  std::function<void(const std::vector<TopicPartition>&, bool lost)> on_revoked;
};

/// The ends of a partition: `low` is the first offset that is kept, `high` the offset behind the
/// last.
struct Watermarks {
  Offset low;
  Offset high;
};

/// One consumer handle. Never commits by itself (`enable.auto.commit=false`); `range` assignment.
///
/// There is no pause: together with batches it is fragile in librdkafka 2.0.2. To stop reading
/// and stay in the group, `unassign`, keep polling, and `assign` again from the next offsets.
///
/// Messages that `poll` gave out must be destroyed before the consumer: they live in its buffers.
///
/// @thread_safety  One thread.
class Consumer {
 public:
  /// @error StartupError when a librdkafka property is refused.
  Consumer(const Config::Kafka& config, const ConsumerOptions& options);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  void subscribe(const std::vector<std::string>& topics, RebalanceListener listener);
  /// Replaces the assignment. Offsets: 0… or kBeginning / kStored below.
  Result<void> assign(const std::vector<TopicPartitionOffset>& partitions);
  Result<void> unassign();

  static constexpr Offset kBeginning{-2};
  static constexpr Offset kStored{-1000};

  /// Waits up to `timeout` for the first record, then takes what is there, up to `max` records.
  /// Records of one partition come in their order. A rebalance drops the records of the same call.
  /// @error Retry::after_backoff: brokers away and the like; the consumer goes on by itself.
  ///        Retry::never: fenced by another member of the same group.instance.id, or fatal.
  Result<Polled> poll(std::chrono::milliseconds timeout, std::size_t max);

  /// Next offset to read per assigned partition; nothing where none was read yet. Transaction
  /// markers count as read with the records before them. With `partition_end_events` an end that
  /// was reached counts too, so that the position of a partition without records is known as well.
  Result<std::vector<std::pair<TopicPartition, std::optional<Offset>>>> positions();
  /// Asks the broker. With read_committed `high` is the last stable offset, else the high
  /// watermark.
  Result<Watermarks> watermarks(const TopicPartition& at, std::chrono::milliseconds timeout);
  /// Committed offsets of this consumer's group; nothing where there is none.
  Result<std::vector<std::pair<TopicPartition, std::optional<Offset>>>> committed(
      const std::vector<TopicPartition>& partitions, std::chrono::milliseconds timeout);
  Result<void> commit(const std::vector<TopicPartitionOffset>& offsets);
  /// Text that the broker keeps beside each offset that is committed from here on, also within a
  /// transaction (`Producer::send_offsets`). `Admin::group_notes` reads it.
  void set_commit_note(std::string note);
  Result<void> seek(const TopicPartitionOffset& to, std::chrono::milliseconds timeout);
  /// First offset whose timestamp is ≥ `time`; nothing when there is none.
  Result<std::optional<Offset>> offset_for_time(const TopicPartition& at, UtcTime time,
                                                std::chrono::milliseconds timeout);
  /// Number of partitions of a topic. @error Errc::broker_error with Retry::after_backoff while the
  /// topic does not exist (yet).
  Result<std::int32_t> partition_count(const std::string& topic, std::chrono::milliseconds timeout);
  /// Leaves the group (a static member is listed until its session times out) and closes, without
  /// telling the listener. No call may follow.
  void close();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::kafka
