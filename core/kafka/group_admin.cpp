// Admin: the calls on consumer groups.
#include <array>
#include <span>
#include <thread>

#include "core/kafka/admin_impl.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kCoordinatorPause{100};

// A broker has just taken the group over, or given it away.
bool is_coordinator_moving(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

rd_kafka_resp_err_t code_of(const rd_kafka_error_t* error) noexcept {
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
}

using Described = std::span<const rd_kafka_ConsumerGroupDescription_t*>;
using Groups = std::span<const rd_kafka_group_result_t*>;

Described described_groups(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto first = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event), &count);
  return {first, count};
}

Groups listed_groups(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto first = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
  return {first, count};
}

Groups altered_groups(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto first = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
  return {first, count};
}

Groups deleted_groups(rd_kafka_event_t* event) {
  std::size_t count = 0;
  const auto first =
      rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
  return {first, count};
}

rd_kafka_resp_err_t code_of(Described groups) noexcept {
  return groups.empty() ? RD_KAFKA_RESP_ERR_NO_ERROR
                        : code_of(rd_kafka_ConsumerGroupDescription_error(groups[0]));
}

// Of the first group, or of its first partition where the answer is by partition.
rd_kafka_resp_err_t code_of(Groups groups) noexcept {
  if (groups.empty()) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  const auto code = code_of(rd_kafka_group_result_error(groups[0]));
  const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(groups[0]);
  const bool is_by_partition =
      code == RD_KAFKA_RESP_ERR_NO_ERROR && list != nullptr && list->cnt > 0;
  return is_by_partition ? list->elems[0].err : code;
}

}  // namespace

// A handle remembers who coordinates a group, and forgets it for no answer: a new one asks.
Result<Owned<rd_kafka_event_t>> Admin::Impl::ask_group(
    rd_kafka_admin_op_t operation, std::string_view what, const Send& send,
    const std::function<rd_kafka_resp_err_t(rd_kafka_event_t*)>& code_in) {
  const auto until = steady_clock::now() + kAdminRequestTimeout;
  while (true) {
    last_code = RD_KAFKA_RESP_ERR_NO_ERROR;
    auto reply = ask(operation, what, send);
    const rd_kafka_resp_err_t code = reply ? code_in(reply->get()) : last_code;
    if (!is_coordinator_moving(code) || steady_clock::now() >= until) {
      return reply;
    }
    reply = Error{};  // events go before their handle
    std::this_thread::sleep_for(kCoordinatorPause);
    connect();
  }
}

Result<GroupState> Admin::describe_group(const std::string& group) {
  std::array<const char*, 1> groups{group.c_str()};
  const auto reply = impl_->ask_group(
      RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, "state of group " + group,
      [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeConsumerGroups(impl_->handle.get(), groups.data(), groups.size(), options,
                                        queue);
      },
      [](rd_kafka_event_t* event) { return code_of(described_groups(event)); });
  if (!reply) {
    return reply.error();
  }
  const Described found = described_groups(reply->get());
  if (found.size() != 1) {
    return Error{Errc::broker_error, Retry::after_backoff,
                 "state of group " + group + ": no answer"};
  }
  GroupState state;
  state.group = group;
  if (const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(found[0])) {
    // Kafka 4 answers GROUP_ID_NOT_FOUND where older brokers describe a dead group.
    if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
      state.state = "Dead";
      return state;
    }
    return to_error(rd_kafka_error_code(error), "state of group " + group,
                    rd_kafka_error_string(error));
  }
  state.state =
      rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(found[0]));
  state.members = static_cast<int>(rd_kafka_ConsumerGroupDescription_member_count(found[0]));
  return state;
}

Result<void> Admin::Impl::read_commits(const std::string& group,
                                       const std::vector<TopicPartition>& partitions,
                                       const TakeCommit& take) {
  if (partitions.empty()) {
    return {};
  }
  const PartitionList list = make_list(partitions);
  const OwnedAdmin<rd_kafka_ListConsumerGroupOffsets_t> request{
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get())};
  rd_kafka_ListConsumerGroupOffsets_t* raw = request.get();
  const auto reply = ask_group(
      RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, "offsets of group " + group,
      [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_ListConsumerGroupOffsets(handle.get(), &raw, 1, options, queue);
      },
      [](rd_kafka_event_t* event) { return code_of(listed_groups(event)); });
  if (!reply) {
    return reply.error();
  }
  for (const rd_kafka_group_result_t* one_group : listed_groups(reply->get())) {
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(one_group)) {
      if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
        continue;
      }
      return to_error(rd_kafka_error_code(error), "offsets of group " + group,
                      rd_kafka_error_string(error));
    }
    const rd_kafka_topic_partition_list_t* found = rd_kafka_group_result_partitions(one_group);
    for (int j = 0; found != nullptr && j < found->cnt; ++j) {
      const rd_kafka_topic_partition_t& one = found->elems[j];
      const TopicPartition at{one.topic, Partition{one.partition}};
      if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return to_error(one.err, "offset of group " + group + " in " + describe(at));
      }
      if (one.offset >= 0) {
        const auto* text = static_cast<const char*>(one.metadata);
        take(at, Offset{one.offset},
             text == nullptr ? std::string_view{} : std::string_view{text, one.metadata_size});
      }
    }
  }
  return {};
}

