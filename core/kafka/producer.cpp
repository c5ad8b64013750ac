#include "core/kafka/producer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "core/check.hpp"
#include "core/kafka/producer_impl.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Serving the reports of failed deliveries takes a lock, so not after every record.
constexpr std::uint64_t kServeEvery = 256;
// How long a call with a full queue sleeps before it looks for a fatal error again.
constexpr milliseconds kFullQueueWait{100};
// How much larger max.message.bytes in schemas/topics.json is than the largest record.
constexpr std::size_t kTopicBatchRoomBytes = 64U << 10U;

/// Largest key + value + headers by topic: what schemas/topics.json allows, less the room for a
/// batch.
std::map<std::string, std::size_t> record_limits(const Config::Kafka& config) {
  std::map<std::string, std::size_t> limits;
  for (const TopicSpec& spec : topic_specs(config)) {
    if (const auto limit = spec.configs.find("max.message.bytes"); limit != spec.configs.end()) {
      limits[spec.name] = std::stoull(limit->second) - kTopicBatchRoomBytes;
    }
  }
  return limits;
}

/// What a record weighs against `max_message_bytes`: key, value and headers.
std::size_t weigh(const OutRecord& record) {
  std::size_t bytes =
      (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  if (record.headers != nullptr) {
    for (const auto& [name, value] : *record.headers) {
      bytes += name.size() + value.size();
    }
  }
  return bytes;
}

rd_kafka_vu_t tagged(rd_kafka_vtype_t type) {
  rd_kafka_vu_t argument;
  std::memset(&argument, 0, sizeof argument);
  argument.vtype = type;
  return argument;
}

rd_kafka_vu_t bytes_argument(rd_kafka_vtype_t type, std::string_view bytes) {
  rd_kafka_vu_t argument = tagged(type);
  // A null pointer would make an empty text a missing one. librdkafka copies and never writes.
  argument.u.mem.ptr = const_cast<char*>(bytes.data() == nullptr ? "" : bytes.data());
  argument.u.mem.size = bytes.size();
  return argument;
}

}  // namespace

Producer::Producer(const Config::Kafka& config, const ProducerOptions& options)
    : impl_{std::make_unique<Impl>(config, options)} {
  impl_->limits = record_limits(config);
  impl_->name = options.transactional_id.empty() ? "producer" : options.transactional_id;
  impl_->max_message_bytes = options.max_message_bytes;
  if (const auto made = impl_->make_client(); !made) {
    throw StartupError{made.error().message()};
  }
}

Producer::~Producer() {
  // What was not flushed is given up: the owner flushes when it wants it delivered.
  rd_kafka_purge(impl_->handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(impl_->handle.get(), 0);
}

Result<Producer::Impl::Topic*> Producer::Impl::topic(std::string_view topic_name) {
  if (last_topic != nullptr && last_topic->name == topic_name) {
    return last_topic;
  }
  auto found = topics.find(topic_name);
  if (found == topics.end()) {
    Topic made;
    made.name = std::string{topic_name};
    const auto partitions = topic_partitions(handle.get(), made.name, options.metadata_timeout);
    if (!partitions) {
      return partitions.error();
    }
    made.partitions = *partitions;
    const auto limit = limits.find(made.name);
    made.max_bytes =
        std::min(max_message_bytes, limit == limits.end() ? max_message_bytes : limit->second);
    made.handle = TopicHandle{rd_kafka_topic_new(handle.get(), made.name.c_str(), nullptr)};
    if (!made.handle) {
      return to_error(rd_kafka_last_error(), "topic " + made.name);
    }
    found = topics.emplace(made.name, std::move(made)).first;
  }
  last_topic = &found->second;
  return last_topic;
}

Result<std::int32_t> Producer::Impl::choose_partition(const Topic& to, const OutRecord& record) {
  if (record.partition) {
    if (record.partition->value < 0 || record.partition->value >= to.partitions) {
      return Error{Errc::broker_error, Retry::never,
                   "topic " + to.name + " has " + std::to_string(to.partitions) +
                       " partitions, none with number " + std::to_string(record.partition->value)};
    }
    return record.partition->value;
  }
  if (record.key) {
    return partition_for_key(*record.key, to.partitions);
  }
  next_partition = (next_partition + 1) % to.partitions;
  return next_partition;
}

std::optional<Error> Producer::Impl::broken() {
  if (const FatalError fatal = fatal_error(handle.get());
      fatal.code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const Error error = to_error(fatal.code, "producer " + name, fatal.text);
    return Error{error.errc(), Retry::never, error.message()};
  }
  return first_failure;
}

Result<void> Producer::Impl::enqueue(Topic& to, std::int32_t partition, const OutRecord& record,
                                     std::uintptr_t number) {
  constexpr std::size_t kFixed = 8;
  constexpr std::size_t kMostHeaders = 25;
  std::array<rd_kafka_vu_t, kFixed> arguments;
  std::size_t count = 0;
  arguments[count] = tagged(RD_KAFKA_VTYPE_RKT);
  arguments[count++].u.rkt = to.handle.get();
  arguments[count] = tagged(RD_KAFKA_VTYPE_PARTITION);
  arguments[count++].u.i32 = partition;
  arguments[count] = tagged(RD_KAFKA_VTYPE_MSGFLAGS);
  arguments[count++].u.i = RD_KAFKA_MSG_F_COPY;
  arguments[count] = tagged(RD_KAFKA_VTYPE_OPAQUE);
  arguments[count++].u.ptr = reinterpret_cast<void*>(number);
  if (record.key) {
    arguments[count++] = bytes_argument(RD_KAFKA_VTYPE_KEY, *record.key);
  }
  if (record.value) {
    arguments[count++] = bytes_argument(RD_KAFKA_VTYPE_VALUE, *record.value);
  }
  if (record.timestamp) {
    arguments[count] = tagged(RD_KAFKA_VTYPE_TIMESTAMP);
    arguments[count++].u.i64 = record.timestamp->millis();
  }
  Owned<rd_kafka_headers_t> headers;
  if (record.headers != nullptr && !record.headers->empty()) {
    headers.reset(rd_kafka_headers_new(std::min(record.headers->size(), kMostHeaders)));
    for (const auto& [header, value] : *record.headers) {
      rd_kafka_header_add(headers.get(), header.c_str(), static_cast<ssize_t>(header.size()),
                          value.data(), static_cast<ssize_t>(value.size()));
    }
    arguments[count] = tagged(RD_KAFKA_VTYPE_HEADERS);
    arguments[count++].u.headers = headers.get();
  }

  while (true) {
    const ApiError error{rd_kafka_produceva(handle.get(), arguments.data(), count)};
    if (!error) {
      static_cast<void>(headers.release());  // the message owns them now
      return {};
    }
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return to_error(code, "record for " + to.name, rd_kafka_error_string(error.get()));
    }
    // Deliveries make room; with the broker away, the delivery timeout does. MSG_F_BLOCK would wait
    // without serving reports, and for ever.
    rd_kafka_poll(handle.get(), to_millis(kFullQueueWait));
    if (auto reason = broken()) {
      return *reason;
    }
  }
}

