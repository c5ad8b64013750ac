#include "core/kafka/producer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/consumer_impl.hpp"
#include "core/kafka/handles.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kMetadataTimeout{10'000};
// Serving the reports of failed deliveries takes a lock, so not after every record.
constexpr std::uint64_t kServeEvery = 256;
// How long a call with a full queue sleeps before it looks for a fatal error again.
constexpr milliseconds kFullQueueWait{100};
// Between two tries of a step that librdkafka calls retriable: it has waited inside already,
// mostly.
constexpr milliseconds kRetryPause{5};
// Batch header, record header and varints of one record in a batch of its own, rounded up: what
// librdkafka's own check counts on top of key, value and headers.
constexpr std::size_t kBatchOverheadBytes = 512;
// How much larger max.message.bytes in schemas/topics.json is than the largest record.
constexpr std::size_t kTopicBatchRoomBytes = 64U << 10U;

milliseconds remaining(steady_clock::time_point until) {
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(until - steady_clock::now()));
}

}  // namespace

struct Producer::Impl {
  struct Topic {
    TopicHandle handle;
    std::string name;
    std::int32_t partitions = 0;
    std::size_t max_bytes = 0;
  };

  std::map<std::string, std::size_t> limits;  ///< largest record by topic, of those we know
  std::string name;                           ///< transactional id or `producer`, for messages
  std::size_t max_message_bytes = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t failed = 0;
  std::int32_t next_partition = 0;  ///< for records without a key
  std::optional<Error> first_failure;

  // Topics are let go before the handle.
  Handle handle;
  std::map<std::string, Topic, std::less<>> topics;
  Topic* last_topic = nullptr;

  Result<Topic*> topic(std::string_view topic_name);
  Result<std::int32_t> choose_partition(const Topic& topic, const OutRecord& record);
  Result<void> enqueue(Topic& topic, std::int32_t partition, const OutRecord& record);
  std::optional<Error> broken();

  template <class Call>
  Step run_step(const char* what, milliseconds timeout, Call&& call);
};

namespace {

void on_delivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* opaque) {
  auto& impl = *static_cast<Producer::Impl*>(opaque);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;  // not reported: delivery.report.only.error
  }
  ++impl.failed;
  if (!impl.first_failure) {
    const TopicPartition at{rd_kafka_topic_name(message->rkt), Partition{message->partition}};
    impl.first_failure = to_error(message->err, "delivery to " + describe(at));
  }
}

void on_error(rd_kafka_t* /*handle*/, int code, const char* text, void* opaque) {
  // librdkafka goes on by itself; what it gives up arrives as a failed delivery or a failed call.
  const auto& impl = *static_cast<Producer::Impl*>(opaque);
  log::warn("producer_troubled",
            {{"producer", impl.name},
             {"error", std::string_view{rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code))}},
             {"text", std::string_view{text}}});
}

Properties default_properties(const ProducerOptions& options) {
  return {
      {"linger.ms", std::to_string(options.linger.count())},
      {"compression.type", options.compression},
      {"batch.size", "1000000"},
      {"queue.buffering.max.messages", std::to_string(options.queue_max_messages)},
      {"queue.buffering.max.kbytes", std::to_string(options.queue_max_kbytes)},
      // The default of 100 ms is the greater part of a short transaction: its first request of a
      // kind is often told to come again while the coordinator finishes the previous one.
      {"retry.backoff.ms", "2"},
      {"message.timeout.ms", "120000"},
  };
}

Properties required_properties(const ProducerOptions& options) {
  Properties properties = options.extra;
  properties["enable.idempotence"] = "true";
  properties["acks"] = "all";
  properties["message.max.bytes"] = std::to_string(options.max_message_bytes + kBatchOverheadBytes);
  properties["delivery.report.only.error"] = "true";
  if (!options.transactional_id.empty()) {
    properties["transactional.id"] = options.transactional_id;
    properties["transaction.timeout.ms"] = std::to_string(options.transaction_timeout.count());
    // A record must not outlive the transaction that it belongs to.
    properties.try_emplace("message.timeout.ms",
                           std::to_string(options.transaction_timeout.count()));
  }
  return properties;
}

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
    : impl_{std::make_unique<Impl>()} {
  impl_->limits = record_limits(config);
  impl_->name = options.transactional_id.empty() ? "producer" : options.transactional_id;
  impl_->max_message_bytes = options.max_message_bytes;
  impl_->handle = make_handle(
      RD_KAFKA_PRODUCER, config, default_properties(options), required_properties(options),
      {.rebalance = nullptr, .delivery = on_delivery, .error = on_error}, impl_.get());
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
    const auto partitions = topic_partitions(handle.get(), made.name, kMetadataTimeout);
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

Result<void> Producer::Impl::enqueue(Topic& to, std::int32_t partition, const OutRecord& record) {
  constexpr std::size_t kFixed = 7;
  constexpr std::size_t kMostHeaders = 25;
  std::array<rd_kafka_vu_t, kFixed> arguments;
  std::size_t count = 0;
  arguments[count] = tagged(RD_KAFKA_VTYPE_RKT);
  arguments[count++].u.rkt = to.handle.get();
  arguments[count] = tagged(RD_KAFKA_VTYPE_PARTITION);
  arguments[count++].u.i32 = partition;
  arguments[count] = tagged(RD_KAFKA_VTYPE_MSGFLAGS);
  arguments[count++].u.i = RD_KAFKA_MSG_F_COPY;
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
  if (auto queued = impl.enqueue(topic, *partition, record); !queued) {
    return queued.error();
  }
  if (++impl.handed_over % kServeEvery == 0) {
    rd_kafka_poll(impl.handle.get(), 0);
  }
  return {};
}

void Producer::poll() { rd_kafka_poll(impl_->handle.get(), 0); }

Result<void> Producer::flush(milliseconds timeout) {
  const rd_kafka_resp_err_t code = rd_kafka_flush(impl_->handle.get(), to_millis(timeout));
  if (auto reason = impl_->broken()) {
    impl_->first_failure.reset();
    return *reason;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "flush of " + std::to_string(in_flight()) + " records");
  }
  return {};
}

