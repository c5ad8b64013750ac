#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/kafka/rejoins.hpp"
#include "core/kafka/types.hpp"

namespace freshet {

/// Where a sink stands with the partitions that it was given, and what its loop does next. Performs
/// nothing: the loop tells it what happened and at what time, and does what it answers.
///
/// ```
///               assigned             started
///   unassigned ──────────► starting ─────────► reading ──────► parked
///       ▲                  ▲ │   ▲               │  ▲  Step::park │
///       │     start_failed └─┘   └───────────────┤  └─────────────┘
///       │     (again after kRetry)  restarted    │      started
///       └── revoked, rejoined: from each ────────┘
/// ```
/// A store that takes nothing for some time must not cost the membership: the group waits for a
/// member that does not poll, and pausing partitions is not safe in librdkafka 2.0. So the loop
/// gives its assignment back to itself (parked), polls on without one, and later reads on from the
/// next offset of each partition.
///
/// @thread_safety  None of its own: the loop's thread.
class Assignment {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Offsets = std::map<kafka::Partition, kafka::Offset>;

  static constexpr std::chrono::seconds kRetry{1};  ///< after a start that failed
  /// Without room for so long it parks: sooner when the store has said no than when it is slow.
  static constexpr std::chrono::seconds kParkAfterTrouble{2};
  static constexpr std::chrono::seconds kParkAfter{10};

  enum class State { unassigned, starting, reading, parked };
  enum class Step {
    start,       ///< ask where to begin and assign that: then `started` or `start_failed`
    read,        ///< poll for as many records as there is room for
    await_room,  ///< wait a moment for room
    park,        ///< unassign, and drop what was polled and not taken
    resume,      ///< assign `next_offsets` again: then `started` or `start_failed`
    keep_alive,  ///< poll for the group's sake: nothing will come
  };

  State state() const { return state_; }

  // What happened to the membership.

  /// The group gave us these partitions and no others. Whatever was known is forgotten.
  void assigned(std::span<const kafka::Partition> partitions, Time now);
  /// The group took all of them.
  void revoked();
  /// Another process moved the offsets of our partitions: they are asked for anew.
  void restarted(Time now);
  /// Whether a member that was fenced may join again; then it has no partitions. It may not when it
  /// was fenced too often (kafka::Rejoins): another process works under its name.
  [[nodiscard]] bool rejoined(Time now);

  // What to do.

  /// @param room         records that may be taken now
  /// @param has_trouble  the store refused the last attempt
  Step next_step(std::size_t room, bool has_trouble, Time now);
  /// All partitions are assigned, and read from these offsets on.
  void started(Offsets next);
  void start_failed(Time now);

  // What was read. In all of these, records and ends of partitions that are not ours are ignored.

  /// Takes the next record of its partition. @return the next offset until now; nothing: it was
  /// taken before, when the partition was read for the first time.
  std::optional<kafka::Offset> take(kafka::Partition partition, kafka::Offset offset);
  /// A record was polled, taken or not yet.
  void polled(kafka::Partition partition) { at_end_.erase(partition); }
  void reached_end(kafka::Partition partition);

  // How far it is.

  void done(const Offsets& next);
  /// Where the consumer stands at the ends that it reached, when nothing is under way: markers of
  /// transactions and gaps before an end are done as well.
  void stands_at(kafka::Partition partition, kafka::Offset next);
  const Offsets& to_commit() const { return to_commit_; }
  void committed();

  const std::set<kafka::Partition>& owned() const { return owned_; }
  const Offsets& next_offsets() const { return next_; }
  const std::set<kafka::Partition>& ends() const { return at_end_; }
  /// First offset that is not done, of each partition whose end is not reached.
  Offsets behind() const;

  /// Whether all ends are reached and nothing was under way for `quiet`. Then it counts anew, for
  /// the case that other members still have something to do.
  bool is_idle(bool is_nothing_under_way, std::chrono::milliseconds quiet, Time now);

 private:
  void forget();

  State state_ = State::unassigned;
  std::set<kafka::Partition> owned_;
  Offsets next_;  ///< next offset to take
  std::set<kafka::Partition> at_end_;
  Offsets to_commit_;
  Offsets committed_;
  Time next_try_;
  std::optional<Time> full_since_;
  std::optional<Time> idle_since_;
  kafka::Rejoins rejoins_;
};

}  // namespace freshet