Result<void> Producer::produce(const OutRecord& record) {
  Impl& impl = *impl_;
  if (impl.first_failure) {
    return *impl.first_failure;
  }
  const auto to = impl.topic(record.topic);
  if (!to) {
    return to.error();
  }
  Impl::Topic& topic = **to;
  if (const std::size_t bytes = weigh(record); bytes > topic.max_bytes) {
    return Error{Errc::too_large, Retry::never,
                 "record of " + std::to_string(bytes) + " bytes for " + topic.name +
                     ", which takes " + std::to_string(topic.max_bytes)};
  }
  const auto partition = impl.choose_partition(topic, record);
  if (!partition) {
    return partition.error();
  }
  const std::uintptr_t number = ++impl.numbered;
  while (true) {
    const auto queued = impl.enqueue(topic, *partition, record, number);
    if (queued) {
      break;
    }
    if (!impl.can_be_renewed()) {
      return queued.error();
    }
    if (auto renewed = impl.renew(); !renewed) {
      return renewed;
    }
  }
  if (++impl.handed_over % kServeEvery == 0) {
    rd_kafka_poll(impl.handle.get(), 0);
    if (!impl.unsent.empty()) {
      // This record is kept with the others, so an error that may pass is no failure of this call.
      if (auto renewed = impl.renew(); !renewed && renewed.error().retry() == Retry::never) {
        return renewed;
      }
    }
  }
  return {};
}

void Producer::poll() {
  rd_kafka_poll(impl_->handle.get(), 0);
  if (!impl_->unsent.empty()) {
    static_cast<void>(impl_->renew());  // the next call returns the error
  }
}

Result<void> Producer::flush(milliseconds timeout) {
  const auto until = steady_clock::now() + timeout;
  while (true) {
    const rd_kafka_resp_err_t code =
        rd_kafka_flush(impl_->handle.get(), to_millis(remaining(until)));
    if (impl_->can_be_renewed()) {
      if (auto renewed = impl_->renew(); !renewed) {
        return renewed;
      }
      continue;
    }
    if (auto reason = impl_->broken()) {
      impl_->first_failure.reset();
      return *reason;
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return to_error(code, "flush of " + std::to_string(in_flight()) + " records");
    }
    return {};
  }
}

std::uint64_t Producer::Impl::acknowledged() const {
  const std::uint64_t open = in_flight() + failed;
  return handed_over > open ? handed_over - open : 0;
}

std::size_t Producer::Impl::in_flight() const {
  return static_cast<std::size_t>(rd_kafka_outq_len(handle.get())) + unsent.size();
}

std::uint64_t Producer::acknowledged() const noexcept { return impl_->acknowledged(); }

std::size_t Producer::in_flight() const noexcept { return impl_->in_flight(); }

std::uint64_t Producer::failed() const noexcept { return impl_->failed; }

int Producer::renewals() const noexcept { return impl_->renewals; }

}  // namespace freshet::kafka