std::uint64_t Producer::acknowledged() const noexcept {
  const std::uint64_t open = in_flight() + impl_->failed;
  return impl_->handed_over > open ? impl_->handed_over - open : 0;
}

std::size_t Producer::in_flight() const noexcept {
  return static_cast<std::size_t>(rd_kafka_outq_len(impl_->handle.get()));
}

/// Runs one step of a transaction until it is done, refused for good, or out of time. librdkafka
/// goes on with a call that timed out when the same call is made again.
template <class Call>
Producer::Step Producer::Impl::run_step(const char* what, milliseconds timeout, Call&& call) {
  const auto until = steady_clock::now() + timeout;
  while (true) {
    const ApiError error{call(to_millis(remaining(until)))};
    if (!error) {
      return {};
    }
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    std::string message =
        std::string{what} + " of " + name + ": " + rd_kafka_error_string(error.get());
    if (rd_kafka_error_is_fatal(error.get()) != 0) {
      const FatalError fatal = fatal_error(handle.get());
      return {is_fenced(code) || is_fenced(fatal.code) ? Outcome::fenced : Outcome::unknown,
              std::move(message)};
    }
    if (rd_kafka_error_txn_requires_abort(error.get()) != 0) {
      return {Outcome::abort, std::move(message)};
    }
    if (rd_kafka_error_is_retriable(error.get()) == 0 || steady_clock::now() >= until) {
      return {Outcome::unknown, std::move(message)};
    }
    std::this_thread::sleep_for(kRetryPause);
  }
}

Result<void> Producer::init_transactions(milliseconds timeout) {
  const Step step = impl_->run_step("registration", timeout, [&](int wait) {
    return rd_kafka_init_transactions(impl_->handle.get(), std::max(wait, 1));
  });
  switch (step.outcome) {
    case Outcome::done:
      return {};
    case Outcome::fenced:
      return Error{Errc::fenced, Retry::never, step.message};
    case Outcome::abort:
    case Outcome::unknown:
      break;
  }
  if (const FatalError fatal = fatal_error(impl_->handle.get());
      fatal.code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Error{Errc::broker_error, Retry::never, step.message};
  }
  return Error{Errc::timed_out, Retry::after_backoff, step.message};
}

Producer::Step Producer::begin_transaction() {
  rd_kafka_poll(impl_->handle.get(), 0);
  impl_->first_failure.reset();  // of an earlier transaction, which was aborted for it
  return impl_->run_step("start", milliseconds{0},
                         [&](int) { return rd_kafka_begin_transaction(impl_->handle.get()); });
}

Producer::Step Producer::send_offsets(const std::vector<TopicPartitionOffset>& offsets,
                                      Consumer& consumer, milliseconds timeout) {
  if (offsets.empty()) {
    return {};
  }
  const PartitionList list = make_list(offsets);
  const Owned<rd_kafka_consumer_group_metadata_t> group{
      rd_kafka_consumer_group_metadata(consumer.impl().handle.get())};
  FRESHET_CHECK(group);
  const Step step = impl_->run_step("offsets", timeout, [&](int wait) {
    return rd_kafka_send_offsets_to_transaction(impl_->handle.get(), list.get(), group.get(),
                                                std::max(wait, 1));
  });
  // Nothing is committed before commit_transaction is asked for: what is not known can be aborted.
  return step.outcome == Outcome::unknown &&
                 fatal_error(impl_->handle.get()).code == RD_KAFKA_RESP_ERR_NO_ERROR
             ? Step{Outcome::abort, step.message}
             : step;
}

Producer::Step Producer::commit_transaction(milliseconds timeout) {
  return impl_->run_step("commit", timeout, [&](int wait) {
    return rd_kafka_commit_transaction(impl_->handle.get(), std::max(wait, 1));
  });
}

Producer::Step Producer::abort_transaction(milliseconds timeout) {
  Step step = impl_->run_step("abort", timeout, [&](int wait) {
    return rd_kafka_abort_transaction(impl_->handle.get(), std::max(wait, 1));
  });
  // The records of the transaction were purged; their reports are not news for the next one.
  rd_kafka_poll(impl_->handle.get(), 0);
  impl_->first_failure.reset();
  return step;
}

}  // namespace freshet::kafka
