#include "core/kafka/consumer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/consumer_impl.hpp"
#include "core/kafka/handles.hpp"
#include "core/log.hpp"

namespace freshet::kafka {
namespace {

/// librdkafka knows the assignment only of a consumer with a group. A reader without one gets this
/// name; it never joins nor commits, so no such group appears on the broker.
constexpr std::string_view kNoGroup = "reader";

void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                  rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& impl = *static_cast<Consumer::Impl*>(opaque);
  if (impl.closing) {
    rd_kafka_assign(handle, nullptr);  // close() waits for this
    return;
  }
  using Kind = Consumer::Impl::Rebalance::Kind;
  Kind kind = Kind::revoked;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    kind = Kind::assigned;
  } else if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || rd_kafka_assignment_lost(handle)) {
    kind = Kind::lost;
  }
  impl.rebalances.push_back({kind, to_partitions(*partitions)});
}

void on_error(rd_kafka_t* /*handle*/, int code, const char* text, void* opaque) {
  static_cast<Consumer::Impl*>(opaque)->remember(static_cast<rd_kafka_resp_err_t>(code), text);
}

Properties default_properties(const ConsumerOptions& options) {
  return {
      // A reply comes on top of the fetch-ahead bounds, and unpacked.
      {"fetch.max.bytes", std::to_string(options.fetch_max_kbytes * 1024)},
      {"max.partition.fetch.bytes", "2097152"},
      {"fetch.wait.max.ms", "250"},
      {"fetch.error.backoff.ms", "50"},
      // In spite of its name it is a maximum: with so many records in the queue fetching stops.
      {"queued.min.messages", std::to_string(options.queued_max_records)},
      {"queued.max.messages.kbytes", std::to_string(options.queued_max_kbytes)},
      {"auto.offset.reset", "earliest"},
  };
}

Properties required_properties(const Config::Kafka& config, const ConsumerOptions& options) {
  Properties properties = options.extra;
  properties["group.id"] = options.group.empty() ? config.prefixed(kNoGroup) : options.group;
  if (!options.group_instance_id.empty()) {
    properties["group.instance.id"] = options.group_instance_id;
  }
  properties["enable.auto.commit"] = "false";
  properties["enable.auto.offset.store"] = "false";
  // `range` revokes everything in a rebalance: no partition has two states at a time, and with it
  // librdkafka 2.0.2 leaves the group cleanly.
  properties["partition.assignment.strategy"] = "range";
  properties["isolation.level"] =
      options.isolation == Isolation::read_committed ? "read_committed" : "read_uncommitted";
  properties["enable.partition.eof"] = options.partition_end_events ? "true" : "false";
  properties["session.timeout.ms"] = std::to_string(options.session_timeout.count());
  properties["max.poll.interval.ms"] =
      std::to_string(std::max(options.max_poll_interval, options.session_timeout).count());
  // Three heartbeats may get lost before the session ends.
  properties["heartbeat.interval.ms"] =
      std::to_string(std::clamp<std::int64_t>(options.session_timeout.count() / 4, 100, 3'000));
  return properties;
}

// The value in force: the user's settings may have replaced ours.
std::size_t number_set(rd_kafka_t* handle, const char* property) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  FRESHET_CHECK(rd_kafka_conf_get(rd_kafka_conf(handle), property, text.data(), &size) ==
                RD_KAFKA_CONF_OK);
  return std::stoull(text.data());
}

}  // namespace

Consumer::Consumer(const Config::Kafka& config, const ConsumerOptions& options)
    : impl_{std::make_unique<Impl>()} {
  impl_->name = options.group.empty() ? std::string{kNoGroup} : options.group;
  impl_->handle = make_handle(
      RD_KAFKA_CONSUMER, config, default_properties(options), required_properties(config, options),
      {.rebalance = on_rebalance, .delivery = nullptr, .error = on_error}, impl_.get());
  impl_->fetch_bound_bytes = 1024 * number_set(impl_->handle.get(), "queued.max.messages.kbytes");
  impl_->fetch_bound_records = number_set(impl_->handle.get(), "queued.min.messages");
  // Errors and rebalances come through the same queue as records: one call serves all.
  rd_kafka_poll_set_consumer(impl_->handle.get());
  impl_->queue = Queue{rd_kafka_queue_get_consumer(impl_->handle.get())};
  FRESHET_CHECK(impl_->queue);
}

Consumer::~Consumer() { close(); }

void Consumer::subscribe(const std::vector<std::string>& topics, RebalanceListener listener) {
  impl_->listener = std::move(listener);
  const PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(topics.size()))};
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  // Fails only on malformed names and closed handles, which are faults of ours.
  FRESHET_CHECK(rd_kafka_subscribe(impl_->handle.get(), list.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

Result<void> Consumer::assign(const std::vector<TopicPartitionOffset>& partitions) {
  const PartitionList list = make_list(partitions);
  const rd_kafka_resp_err_t code = impl_->assign(list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "assignment of " + impl_->name);
  }
  return {};
}

Result<void> Consumer::unassign() {
  const rd_kafka_resp_err_t code = impl_->assign(nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "giving up the assignment of " + impl_->name);
  }
  return {};
}

