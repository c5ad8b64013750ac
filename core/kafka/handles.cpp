#include "core/kafka/handles.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/check.hpp"
#include "core/log.hpp"

namespace freshet::kafka {
namespace {

// syslog levels: librdkafka logs FAIL and ERROR at level 3 for everything that it then retries by
// itself.
constexpr int kSyslogCritical = 2;
constexpr int kSyslogWarning = 4;

/// Runs on librdkafka's own threads.
void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  const log::Fields fields = {{"client", std::string_view{handle ? rd_kafka_name(handle) : ""}},
                              {"facility", std::string_view{facility}},
                              {"text", std::string_view{text}}};
  // A fatal error is about one client: we replace that client, or end with a line of our own.
  if (level <= kSyslogCritical && std::string_view{facility} != "FATAL") {
    log::error("kafka_client_failed", fields);
  } else if (level <= kSyslogWarning) {
    log::warn("kafka_client_complained", fields);
  } else {
    log::debug("kafka_client_said", fields);
  }
}

class ClientConf {
 public:
  ClientConf() : conf_{rd_kafka_conf_new()} {}
  ~ClientConf() {
    if (conf_ != nullptr) {
      rd_kafka_conf_destroy(conf_);
    }
  }
  ClientConf(const ClientConf&) = delete;
  ClientConf& operator=(const ClientConf&) = delete;

  void set(const Properties& properties) {
    std::array<char, 512> reason{};
    for (const auto& [name, value] : properties) {
      if (rd_kafka_conf_set(conf_, name.c_str(), value.c_str(), reason.data(), reason.size()) !=
          RD_KAFKA_CONF_OK) {
        throw StartupError{"librdkafka property " + name + ": " + reason.data()};
      }
    }
  }
  rd_kafka_conf_t* get() { return conf_; }
  void release() { conf_ = nullptr; }  // rd_kafka_new owns it once it has succeeded

 private:
  rd_kafka_conf_t* conf_;
};

}  // namespace

Handle make_handle(rd_kafka_type_t type, const Config::Kafka& config, const Properties& defaults,
                   const Properties& required, const Callbacks& callbacks, void* opaque) {
  ClientConf properties;
  properties.set({{"bootstrap.servers", config.brokers},
                  {"client.id", "freshet"},
                  // A broker that was restarted is used again soon, not after ten seconds.
                  {"reconnect.backoff.ms", "50"},
                  {"reconnect.backoff.max.ms", "1000"},
                  // 2.0.2 does not look for a new leader when it is asked about ends and times.
                  {"topic.metadata.refresh.interval.ms", "15000"},
                  // Brokers close idle connections; that need not be logged.
                  {"log.connection.close", "false"}});
  properties.set(defaults);
  properties.set(config.librdkafka);
  properties.set(required);

  rd_kafka_conf_t* conf = properties.get();
  rd_kafka_conf_set_opaque(conf, opaque);
  rd_kafka_conf_set_log_cb(conf, on_log);
  if (callbacks.rebalance != nullptr) {
    rd_kafka_conf_set_rebalance_cb(conf, callbacks.rebalance);
  }
  if (callbacks.delivery != nullptr) {
    rd_kafka_conf_set_dr_msg_cb(conf, callbacks.delivery);
  }
  if (callbacks.error != nullptr) {
    rd_kafka_conf_set_error_cb(conf, callbacks.error);
  }

  std::array<char, 512> reason{};
  Handle handle{rd_kafka_new(type, conf, reason.data(), reason.size())};
  if (!handle) {
    throw StartupError{std::string{"Kafka client: "} + reason.data()};
  }
  properties.release();
  return handle;
}

bool is_fenced(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
         code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

bool is_out_of_sequence(rd_kafka_resp_err_t code) noexcept {
  switch (static_cast<int>(code)) {
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    // Nobody fences a producer without a transactional id: its epoch is only out of date.
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__INCONSISTENT:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
      return true;
    default:
      return false;
  }
}

Error to_error(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail) {
  std::string message{what};
  message += ": ";
  message += detail.empty() ? std::string_view{rd_kafka_err2str(code)} : detail;
  if (is_fenced(code)) {
    return Error{Errc::fenced, Retry::never, std::move(message)};
  }
  // The switch is over a few of librdkafka's hundred codes: the rest is the broker's word.
  switch (static_cast<int>(code)) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
      return Error{Errc::unreachable, Retry::after_backoff, std::move(message)};
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return Error{Errc::timed_out, Retry::after_backoff, std::move(message)};
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
      return Error{Errc::throttled, Retry::after_backoff, std::move(message)};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Error{Errc::too_large, Retry::never, std::move(message)};
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return Error{Errc::broker_error, Retry::never, std::move(message)};
    default:
      return Error{Errc::broker_error, Retry::after_backoff, std::move(message)};
  }
}

FatalError fatal_error(rd_kafka_t* handle) {
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(handle, text.data(), text.size());
  return {code, text.data()};
}

Result<std::int32_t> topic_partitions(rd_kafka_t* handle, const std::string& topic,
                                      std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(handle, 1, nullptr, &found, to_millis(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "partitions of topic " + topic);
  }
  const Owned<const rd_kafka_metadata_t> metadata{found};
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& one = metadata->topics[i];
    if (topic != one.topic) {
      continue;
    }
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR || one.partition_cnt == 0) {
      return Error{Errc::broker_error, Retry::after_backoff,
                   "topic " + topic + ": " + rd_kafka_err2str(one.err)};
    }
    return std::int32_t{one.partition_cnt};
  }
  return Error{Errc::broker_error, Retry::after_backoff, "topic " + topic + " does not exist"};
}

PartitionList make_list(const std::vector<TopicPartition>& partitions) {
  PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
  for (const TopicPartition& at : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition.value);
  }
  return list;
}

PartitionList make_list(const std::vector<TopicPartitionOffset>& partitions) {
  PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
  for (const TopicPartitionOffset& one : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), one.at.topic.c_str(), one.at.partition.value)
        ->offset = one.offset.value;
  }
  return list;
}

PartitionList make_list(const std::vector<TopicPartitionOffset>& partitions,
                        const std::string& note) {
  PartitionList list = make_list(partitions);
  for (int i = 0; i < list->cnt && !note.empty(); ++i) {
    // Freed with the list, by `free`.
    list->elems[i].metadata = strdup(note.c_str());
    list->elems[i].metadata_size = note.size();
  }
  return list;
}

std::vector<TopicPartition> to_partitions(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> partitions;
  partitions.reserve(static_cast<std::size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) {
    partitions.push_back({list.elems[i].topic, Partition{list.elems[i].partition}});
  }
  return partitions;
}

std::string describe(const TopicPartition& at) {
  return at.topic + "[" + std::to_string(at.partition.value) + "]";
}

int to_millis(std::chrono::milliseconds duration) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<std::int64_t>(duration.count(), 0, kMost));
}

}  // namespace freshet::kafka
