// A bare transactional pass-through: what `freshet process catalogue` is measured against. Each
// loop reads its partitions of SOURCE and writes the same bytes (key, value, headers, partition) to
// TARGET, offsets in the same transaction, a commit every INTERVAL ms or when a batch is full, the
// bounds of a batch and the client settings as in processors/catalogue/loop.cpp and core/kafka.
// Ends on SIGTERM.
// Usage: bench_pass_through BROKERS SOURCE TARGET GROUP LOOPS INTERVAL_MS

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> stopped{false};

[[noreturn]] void fail(const char* what, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", what, why.c_str());
  std::_Exit(1);
}

void check(const char* what, rd_kafka_error_t* error) {
  if (error != nullptr) {
    fail(what, rd_kafka_error_string(error));
  }
}

using Rebalance = void (*)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                           void*);

/// @param rebalance  of a consumer; it is handed `opaque`.
rd_kafka_t* make(rd_kafka_type_t type, const std::map<std::string, std::string>& settings,
                 Rebalance rebalance = nullptr, void* opaque = nullptr) {
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  if (rebalance != nullptr) {
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    rd_kafka_conf_set_opaque(conf, opaque);
  }
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      fail(name.c_str(), why);
    }
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, why, sizeof why);
  return handle != nullptr ? handle : (fail("client", why), nullptr);
}

struct Options {
  std::string brokers, source, target, group;
  int loops;
  std::chrono::milliseconds interval;
};

