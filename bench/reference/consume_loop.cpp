// A bare consume loop: what a restore is measured against. Reads every partition of the topics,
// committed records only, from the beginning to the end, and prints what it read.
// Usage: bench_consume_loop BROKERS LOOPS TOPIC...

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::_Exit(1);
}

rd_kafka_t* make_consumer(const char* brokers) {
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const char* settings[][2] = {
      {"bootstrap.servers", brokers},        {"group.id", "bench.consume"},
      {"enable.auto.commit", "false"},       {"auto.offset.reset", "earliest"},
      {"isolation.level", "read_committed"}, {"enable.partition.eof", "true"},
      {"fetch.max.bytes", "8388608"},        {"max.partition.fetch.bytes", "2097152"},
      {"queued.min.messages", "10000000"},   {"queued.max.messages.kbytes", "262144"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
      fail(why);
    }
  }
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (consumer == nullptr) {
    fail(why);
  }
  return consumer;
}

std::atomic<long> records{0};
std::atomic<long long> bytes{0};

// Partitions whose number modulo `loops` is `number`.
void read_all(const char* brokers, int loops, int number, const std::vector<const char*>& topics) {
  rd_kafka_t* consumer = make_consumer(brokers);
  rd_kafka_topic_partition_list_t* mine = rd_kafka_topic_partition_list_new(16);
  const rd_kafka_metadata_t* all = nullptr;
  if (rd_kafka_metadata(consumer, 1, nullptr, &all, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("no metadata");
  }
  for (int i = 0; i < all->topic_cnt; ++i) {
    for (const char* topic : topics) {
      for (int p = number;
           std::string{topic} == all->topics[i].topic && p < all->topics[i].partition_cnt;
           p += loops) {
        rd_kafka_topic_partition_list_add(mine, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
      }
    }
  }
  rd_kafka_metadata_destroy(all);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
  rd_kafka_assign(consumer, mine);
  long taken = 0;
  long long size = 0;
  for (int left = mine->cnt; left > 0;) {
    rd_kafka_message_t* messages[5'000];
    ssize_t count = rd_kafka_consume_batch_queue(queue, 100, messages, 1);
    count += count > 0 ? rd_kafka_consume_batch_queue(queue, 0, messages + 1, 4'999) : 0;
    for (ssize_t i = 0; i < count; ++i) {
      if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++taken;
        size += static_cast<long long>(messages[i]->len + messages[i]->key_len);
      } else if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        --left;
      }
      rd_kafka_message_destroy(messages[i]);
    }
  }
  records += taken;
  bytes += size;
  rd_kafka_topic_partition_list_destroy(mine);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "Usage: %s BROKERS LOOPS TOPIC...\n", argv[0]);
    return 2;
  }
  const int loops = std::atoi(argv[2]);
  const std::vector<const char*> topics(argv + 3, argv + argc);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < loops; ++i) {
    threads.emplace_back(read_all, argv[1], loops, i, std::cref(topics));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("{\"records\": %ld, \"bytes\": %lld, \"seconds\": %.4f}\n", records.load(),
              bytes.load(), took.count());
  return 0;
}
