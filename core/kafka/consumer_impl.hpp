#pragma once

// Inside core/kafka only: the producer reads the group's metadata from a consumer.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kafka/consumer.hpp"
#include "core/kafka/handles.hpp"

namespace freshet::kafka {

struct Consumer::Impl {
  /// A rebalance as librdkafka reported it, kept until the records of lost partitions are out of
  /// the batch that it interrupted.
  struct Rebalance {
    enum class Kind { assigned, revoked, lost };
    Kind kind;
    std::vector<TopicPartition> partitions;
  };

  RebalanceListener listener;
  std::deque<Rebalance> rebalances;
  std::optional<Error> failure;  ///< told by the next poll
  std::uint64_t assignment = 0;  ///< counts changes of the assignment
  bool closing = false;
  bool closed = false;

  std::vector<rd_kafka_message_t*> buffer;  ///< as large as the largest poll; reused
  std::map<TopicPartition, Offset> ends;    ///< where the last end-of-partition event stood
  std::size_t fetch_bound_bytes = 0;
  std::size_t fetch_bound_records = 0;
  std::size_t taken_bytes = 0;  ///< since the broker threads were last woken
  std::size_t taken_records = 0;
  std::string name;         ///< group or `reader`, for messages
  std::string commit_note;  ///< empty: none

  // The queue is destroyed before the handle.
  Handle handle;
  Queue queue;

  rd_kafka_resp_err_t assign(const rd_kafka_topic_partition_list_t* partitions);
  void remember(rd_kafka_resp_err_t code, std::string_view text);
  std::optional<Error> take_failure();
  void sort_out(rd_kafka_message_t* raw, Polled& polled);
  void tell_rebalances(Polled& polled);
  void wake_fetchers(const Polled& polled);
};

}  // namespace freshet::kafka
