// Admin: the calls on topics.
#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <utility>

#include "core/kafka/admin_impl.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// After CreateTopics a broker may not know the topic for about a quarter of a second (KRaft).
constexpr milliseconds kPropagationTimeout{15'000};
constexpr milliseconds kPropagationPause{50};

template <class T>
std::vector<T*> pointers(const std::vector<OwnedAdmin<T>>& owned) {
  std::vector<T*> raw;
  raw.reserve(owned.size());
  for (const auto& one : owned) {
    raw.push_back(one.get());
  }
  return raw;
}

/// Names of the topics that the broker has.
std::set<std::string, std::less<>> known_names(const rd_kafka_metadata_t& metadata) {
  std::set<std::string, std::less<>> names;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    names.insert(metadata.topics[i].topic);
  }
  return names;
}

Result<std::vector<OwnedAdmin<rd_kafka_NewTopic_t>>> wanted_topics(
    const std::vector<TopicSpec>& specs, const std::set<std::string, std::less<>>& existing) {
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
  return wanted;
}

/// Names that a reply says were created.
Result<std::vector<std::string>> created_names(rd_kafka_event_t* reply) {
  std::vector<std::string> created;
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(reply), &count);
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
  return created;
}

/// How many of these topics have a leader for each partition.
std::size_t count_ready(const rd_kafka_metadata_t& metadata, const std::vector<TopicSpec>& specs) {
  std::size_t ready = 0;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = metadata.topics[i];
    const bool is_led = std::all_of(topic.partitions, topic.partitions + topic.partition_cnt,
                                    [](const auto& partition) { return partition.leader >= 0; });
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && topic.partition_cnt > 0 && is_led &&
        std::ranges::find(specs, std::string_view{topic.topic}, &TopicSpec::name) != specs.end()) {
      ++ready;
    }
  }
  return ready;
}

}  // namespace

Result<std::vector<std::string>> Admin::create_topics(const std::vector<TopicSpec>& specs) {
  const auto before = impl_->metadata(kAdminRequestTimeout);
  if (!before) {
    return before.error();
  }
  const auto wanted = wanted_topics(specs, known_names(**before));
  if (!wanted) {
    return wanted.error();
  }
  if (wanted->empty()) {
    return std::vector<std::string>{};
  }
  std::vector<rd_kafka_NewTopic_t*> raw = pointers(*wanted);
  const auto reply = impl_->ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, "creation of topics",
                                [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                  rd_kafka_CreateTopics(impl_->handle.get(), raw.data(), raw.size(),
                                                        options, queue);
                                });
  if (!reply) {
    return reply.error();
  }
  auto created = created_names(reply->get());
  if (!created) {
    return created.error();
  }
  if (const auto led = impl_->await_leaders(specs); !led) {
    return led.error();
  }
  return created;
}

Result<void> Admin::Impl::await_leaders(const std::vector<TopicSpec>& specs) {
  const auto until = steady_clock::now() + kPropagationTimeout;
  while (true) {
    const auto known = metadata(kAdminRequestTimeout);
    if (!known) {
      return known.error();
    }
    const std::size_t ready = count_ready(**known, specs);
    if (ready == specs.size()) {
      return {};
    }
    if (steady_clock::now() >= until) {
      return Error{
          Errc::timed_out, Retry::after_backoff,
          "topics were created but have no leader yet: " + std::to_string(specs.size() - ready)};
    }
    std::this_thread::sleep_for(kPropagationPause);
  }
}

Result<std::vector<TopicState>> Admin::describe_topics(const std::vector<std::string>& names) {
  const auto metadata = impl_->metadata(kAdminRequestTimeout);
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

}  // namespace freshet::kafka