std::optional<Error> Consumer::Impl::take_failure() { return std::exchange(failure, std::nullopt); }

void Consumer::Impl::remember(rd_kafka_resp_err_t code, std::string_view text) {
  const std::string what = "consumer " + name;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    const FatalError fatal = fatal_error(handle.get());
    const Error error = to_error(fatal.code, what, fatal.text);
    failure = Error{error.errc(), Retry::never, error.message()};
  } else if (!failure) {
    failure = to_error(code, what, text);
  }
}

void Consumer::Impl::sort_out(rd_kafka_message_t* raw, Polled& polled) {
  if (raw->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    polled.messages.emplace_back(raw);
    return;
  }
  if (raw->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    TopicPartition at{rd_kafka_topic_name(raw->rkt), Partition{raw->partition}};
    ends[at] = Offset{raw->offset};
    polled.ends.push_back(std::move(at));
  } else {
    remember(raw->err, rd_kafka_message_errstr(raw));
  }
  rd_kafka_message_destroy(raw);
}

void Consumer::Impl::tell_rebalances(Polled& polled) {
  while (!rebalances.empty()) {
    const Rebalance rebalance = std::move(rebalances.front());
    rebalances.pop_front();
    const std::uint64_t before = assignment;
    if (rebalance.kind == Rebalance::Kind::assigned) {
      if (listener.on_assigned) {
        listener.on_assigned(rebalance.partitions);
      }
    } else {
      if (listener.on_revoked) {
        listener.on_revoked(rebalance.partitions, rebalance.kind == Rebalance::Kind::lost);
      }
      // The whole assignment is given up, also what the owner added by hand (a restore's
      // changelogs).
      assign(nullptr);
    }
    if (assignment != before) {
      // Nobody has seen the records of this call yet: they belong to the next owner, or are read
      // again from the offsets of the new assignment.
      polled.messages.clear();
      polled.ends.clear();
    }
  }
}

rd_kafka_resp_err_t Consumer::Impl::assign(const rd_kafka_topic_partition_list_t* partitions) {
  ++assignment;
  ends.clear();
  return rd_kafka_assign(handle.get(), partitions);
}

Result<Polled> Consumer::poll(std::chrono::milliseconds timeout, std::size_t max) {
  Impl& impl = *impl_;
  if (auto failure = impl.take_failure()) {
    return *failure;
  }
  Polled polled;
  impl.buffer.resize(std::max<std::size_t>(max, 1));
  // The batch call waits until the batch is full or the time is over; so it is asked for one record
  // with the time, and for the rest without.
  ssize_t taken =
      rd_kafka_consume_batch_queue(impl.queue.get(), to_millis(timeout), impl.buffer.data(), 1);
  if (taken > 0 && max > 1 && impl.rebalances.empty()) {
    const ssize_t more =
        rd_kafka_consume_batch_queue(impl.queue.get(), 0, impl.buffer.data() + 1, max - 1);
    taken += std::max<ssize_t>(more, 0);
  }
  polled.messages.reserve(static_cast<std::size_t>(std::max<ssize_t>(taken, 0)));
  for (ssize_t i = 0; i < taken; ++i) {
    impl.sort_out(impl.buffer[static_cast<std::size_t>(i)], polled);
  }
  impl.tell_rebalances(polled);
  impl.wake_fetchers(polled);
  if (polled.messages.empty() && polled.ends.empty()) {
    if (auto failure = impl.take_failure()) {
      return *failure;
    }
  }
  return polled;
}

Result<std::vector<std::pair<TopicPartition, std::optional<Offset>>>> Consumer::positions() {
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  rd_kafka_resp_err_t code = rd_kafka_assignment(impl_->handle.get(), &assigned);
  const PartitionList list{assigned};
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    code = rd_kafka_position(impl_->handle.get(), list.get());
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "positions of " + impl_->name);
  }
  std::vector<std::pair<TopicPartition, std::optional<Offset>>> positions;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    TopicPartition at{one.topic, Partition{one.partition}};
    std::optional<Offset> next;
    if (one.offset >= 0) {
      next = Offset{one.offset};
    }
    // An end-of-partition event stands behind what holds no record: aborted ones, compacted gaps.
    if (const auto end = impl_->ends.find(at); end != impl_->ends.end()) {
      next = next ? std::max(*next, end->second) : end->second;
    }
    positions.emplace_back(std::move(at), next);
  }
  return positions;
}

