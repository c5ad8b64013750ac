#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/kafka/admin.hpp"
#include "core/kafka/handles.hpp"

namespace freshet::kafka {

/// A request may take so long, and so may the brokers' handing over of a group.
inline constexpr std::chrono::milliseconds kAdminRequestTimeout{15'000};

struct DestroyAdmin {
  void operator()(rd_kafka_AdminOptions_t* one) const noexcept {
    rd_kafka_AdminOptions_destroy(one);
  }
  void operator()(rd_kafka_DeleteGroup_t* one) const noexcept { rd_kafka_DeleteGroup_destroy(one); }
  void operator()(rd_kafka_NewTopic_t* one) const noexcept { rd_kafka_NewTopic_destroy(one); }
  void operator()(rd_kafka_DeleteTopic_t* one) const noexcept { rd_kafka_DeleteTopic_destroy(one); }
  void operator()(rd_kafka_ConfigResource_t* one) const noexcept {
    rd_kafka_ConfigResource_destroy(one);
  }
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* one) const noexcept {
    rd_kafka_ListConsumerGroupOffsets_destroy(one);
  }
  void operator()(rd_kafka_AlterConsumerGroupOffsets_t* one) const noexcept {
    rd_kafka_AlterConsumerGroupOffsets_destroy(one);
  }
};
template <class T>
using OwnedAdmin = std::unique_ptr<T, DestroyAdmin>;

/// What the calls on topics and those on groups share: one handle, and how to ask over it.
struct Admin::Impl {
  /// Sends one request; the reply comes to the queue.
  using Send = std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;

  Config::Kafka config;
  int trouble_code = 0;
  std::string trouble;  ///< what librdkafka last reported, such as a refused connection
  bool all_down = false;
  rd_kafka_resp_err_t last_code = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< of the last reply
  Handle handle;

  Result<Owned<const rd_kafka_metadata_t>> metadata(std::chrono::milliseconds timeout);
  void connect();
  /// Sends a request and waits for the reply.
  Result<Owned<rd_kafka_event_t>> ask(rd_kafka_admin_op_t operation, std::string_view what,
                                      const Send& send);
  /// The same about a group, again while brokers hand it over.
  /// @param code_in  of the group that a reply is about.
  Result<Owned<rd_kafka_event_t>> ask_group(
      rd_kafka_admin_op_t operation, std::string_view what, const Send& send,
      const std::function<rd_kafka_resp_err_t(rd_kafka_event_t*)>& code_in);
  using TakeCommit = std::function<void(const TopicPartition&, Offset, std::string_view note)>;
  /// Hands over each partition of these in which the group has committed.
  Result<void> read_commits(const std::string& group, const std::vector<TopicPartition>& partitions,
                            const TakeCommit& take);
  /// Waits until each partition of these topics is led. @error Errc::timed_out.
  Result<void> await_leaders(const std::vector<TopicSpec>& specs);
  Result<void> read_configs(std::vector<TopicState>& topics);
};

}  // namespace freshet::kafka