class Loop {
 public:
  Loop(const Options& options, int number) : options_{options} {
    const std::string id = options.group + "." + std::to_string(number);
    producer_ = make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", options.brokers},
                                         {"transactional.id", id},
                                         {"transaction.timeout.ms", "10000"},
                                         {"message.timeout.ms", "10000"},
                                         {"linger.ms", "5"},
                                         {"compression.type", "lz4"},
                                         {"batch.size", "1000000"},
                                         {"queue.buffering.max.messages", "200000"},
                                         {"queue.buffering.max.kbytes", "49152"},
                                         {"retry.backoff.ms", "2"},
                                         {"delivery.report.only.error", "true"}});
    check("registration", rd_kafka_init_transactions(producer_, 60'000));
    topic_ = rd_kafka_topic_new(producer_, options.target.c_str(), nullptr);
    consumer_ = make(RD_KAFKA_CONSUMER,
                     {{"bootstrap.servers", options.brokers},
                      {"group.id", options.group},
                      {"group.instance.id", id},
                      {"enable.auto.commit", "false"},
                      {"enable.auto.offset.store", "false"},
                      {"auto.offset.reset", "earliest"},
                      {"partition.assignment.strategy", "range"},
                      {"isolation.level", "read_committed"},
                      {"session.timeout.ms", "10000"},
                      {"fetch.max.bytes", "8388608"},
                      {"max.partition.fetch.bytes", "2097152"},
                      {"fetch.wait.max.ms", "250"},
                      {"queued.min.messages", "10000000"},
                      {"queued.max.messages.kbytes", "24576"}},
                     &Loop::on_rebalance, this);
    rd_kafka_poll_set_consumer(consumer_);
    queue_ = rd_kafka_queue_get_consumer(consumer_);
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, options.source.c_str(), RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(consumer_, topics) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail("subscribe", options.source);
    }
    rd_kafka_topic_partition_list_destroy(topics);
  }
  ~Loop() {
    abort();
    rd_kafka_consumer_close(consumer_);
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy(consumer_);
    rd_kafka_topic_destroy(topic_);
    rd_kafka_destroy(producer_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run() {
    while (!stopped) {
      if (take(100) == 0) {
        continue;
      }
      const auto deadline = Clock::now() + options_.interval;
      while (!next_.empty() && records_ < 40'000 && bytes_ < (24U << 20U)) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
          break;
        }
        take(static_cast<int>(left));
      }
      if (!next_.empty()) {
        commit();
      }
    }
  }

 private:
  // A batch that is open when the group is dealt anew is another's to write: it is aborted, and
  // read again from the group's offsets by whoever has its partitions then.
  static void on_rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque) {
    auto& loop = *static_cast<Loop*>(opaque);
    loop.abort();
    ++loop.deals_;
    rd_kafka_assign(consumer, code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : nullptr);
  }

  void abort() {
    if (!next_.empty()) {
      check("abort", rd_kafka_abort_transaction(producer_, 30'000));
    }
    forget();
  }

  void forget() {
    next_.clear();
    records_ = 0;
    bytes_ = 0;
    woken_at_ = 0;
  }

  // A commit under a membership that has ended meanwhile is refused by the broker
  // (ILLEGAL_GENERATION) before this consumer hears of it.
  bool is_done(const char* what, rd_kafka_error_t* error) {
    if (error == nullptr) {
      return true;
    }
    if (rd_kafka_error_txn_requires_abort(error) == 0) {
      check(what, error);
    }
    std::fprintf(stderr, "%s: %s: the batch is aborted\n", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    abort();
    read_again();
    return false;
  }

  // From the group's offsets, where no rebalance does that by itself.
  void read_again() {
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    if (rd_kafka_assignment(consumer_, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return;
    }
    if (assigned->cnt > 0 &&
        rd_kafka_committed(consumer_, assigned, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (int i = 0; i < assigned->cnt; ++i) {
        if (assigned->elems[i].offset < 0) {
          assigned->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
        }
      }
      check("seek", rd_kafka_seek_partitions(consumer_, assigned, 30'000));
    }
    rd_kafka_topic_partition_list_destroy(assigned);
  }

  // What one call brings, sent on; the transaction begins with the first record.
  int take(int wait_ms) {
    static constexpr std::size_t kMost = 2'000;
    rd_kafka_message_t* messages[kMost];
    const int deals = deals_;
    ssize_t count = rd_kafka_consume_batch_queue(queue_, wait_ms, messages, 1);
    if (count > 0) {
      count += rd_kafka_consume_batch_queue(queue_, 0, messages + 1, kMost - 1);
    }
    if (deals != deals_) {  // dealt anew within the calls: some may be of the last assignment
      for (ssize_t i = 0; i < count; ++i) {
        rd_kafka_message_destroy(messages[i]);
      }
      read_again();
      return 0;
    }
    int taken = 0;
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[i];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (next_.empty()) {
          check("begin", rd_kafka_begin_transaction(producer_));
        }
        send(*message);
        next_[message->partition] = message->offset + 1;
        bytes_ += message->len + message->key_len;
        ++taken;
      } else {
        std::fprintf(stderr, "consumer: %s\n", rd_kafka_message_errstr(message));
      }
      rd_kafka_message_destroy(message);
    }
    records_ += taken;
    wake_fetchers();
    return taken;
  }

  void send(const rd_kafka_message_t& message) {
    for (;;) {
      rd_kafka_headers_t* headers = nullptr;
      if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        headers = rd_kafka_headers_copy(headers);
      }
      const rd_kafka_resp_err_t code = rd_kafka_producev(
          producer_, RD_KAFKA_V_RKT(topic_), RD_KAFKA_V_PARTITION(message.partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(message.key, message.key_len),
          RD_KAFKA_V_VALUE(message.payload, message.len), RD_KAFKA_V_HEADERS(headers),
          RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
      }
      if (headers != nullptr) {
        rd_kafka_headers_destroy(headers);
      }
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        fail("produce", rd_kafka_err2str(code));
      }
      rd_kafka_poll(producer_, 100);
    }
  }

  // librdkafka 2.0.2 looks at a full fetch queue once a second only; a request to the leaders makes
  // it look again. Our own client layer does the same (core/kafka/consumer.cpp).
  void wake_fetchers() {
    if (bytes_ - woken_at_ < (6U << 20U)) {
      return;
    }
    woken_at_ = bytes_;
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    if (rd_kafka_assignment(consumer_, &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (int i = 0; i < assigned->cnt; ++i) {
        assigned->elems[i].offset = RD_KAFKA_OFFSET_END;
      }
      rd_kafka_offsets_for_times(consumer_, assigned, 0);
      rd_kafka_topic_partition_list_destroy(assigned);
    }
  }

  void commit() {
    rd_kafka_topic_partition_list_t* offsets =
        rd_kafka_topic_partition_list_new(static_cast<int>(next_.size()));
    for (const auto& [partition, offset] : next_) {
      rd_kafka_topic_partition_list_add(offsets, options_.source.c_str(), partition)->offset =
          offset;
    }
    rd_kafka_consumer_group_metadata_t* group = rd_kafka_consumer_group_metadata(consumer_);
    const bool is_committed = is_done("offsets", rd_kafka_send_offsets_to_transaction(
                                                     producer_, offsets, group, 30'000)) &&
                              is_done("commit", rd_kafka_commit_transaction(producer_, 30'000));
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (is_committed) {
      forget();
    }
  }

  const Options& options_;
  rd_kafka_t* producer_;
  rd_kafka_topic_t* topic_;
  rd_kafka_t* consumer_;
  rd_kafka_queue_t* queue_;
  std::map<std::int32_t, std::int64_t> next_;
  int deals_ = 0;  ///< rebalances
  long records_ = 0;
  std::size_t bytes_ = 0;
  std::size_t woken_at_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "Usage: %s BROKERS SOURCE TARGET GROUP LOOPS INTERVAL_MS\n", argv[0]);
    return 2;
  }
  const Options options{argv[1],
                        argv[2],
                        argv[3],
                        argv[4],
                        std::atoi(argv[5]),
                        std::chrono::milliseconds{std::atoi(argv[6])}};
  std::signal(SIGTERM, [](int) { stopped = true; });
  std::vector<std::thread> threads;
  for (int i = 0; i < options.loops; ++i) {
    threads.emplace_back([&options, i] { Loop{options, i}.run(); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return 0;
}