Result<Watermarks> Consumer::watermarks(const TopicPartition& at,
                                        std::chrono::milliseconds timeout) {
  Watermarks marks{};
  const rd_kafka_resp_err_t code =
      rd_kafka_query_watermark_offsets(impl_->handle.get(), at.topic.c_str(), at.partition.value,
                                       &marks.low.value, &marks.high.value, to_millis(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "ends of " + describe(at));
  }
  return marks;
}

Result<std::vector<std::pair<TopicPartition, std::optional<Offset>>>> Consumer::committed(
    const std::vector<TopicPartition>& partitions, std::chrono::milliseconds timeout) {
  const PartitionList list = make_list(partitions);
  const rd_kafka_resp_err_t code =
      rd_kafka_committed(impl_->handle.get(), list.get(), to_millis(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "committed offsets of " + impl_->name);
  }
  std::vector<std::pair<TopicPartition, std::optional<Offset>>> offsets;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    const TopicPartition at{one.topic, Partition{one.partition}};
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return to_error(one.err, "committed offset of " + describe(at));
    }
    offsets.emplace_back(at, one.offset < 0 ? std::nullopt : std::optional{Offset{one.offset}});
  }
  return offsets;
}

Result<void> Consumer::commit(const std::vector<TopicPartitionOffset>& offsets) {
  if (offsets.empty()) {
    return {};
  }
  const PartitionList list = make_list(offsets, impl_->commit_note);
  rd_kafka_resp_err_t code = rd_kafka_commit(impl_->handle.get(), list.get(), 0);
  for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    code = list->elems[i].err;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "commit of " + impl_->name);
  }
  return {};
}

void Consumer::set_commit_note(std::string note) { impl_->commit_note = std::move(note); }

Result<void> Consumer::seek(const TopicPartitionOffset& to, std::chrono::milliseconds timeout) {
  impl_->ends.erase(to.at);
  const PartitionList list = make_list(std::vector{to});
  const ApiError error{
      rd_kafka_seek_partitions(impl_->handle.get(), list.get(), to_millis(timeout))};
  if (error) {
    return to_error(rd_kafka_error_code(error.get()), "seek in " + describe(to.at),
                    rd_kafka_error_string(error.get()));
  }
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(list->elems[0].err, "seek in " + describe(to.at));
  }
  return {};
}

Result<std::optional<Offset>> Consumer::offset_for_time(const TopicPartition& at, UtcTime time,
                                                        std::chrono::milliseconds timeout) {
  const PartitionList list = make_list(std::vector<TopicPartitionOffset>{{at, {time.millis()}}});
  rd_kafka_resp_err_t code =
      rd_kafka_offsets_for_times(impl_->handle.get(), list.get(), to_millis(timeout));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    code = list->elems[0].err;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(code, "offset by time of " + describe(at));
  }
  const std::int64_t offset = list->elems[0].offset;
  return offset < 0 ? std::optional<Offset>{} : std::optional{Offset{offset}};
}

Result<std::int32_t> Consumer::partition_count(const std::string& topic,
                                               std::chrono::milliseconds timeout) {
  return topic_partitions(impl_->handle.get(), topic, timeout);
}

void Consumer::close() {
  if (std::exchange(impl_->closed, true) || !impl_->handle) {
    return;
  }
  impl_->closing = true;
  // librdkafka waits until a rebalance that it reported is answered.
  if (!std::exchange(impl_->rebalances, {}).empty()) {
    rd_kafka_assign(impl_->handle.get(), nullptr);
  }
  const rd_kafka_resp_err_t code = rd_kafka_consumer_close(impl_->handle.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__FATAL) {
    log::warn("consumer_closed_badly",
              {{"group", impl_->name}, {"text", std::string_view{rd_kafka_err2str(code)}}});
  }
}

/// librdkafka 2.0.2 looks at its fetch-ahead bound when a reply arrives, and otherwise once a
/// second: a reader that empties the queue within that second stands still for the rest of it
/// (117,000 records/s became 280,000 with this, on two cores with 1.2 kB records). A request to the
/// leaders that nobody waits for makes their threads look again.
///
/// @source  `fetch.queue.backoff.ms` in librdkafka's CONFIGURATION.md since 2.2, which mends it.
void Consumer::Impl::wake_fetchers(const Polled& polled) {
  for (const Message& message : polled.messages) {
    taken_bytes += message.size_bytes();
  }
  taken_records += polled.messages.size();
  if (taken_bytes < fetch_bound_bytes / 4 && taken_records < fetch_bound_records / 4) {
    return;
  }
  taken_bytes = 0;
  taken_records = 0;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (rd_kafka_assignment(handle.get(), &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  const PartitionList list{assigned};
  for (int i = 0; i < list->cnt; ++i) {
    list->elems[i].offset = RD_KAFKA_OFFSET_END;  // the cheapest question: no index is searched
  }
  rd_kafka_offsets_for_times(handle.get(), list.get(), 0);
}

}  // namespace freshet::kafka
