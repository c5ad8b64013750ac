#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/kafka/producer.hpp"
#include "core/kafka/rejoins.hpp"
#include "core/kafka/types.hpp"
#include "core/result.hpp"
#include "processors/catalogue/inputs.hpp"

namespace freshet {

/// What one loop has of the group, and what it has to do next. It decides and performs nothing:
/// the loop tells it what happened, and does what it says.
///
/// ```
///   none ─ given ─► restoring ─ restored ─► decisions first ─ all read ─► reading
///     ▲                │                          │                          │
///     └── taken_away ──┴──────────────────────────┴──────────────────────────┘
///   anywhere: reconnect (a transaction or the membership is lost) or end (the name is taken)
/// ```
/// @thread_safety  None of its own.
class Assignment {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Next : std::uint8_t {
    read,       ///< poll: records come, or an assignment does
    restore,    ///< `begin_restore`
    fail,       ///< `fault`: the group cannot be worked with
    reconnect,  ///< make producer and consumer anew, then `connected`
    end,        ///< another process works under the name: to register anew would take it back
  };
  Next next() const;
  bool must_reconnect() const { return must_reconnect_; }
  const std::string& fault() const { return fault_; }

  // ── What the group says.

  /// The partitions of these numbers. @param numbers  an error: why they cannot be worked with.
  void given(Result<std::vector<std::int32_t>> numbers);
  /// Nothing is assigned any more, also where it was lost.
  void taken_away();

  // ── A restore. What the group says meanwhile ends it.

  std::vector<std::int32_t> begin_restore();
  bool may_go_on_restoring() const { return is_restoring_ && !must_reconnect_; }
  /// @return what is to be assigned: unread decisions alone, where there are any, since a work that
  ///         was blocked meanwhile is then not shown even once; else everything.
  std::vector<kafka::TopicPartitionOffset> restored(StartOffsets offsets);
  /// Whether `restored` was called since the group gave something.
  bool is_assigned() const { return is_assigned_; }

  // ── Reading.

  void read_some(const kafka::TopicPartition& at) { at_end_[at] = false; }
  void read_to_end(const kafka::TopicPartition& at) { at_end_[at] = true; }
  /// Whether only decisions are read so far. Nothing is scanned then, and each poll is committed.
  bool holds_back() const { return !held_back_.empty(); }
  /// Whether everything that is assigned was read to its end.
  bool is_at_end() const;
  /// Whether what is held back may be assigned: all decisions were read and committed.
  bool may_release() const { return holds_back() && is_at_end() && !must_reconnect_; }
  using Positions = std::vector<std::pair<kafka::TopicPartition, std::optional<kafka::Offset>>>;
  /// @param positions  of the consumer: decisions go on from there.
  /// @return what is to be assigned now.
  std::vector<kafka::TopicPartitionOffset> release(const Positions& positions);

  /// Whether nothing is left to read. What else there is to do, the loop knows.
  bool is_at_rest() const { return is_assigned_ && !holds_back() && is_at_end(); }
  /// Remembers since when the loop has had nothing to do. @return since when; nothing: it has.
  std::optional<Time> note_idle(bool is_idle, Time now);

  // ── Transactions and membership.

  /// Producer and consumer are new.
  void connected() { must_reconnect_ = false; }
  void reconnect() { must_reconnect_ = true; }
  /// A transaction could not be begun.
  void begin_refused(kafka::Producer::Outcome outcome);
  /// How the end of an abort went. A refused record may be the first sign of fencing, and looks
  /// like any failed delivery: the abort tells. What could not be aborted, the registration of a
  /// new producer aborts.
  void aborted(kafka::Producer::Outcome outcome);

  enum class AfterCommit : std::uint8_t {
    store,                ///< it was committed
    abandon,              ///< nothing was; the batch is forgotten, and a new producer made
    fail_fenced,          ///< another process works under the name
    fail_unknown_outcome  ///< only the topics know: a restart reads them
  };
  static AfterCommit after_commit(kafka::Producer::Outcome outcome);

  /// The group shut this member out. Either another process has its name, and then also its
  /// transactional id; or the answer to a join of its own got lost when the coordinator moved. The
  /// coordinator of transactions knows which, and is to be asked with a step of a transaction.
  void member_fenced() { must_reconnect_ = true; }
  /// What it answered; nothing where it could not be asked.
  /// @return false: fenced again and again, and nobody can be named: the process has to end.
  bool fencing_explained(std::optional<kafka::Producer::Outcome> outcome, Time now);

 private:
  std::optional<std::vector<std::int32_t>> to_restore_;  ///< told by the group, not yet taken up
  std::string fault_;
  bool is_restoring_ = false;
  bool is_assigned_ = false;
  std::map<kafka::TopicPartition, bool> at_end_;
  /// What is to be read once all unread decisions are applied; empty: it is assigned.
  std::vector<kafka::TopicPartitionOffset> held_back_;
  std::optional<Time> idle_since_;
  bool must_reconnect_ = false;
  bool is_fenced_ = false;
  kafka::Rejoins rejoins_;
};

}  // namespace freshet
