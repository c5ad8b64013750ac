#pragma once

// Inside core/kafka only: the one header that includes librdkafka.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/types.hpp"
#include "core/result.hpp"

namespace freshet::kafka {

struct Destroy {
  void operator()(rd_kafka_t* handle) const noexcept { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_headers_t* headers) const noexcept { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_consumer_group_metadata_t* metadata) const noexcept {
    rd_kafka_consumer_group_metadata_destroy(metadata);
  }
  void operator()(const rd_kafka_metadata_t* metadata) const noexcept {
    rd_kafka_metadata_destroy(metadata);
  }
};

template <class T>
using Owned = std::unique_ptr<T, Destroy>;

using Handle = Owned<rd_kafka_t>;
using Queue = Owned<rd_kafka_queue_t>;
using TopicHandle = Owned<rd_kafka_topic_t>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t>;
using ApiError = Owned<rd_kafka_error_t>;

using Properties = std::map<std::string, std::string>;

/// Called from within a poll on the polling thread, with the handle's opaque.
struct Callbacks {
  void (*rebalance)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                    void*) = nullptr;
  void (*delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
  void (*error)(rd_kafka_t*, int, const char*, void*) = nullptr;
};

/// The one place where client handles are made. Properties come from three maps, and later ones
/// win: Freshet's defaults, the user's `kafka.librdkafka.*`, and what correctness depends on.
///
/// @error StartupError that names the property librdkafka refused.
Handle make_handle(rd_kafka_type_t type, const Config::Kafka& config, const Properties& defaults,
                   const Properties& required, const Callbacks& callbacks, void* opaque);

/// Our error for one of librdkafka's. `what` is what was tried: `commit of sink.postgres`.
Error to_error(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail = {});

/// Whether the code means that another member or producer took our place.
bool is_fenced(rd_kafka_resp_err_t code) noexcept;

/// Whether the code means that broker and client no longer agree on the sequence of records. A new
/// client is then needed, and can go on.
bool is_out_of_sequence(rd_kafka_resp_err_t code) noexcept;

/// The fatal error of a handle, or nothing.
struct FatalError {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string text;
};
FatalError fatal_error(rd_kafka_t* handle);

/// Number of partitions. Asks for all topics: a question about one would create it on a broker that
/// creates topics by itself.
/// @error Errc::broker_error, Retry::after_backoff: no such topic (yet), or without a leader.
Result<std::int32_t> topic_partitions(rd_kafka_t* handle, const std::string& topic,
                                      std::chrono::milliseconds timeout);

PartitionList make_list(const std::vector<TopicPartition>& partitions);
PartitionList make_list(const std::vector<TopicPartitionOffset>& partitions);
/// The same, with a text that is committed beside each offset; empty: none.
PartitionList make_list(const std::vector<TopicPartitionOffset>& partitions,
                        const std::string& note);
std::vector<TopicPartition> to_partitions(const rd_kafka_topic_partition_list_t& list);

/// Copies of a message's headers, in their order.
Headers headers_of(const rd_kafka_message_t& message);

/// `topic[3]`, for messages.
std::string describe(const TopicPartition& at);

int to_millis(std::chrono::milliseconds duration);

}  // namespace freshet::kafka
