#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "processors/catalogue/partitions.hpp"
#include "processors/catalogue/topic_probe.hpp"
#include "processors/stage.hpp"

namespace freshet {

/// A changelog of one partition, as a restore goes through it.
struct PartitionChangelog {
  kafka::TopicPartition at;
  const Changelog& of;
  PartitionState& partition;
  Stage* stage = nullptr;  ///< nullptr: the sums of all stages
  std::size_t index = 0;   ///< in the stage's list
  ChangelogBounds bounds;  ///< `position` as of the last look

  /// How far the state has come by now.
  std::int64_t position() const;
  /// It was read up to its target.
  void end() const;
};

/// Reads changelogs, read_committed, until the *position* has reached each target: an end of
/// partition alone is only the last stable offset, and stands still behind anybody's open
/// transaction.
///
/// @thread_safety  One thread.
class ChangelogReader {
 public:
  /// Records of a changelog in the order of their offsets; views live until the end of a poll.
  using Take = std::function<void(PartitionChangelog&, const TopicRecord&)>;
  /// After the records of each poll. False: it is to stop.
  using AfterPoll = std::function<bool()>;

  ChangelogReader(const Config::Kafka& config, TopicProbe& probe, const KeepAlive& keep_alive)
      : config_{config}, probe_{probe}, keep_alive_{keep_alive} {}

  /// @param changelogs  with `bounds.target` above `bounds.position`.
  /// @return false when it was to stop.
  /// @error WorkFailed: the broker refuses for good, or a topic became shorter meanwhile.
  bool read(const std::vector<PartitionChangelog*>& changelogs, const Take& take,
            const AfterPoll& after_poll);

  std::uint64_t records_read() const { return records_read_; }

 private:
  bool check_reachable(const std::vector<PartitionChangelog*>& changelogs);
  void hand_over(const kafka::Polled& polled, const std::vector<PartitionChangelog*>& changelogs,
                 const Take& take);

  const Config::Kafka& config_;
  TopicProbe& probe_;
  const KeepAlive& keep_alive_;
  std::uint64_t records_read_ = 0;
};

}  // namespace freshet
