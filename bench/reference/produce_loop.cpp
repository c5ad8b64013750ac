// A bare librdkafka produce loop with the settings of our producers: what they are measured
// against. Sends lines of key, tab, value, as `freshet simulate generate --stdout` writes them.
// Usage: bench_produce_loop BROKERS TOPIC FILE
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

int main(int, char** argv) {
  const char* settings[][2] = {{"bootstrap.servers", argv[1]},
                               {"enable.idempotence", "true"},
                               {"acks", "all"},
                               {"linger.ms", "5"},
                               {"compression.type", "lz4"},
                               {"batch.size", "1000000"},
                               {"queue.buffering.max.messages", "200000"},
                               {"queue.buffering.max.kbytes", "262144"},
                               {"partitioner", "murmur2"},
                               {"delivery.report.only.error", "true"}};
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    rd_kafka_conf_set(conf, name, value, why, sizeof why);
  }
  static long failed = 0;
  rd_kafka_conf_set_dr_msg_cb(conf,
                              [](rd_kafka_t*, const rd_kafka_message_t*, void*) { ++failed; });
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  std::ostringstream file;
  file << std::ifstream{argv[3]}.rdbuf();
  std::string text = std::move(file).str();
  long records = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    const std::size_t tab = text.find('\t', at);
    rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "schema", 6, "raw/1", 5);
    while (rd_kafka_producev(
               producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
               RD_KAFKA_V_KEY((&text[at]), tab - at),
               RD_KAFKA_V_VALUE((&text[tab + 1]), end - tab - 1), RD_KAFKA_V_HEADERS(headers),
               RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(producer, 100);
    }
    if (++records % 256 == 0) {
      rd_kafka_poll(producer, 0);
    }
  }
  const bool flushed = rd_kafka_flush(producer, 120'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("{\"records\": %ld, \"seconds\": %.4f}\n", records, took.count());
  return flushed && failed == 0 ? 0 : 1;
}
