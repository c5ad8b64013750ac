#include "core/kafka/admin.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/handles.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kRequestTimeout{15'000};
constexpr milliseconds kReachableSlice{500};
constexpr milliseconds kRefusedPatience{2'000};
// After CreateTopics a broker may not know the topic for about a quarter of a second (KRaft).
constexpr milliseconds kPropagationTimeout{15'000};
constexpr milliseconds kPropagationPause{50};

struct DestroyAdmin {
  void operator()(rd_kafka_AdminOptions_t* one) const noexcept {
    rd_kafka_AdminOptions_destroy(one);
  }
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

template <class T>
std::vector<T*> pointers(const std::vector<OwnedAdmin<T>>& owned) {
  std::vector<T*> raw;
  raw.reserve(owned.size());
  for (const auto& one : owned) {
    raw.push_back(one.get());
  }
  return raw;
}

}  // namespace

struct Admin::Impl {
  Config::Kafka config;
  std::string trouble;  ///< what librdkafka last reported, such as a refused connection
  bool all_down = false;
  rd_kafka_resp_err_t last_code = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< of the last reply
  Handle handle;

  Result<Owned<const rd_kafka_metadata_t>> metadata(milliseconds timeout);
  void connect();
  /// Sends a request with `send(options, queue)` and waits for the reply.
  template <class Send>
  Result<Owned<rd_kafka_event_t>> ask(rd_kafka_admin_op_t operation, std::string_view what,
                                      Send&& send);
  /// The same about a group, again while brokers hand it over. @param groups_of  the groups that a
  /// reply is about.
  template <class Send, class GroupsOf>
  Result<Owned<rd_kafka_event_t>> ask_group(rd_kafka_admin_op_t operation, std::string_view what,
                                            Send&& send, GroupsOf&& groups_of);
  Result<void> read_configs(std::vector<TopicState>& topics);
};

namespace {

constexpr std::string_view kNoGroup = "admin";
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

void on_error(rd_kafka_t* /*handle*/, int code, const char* text, void* opaque) {
  auto& impl = *static_cast<Admin::Impl*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    impl.all_down = true;  // its text says only "1/1 brokers are down"
  } else {
    impl.trouble = text;
  }
}

}  // namespace

Admin::Admin(const Config::Kafka& config) : impl_{std::make_unique<Impl>()} {
  impl_->config = config;
  impl_->connect();
}

// Any handle can administrate, but where a broker answers that it does not coordinate a group,
// librdkafka 2.0.2 ends the process unless the handle has a group of its own (its issue 5040). This
// one is never joined.
void Admin::Impl::connect() {
  handle = make_handle(RD_KAFKA_CONSUMER, config, {}, {{"group.id", config.prefixed(kNoGroup)}},
                       {.rebalance = nullptr, .delivery = nullptr, .error = on_error}, this);
}

Admin::~Admin() = default;

Result<Owned<const rd_kafka_metadata_t>> Admin::Impl::metadata(milliseconds timeout) {
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(handle.get(), 1, nullptr, &found, to_millis(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(handle.get(), 0);  // lets on_error tell the cause
    const std::string cause = trouble.empty() ? rd_kafka_err2str(code) : trouble;
    return Error{Errc::unreachable, Retry::after_backoff,
                 "no Kafka broker answers at " + config.brokers + ": " + cause};
  }
  return Owned<const rd_kafka_metadata_t>{found};
}

Result<void> Admin::reachable(milliseconds timeout) {
  const auto start = steady_clock::now();
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(start + timeout - steady_clock::now());
    const auto metadata = impl_->metadata(std::clamp(left, milliseconds{1}, kReachableSlice));
    if (metadata) {
      return {};
    }
    const auto waited = steady_clock::now() - start;
    // Refused by all of them, and again: that is an answer, too.
    if (waited >= timeout || (impl_->all_down && waited >= kRefusedPatience)) {
      return metadata.error();
    }
  }
}

template <class Send>
Result<Owned<rd_kafka_event_t>> Admin::Impl::ask(rd_kafka_admin_op_t operation,
                                                 std::string_view what, Send&& send) {
  const OwnedAdmin<rd_kafka_AdminOptions_t> options{
      rd_kafka_AdminOptions_new(handle.get(), operation)};
  std::array<char, 256> reason{};
  FRESHET_CHECK(rd_kafka_AdminOptions_set_request_timeout(options.get(), to_millis(kRequestTimeout),
                                                          reason.data(), reason.size()) ==
                RD_KAFKA_RESP_ERR_NO_ERROR);
  const Queue queue{rd_kafka_queue_new(handle.get())};
  send(options.get(), queue.get());
  Owned<rd_kafka_event_t> reply{
      rd_kafka_queue_poll(queue.get(), to_millis(kRequestTimeout + milliseconds{1'000}))};
  if (!reply) {
    return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  }
  last_code = rd_kafka_event_error(reply.get());
  if (last_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(last_code, what, rd_kafka_event_error_string(reply.get()));
  }
  return reply;
}

// A handle remembers who coordinates a group, and forgets it for no answer: a new one asks.
template <class Send, class GroupsOf>
Result<Owned<rd_kafka_event_t>> Admin::Impl::ask_group(rd_kafka_admin_op_t operation,
                                                       std::string_view what, Send&& send,
                                                       GroupsOf&& groups_of) {
  const auto until = steady_clock::now() + kRequestTimeout;
  while (true) {
    last_code = RD_KAFKA_RESP_ERR_NO_ERROR;
    auto reply = ask(operation, what, send);
    const rd_kafka_resp_err_t code = reply ? code_of(groups_of(reply->get())) : last_code;
    if (!is_coordinator_moving(code) || steady_clock::now() >= until) {
      return reply;
    }
    reply = Error{};  // events go before their handle
    std::this_thread::sleep_for(kCoordinatorPause);
    connect();
  }
}

Result<std::vector<std::string>> Admin::create_topics(const std::vector<TopicSpec>& specs) {
  std::vector<std::string> names;
  for (const TopicSpec& spec : specs) {
    names.push_back(spec.name);
  }
  const auto before = impl_->metadata(kRequestTimeout);
  if (!before) {
    return before.error();
  }
  std::set<std::string, std::less<>> existing;
  for (int i = 0; i < (*before)->topic_cnt; ++i) {
    existing.insert((*before)->topics[i].topic);
  }

  std::vector<OwnedAdmin<rd_kafka_NewTopic_t>> wanted;
  std::array<char, 256> reason{};
  for (const TopicSpec& spec : specs) {
    if (existing.contains(spec.name)) {
      continue;
    }
    OwnedAdmin<rd_kafka_NewTopic_t> topic{rd_kafka_NewTopic_new(
        spec.name.c_str(), spec.partitions, spec.replication_factor, reason.data(), reason.size())};
    if (!topic) {
      return Error{Errc::broker_error, Retry::never, "topic " + spec.name + ": " + reason.data()};
    }
    for (const auto& [name, value] : spec.configs) {
      rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    }
    wanted.push_back(std::move(topic));
  }
  std::vector<std::string> created;
  if (wanted.empty()) {
    return created;
  }

  std::vector<rd_kafka_NewTopic_t*> raw = pointers(wanted);
  const auto reply = impl_->ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, "creation of topics",
                                [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                  rd_kafka_CreateTopics(impl_->handle.get(), raw.data(), raw.size(),
                                                        options, queue);
                                });
  if (!reply) {
    return reply.error();
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(reply->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    const std::string name = rd_kafka_topic_result_name(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      created.push_back(name);
    } else if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {  // two that start at once
      const char* text = rd_kafka_topic_result_error_string(results[i]);
      return to_error(code, "creation of topic " + name, text == nullptr ? "" : text);
    }
  }

  const auto until = steady_clock::now() + kPropagationTimeout;
  while (true) {
    const auto known = impl_->metadata(kRequestTimeout);
    if (!known) {
      return known.error();
    }
    std::size_t ready = 0;
    for (int i = 0; i < (*known)->topic_cnt; ++i) {
      const rd_kafka_metadata_topic& topic = (*known)->topics[i];
      const bool led = std::all_of(topic.partitions, topic.partitions + topic.partition_cnt,
                                   [](const auto& partition) { return partition.leader >= 0; });
      if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && topic.partition_cnt > 0 && led &&
          std::find(names.begin(), names.end(), topic.topic) != names.end()) {
        ++ready;
      }
    }
    if (ready == names.size()) {
      return created;
    }
    if (steady_clock::now() >= until) {
      return Error{
          Errc::timed_out, Retry::after_backoff,
          "topics were created but have no leader yet: " + std::to_string(names.size() - ready)};
    }
    std::this_thread::sleep_for(kPropagationPause);
  }
}

Result<std::vector<TopicState>> Admin::describe_topics(const std::vector<std::string>& names) {
  const auto metadata = impl_->metadata(kRequestTimeout);
  if (!metadata) {
    return metadata.error();
  }
  std::vector<TopicState> topics;
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = (*metadata)->topics[i];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR ||
        std::find(names.begin(), names.end(), topic.topic) == names.end()) {
      continue;
    }
    TopicState state;
    state.name = topic.topic;
    state.partitions = topic.partition_cnt;
    state.replication_factor = topic.partition_cnt > 0 ? topic.partitions[0].replica_cnt : 0;
    topics.push_back(std::move(state));
  }
  if (topics.empty()) {
    return topics;
  }
  if (const auto read = impl_->read_configs(topics); !read) {
    return read.error();
  }
  // In the order that was asked for.
  std::sort(topics.begin(), topics.end(), [&](const TopicState& a, const TopicState& b) {
    return std::find(names.begin(), names.end(), a.name) <
           std::find(names.begin(), names.end(), b.name);
  });
  return topics;
}

Result<void> Admin::Impl::read_configs(std::vector<TopicState>& topics) {
  std::vector<OwnedAdmin<rd_kafka_ConfigResource_t>> resources;
  for (const TopicState& topic : topics) {
    resources.emplace_back(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
  }
  std::vector<rd_kafka_ConfigResource_t*> raw = pointers(resources);
  const auto reply =
      ask(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, "settings of topics",
          [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
            rd_kafka_DescribeConfigs(handle.get(), raw.data(), raw.size(), options, queue);
          });
  if (!reply) {
    return reply.error();
  }
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** found = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(reply->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConfigResource_name(found[i]);
    if (const auto code = rd_kafka_ConfigResource_error(found[i]);
        code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return to_error(code, "settings of topic " + name);
    }
    const auto topic = std::find_if(topics.begin(), topics.end(),
                                    [&](const TopicState& one) { return one.name == name; });
    if (topic == topics.end()) {
      continue;
    }
    std::size_t entries = 0;
    const rd_kafka_ConfigEntry_t** all = rd_kafka_ConfigResource_configs(found[i], &entries);
    for (std::size_t j = 0; j < entries; ++j) {
      const char* value = rd_kafka_ConfigEntry_value(all[j]);
      topic->configs.emplace(rd_kafka_ConfigEntry_name(all[j]), value == nullptr ? "" : value);
    }
  }
  return {};
}

Result<void> Admin::delete_topics(const std::vector<std::string>& names) {
  if (names.empty()) {
    return {};
  }
  std::vector<OwnedAdmin<rd_kafka_DeleteTopic_t>> doomed;
  for (const std::string& name : names) {
    doomed.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()));
  }
  std::vector<rd_kafka_DeleteTopic_t*> raw = pointers(doomed);
  const auto reply = impl_->ask(RD_KAFKA_ADMIN_OP_DELETETOPICS, "deletion of topics",
                                [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                  rd_kafka_DeleteTopics(impl_->handle.get(), raw.data(), raw.size(),
                                                        options, queue);
                                });
  if (!reply) {
    return reply.error();
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(reply->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      return to_error(code,
                      std::string{"deletion of topic "} + rd_kafka_topic_result_name(results[i]));
    }
  }
  return {};
}

Result<GroupState> Admin::describe_group(const std::string& group) {
  std::array<const char*, 1> groups{group.c_str()};
  const auto reply = impl_->ask_group(
      RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, "state of group " + group,
      [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeConsumerGroups(impl_->handle.get(), groups.data(), groups.size(), options,
                                        queue);
      },
      described_groups);
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

Result<std::map<TopicPartition, Offset>> Admin::group_offsets(
    const std::string& group, const std::vector<TopicPartition>& partitions) {
  std::map<TopicPartition, Offset> offsets;
  if (partitions.empty()) {
    return offsets;
  }
  const PartitionList list = make_list(partitions);
  const OwnedAdmin<rd_kafka_ListConsumerGroupOffsets_t> request{
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get())};
  rd_kafka_ListConsumerGroupOffsets_t* raw = request.get();
  const auto reply = impl_->ask_group(
      RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, "offsets of group " + group,
      [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_ListConsumerGroupOffsets(impl_->handle.get(), &raw, 1, options, queue);
      },
      listed_groups);
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
        offsets.emplace(at, Offset{one.offset});
      }
    }
  }
  return offsets;
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
      altered_groups);
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

}  // namespace freshet::kafka