Result<std::map<TopicPartition, Offset>> Admin::group_offsets(
    const std::string& group, const std::vector<TopicPartition>& partitions) {
  std::map<TopicPartition, Offset> offsets;
  const auto read = impl_->read_commits(
      group, partitions, [&](const TopicPartition& at, Offset offset, std::string_view) {
        offsets.emplace(at, offset);
      });
  return read ? Result<std::map<TopicPartition, Offset>>{std::move(offsets)} : read.error();
}

Result<std::map<TopicPartition, std::string>> Admin::group_notes(
    const std::string& group, const std::vector<TopicPartition>& partitions) {
  std::map<TopicPartition, std::string> notes;
  const auto read = impl_->read_commits(
      group, partitions, [&](const TopicPartition& at, Offset, std::string_view note) {
        if (!note.empty()) {
          notes.emplace(at, note);
        }
      });
  return read ? Result<std::map<TopicPartition, std::string>>{std::move(notes)} : read.error();
}

Result<void> Admin::set_group_offsets(const std::string& group,
                                      const std::vector<TopicPartitionOffset>& offsets) {
  // The broker itself refuses only topics that members subscribe to, and only while they do.
  const auto state = describe_group(group);
  if (!state) {
    return state.error();
  }
  if (state->members > 0) {
    return Error{
        Errc::store_refused, Retry::never,
        "group " + group + " has " + std::to_string(state->members) + " members: stop them first"};
  }
  const PartitionList list = make_list(offsets);
  const OwnedAdmin<rd_kafka_AlterConsumerGroupOffsets_t> request{
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get())};
  rd_kafka_AlterConsumerGroupOffsets_t* raw = request.get();
  const auto reply = impl_->ask_group(
      RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, "offsets of group " + group,
      [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_AlterConsumerGroupOffsets(impl_->handle.get(), &raw, 1, options, queue);
      },
      [](rd_kafka_event_t* event) { return code_of(altered_groups(event)); });
  if (!reply) {
    return reply.error();
  }
  for (const rd_kafka_group_result_t* one_group : altered_groups(reply->get())) {
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(one_group)) {
      return to_error(rd_kafka_error_code(error), "offsets of group " + group,
                      rd_kafka_error_string(error));
    }
    const rd_kafka_topic_partition_list_t* set = rd_kafka_group_result_partitions(one_group);
    for (int j = 0; set != nullptr && j < set->cnt; ++j) {
      const rd_kafka_topic_partition_t& one = set->elems[j];
      if (one.err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
          one.err == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP ||
          one.err == RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC) {
        return Error{Errc::store_refused, Retry::never, "group " + group + " has members"};
      }
      if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return to_error(one.err, "offset of group " + group + " in " +
                                     describe({one.topic, Partition{one.partition}}));
      }
    }
  }
  return {};
}

Result<void> Admin::delete_group(const std::string& group) {
  const OwnedAdmin<rd_kafka_DeleteGroup_t> request{rd_kafka_DeleteGroup_new(group.c_str())};
  rd_kafka_DeleteGroup_t* raw = request.get();
  const auto reply = impl_->ask_group(
      RD_KAFKA_ADMIN_OP_DELETEGROUPS, "deletion of group " + group,
      [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DeleteGroups(impl_->handle.get(), &raw, 1, options, queue);
      },
      [](rd_kafka_event_t* event) { return code_of(deleted_groups(event)); });
  if (!reply) {
    return reply.error();
  }
  for (const rd_kafka_group_result_t* one : deleted_groups(reply->get())) {
    const rd_kafka_error_t* error = rd_kafka_group_result_error(one);
    switch (code_of(error)) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
      case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
        break;
      case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP:
        return Error{Errc::store_refused, Retry::never, "group " + group + " has members"};
      default:
        return to_error(rd_kafka_error_code(error), "deletion of group " + group,
                        rd_kafka_error_string(error));
    }
  }
  return {};
}

}  // namespace freshet::kafka
