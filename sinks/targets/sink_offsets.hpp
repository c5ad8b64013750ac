#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/kafka/types.hpp"
#include "sinks/sink.hpp"
#include "sinks/targets/pg_session.hpp"

namespace freshet {

/// The offsets of one sink in the table `sink_offsets`, for sinks that move them in the transaction
/// of their rows.
///
/// @thread_safety  As the session's.
class SinkOffsets {
 public:
  /// @param group, topic  by the broker's names
  SinkOffsets(PgSession& session, std::string group, std::string topic)
      : session_{session}, group_{std::move(group)}, topic_{std::move(topic)} {}

  /// Where reading begins, for `Sink::start_offsets`; a partition that is new begins at 0. The
  /// session is open.
  boost::system::result<std::map<kafka::Partition, kafka::Offset>, PgFailure> start(
      std::span<const kafka::Partition> partitions);

  /// Moves them within the transaction that is open: from where the batch began, or, if the outcome
  /// of a commit was never heard, from where it ends.
  /// @return what failed; Errc::fenced: another process moved them
  std::optional<PgFailure> move(std::span<const PartitionProgress> progress);

 private:
  PgSession& session_;
  const std::string group_;
  const std::string topic_;
};

/// Rows that a statement changed.
std::size_t affected_rows(const PgResult& result);

/// What a sink says of a store that did not answer as asked: a right that is missing (42501) does
/// not come by waiting.
Error judge_store(const PgFailure& failure);

}  // namespace freshet
