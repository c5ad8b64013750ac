// The client below a producer: how it is made, and made anew when it can no longer go on.
#include <algorithm>
#include <thread>
#include <vector>

#include "core/check.hpp"
#include "core/kafka/producer_impl.hpp"
#include "core/log.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;

// Between two new clients, the second and later ones: doubled each time, 7.5 s in all.
constexpr milliseconds kRenewalPause{500};
// For the reports of records that are taken back from a client; these come at once.
constexpr milliseconds kPurgeTimeout{10'000};
// Batch header, record header and varints of one record in a batch of its own, rounded up: what
// librdkafka's own check counts on top of key, value and headers.
constexpr std::size_t kBatchOverheadBytes = 512;

Producer::Impl::Unsent taken_back(const rd_kafka_message_t& message) {
  Producer::Impl::Unsent record;
  record.number = reinterpret_cast<std::uintptr_t>(message._private);
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  if (message.key != nullptr) {
    record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  }
  if (message.payload != nullptr) {
    record.value.emplace(static_cast<const char*>(message.payload), message.len);
  }
  record.headers = headers_of(message);
  // Also for a record that came without a time: it keeps the time at which it was produced.
  if (const std::int64_t time = rd_kafka_message_timestamp(&message, nullptr); time > 0) {
    record.timestamp = UtcTime::from_millis(time);
  }
  return record;
}

void on_delivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* opaque) {
  auto& impl = *static_cast<Producer::Impl*>(opaque);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;  // not reported: delivery.report.only.error
  }
  if (impl.can_be_renewed()) {
    impl.unsent.push_back(taken_back(*message));
    return;
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
  constexpr milliseconds kDeliveryTimeout{120'000};
  return {
      {"linger.ms", std::to_string(options.linger.count())},
      {"compression.type", options.compression},
      {"batch.size", "1000000"},
      {"queue.buffering.max.messages", std::to_string(options.queue_max_messages)},
      {"queue.buffering.max.kbytes", std::to_string(options.queue_max_kbytes)},
      // The default of 100 ms is the greater part of a short transaction: its first request of a
      // kind is often told to come again while the coordinator finishes the previous one.
      {"retry.backoff.ms", "2"},
      {"message.timeout.ms",
       std::to_string(options.delivery_timeout.value_or(kDeliveryTimeout).count())},
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
    properties.try_emplace(
        "message.timeout.ms",
        std::to_string(options.delivery_timeout.value_or(options.transaction_timeout).count()));
  }
  return properties;
}

}  // namespace

/// The present client, if there is one, stays until the new one is complete: making one fails while
/// the process has no descriptor or thread left.
/// @error StartupError, or why a topic's handle could not be made; nothing has changed.
Result<void> Producer::Impl::make_client() {
  Handle made = make_handle(
      RD_KAFKA_PRODUCER, config, default_properties(options), required_properties(options),
      {.rebalance = nullptr, .delivery = on_delivery, .error = on_error}, this);
  std::vector<TopicHandle> handles;
  for (const auto& [topic_name, topic] : topics) {
    handles.emplace_back(rd_kafka_topic_new(made.get(), topic_name.c_str(), nullptr));
    if (!handles.back()) {
      return Error{Errc::broker_error, Retry::after_backoff,
                   "topic " + topic_name + ": " + rd_kafka_err2str(rd_kafka_last_error())};
    }
  }
  auto next = handles.begin();
  for (auto& [topic_name, topic] : topics) {
    topic.handle = std::move(*next++);
  }
  handle = std::move(made);
  return {};
}

bool Producer::Impl::can_be_renewed() const {
  return options.transactional_id.empty() && is_out_of_sequence(fatal_error(handle.get()).code);
}

/// For when the present client cannot go on: makes new ones until one of them takes all records
/// that were not acknowledged.
/// @error as `broken`, when none does. Errc::broker_error, Retry::after_backoff when none could be
///        made: the records are kept for the next call.
Result<void> Producer::Impl::renew() {
  while (can_be_renewed()) {
    const FatalError fatal = fatal_error(handle.get());
    if (acknowledged() > acknowledged_at_renewal) {
      renewals_in_vain = 0;
    }
    if (renewals_in_vain >= kMostRenewals) {
      return *broken();
    }
    if (renewals_in_vain > 0) {
      std::this_thread::sleep_for(kRenewalPause * (1 << (renewals_in_vain - 1)));
    }
    if (auto replaced = replace_client(); !replaced) {
      return replaced;
    }
    acknowledged_at_renewal = acknowledged();
    ++renewals_in_vain;
    if (auto sent = send_again(); !sent) {
      return sent;
    }
    ++renewals;
    log::warn("producer_renewed", {{"producer", name},
                                   {"error", std::string_view{rd_kafka_err2name(fatal.code)}},
                                   {"in_flight", in_flight()},
                                   {"text", fatal.text}});
  }
  return {};
}

Result<void> Producer::Impl::replace_client() {
  // Every record that is not acknowledged is reported as failed, and so gets into `unsent`. A
  // record that a broker stored without an answer is sent a second time.
  rd_kafka_purge(handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(handle.get(), to_millis(kPurgeTimeout));
  if (const int left = rd_kafka_outq_len(handle.get()); left > 0) {
    return Error{Errc::broker_error, Retry::never,
                 "producer " + name + ": " + std::to_string(left) + " records are stuck"};
  }
  std::ranges::sort(unsent, {}, &Unsent::number);
  try {
    return make_client();
  } catch (const StartupError& error) {
    return Error{Errc::broker_error, Retry::after_backoff,
                 "producer " + name + ": " + error.what()};
  }
}

Result<void> Producer::Impl::send_again() {
  while (!unsent.empty()) {
    // Moved, not copied: the client may fail again, and gives the records before this one back.
    Unsent record = std::move(unsent.front());
    unsent.pop_front();
    OutRecord out;
    out.topic = record.topic;
    out.key = record.key;
    out.value = record.value;
    out.headers = &record.headers;
    out.timestamp = record.timestamp;
    const auto sent =
        enqueue(topics.find(record.topic)->second, record.partition, out, record.number);
    if (sent) {
      continue;
    }
    unsent.push_front(std::move(record));
    if (can_be_renewed()) {
      return {};  // once more
    }
    failed += unsent.size();
    unsent.clear();
    if (!first_failure) {
      first_failure = sent.error();
    }
    return sent;
  }
  return {};
}

}  // namespace freshet::kafka
