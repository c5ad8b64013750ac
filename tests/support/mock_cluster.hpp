#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/config.hpp"

namespace freshet::test {

/// One broker inside this process: librdkafka's mock cluster. It cannot prove exactly-once, nor
/// does it administrate topics; it stores records and fails requests as it is told.
class MockCluster {
 public:
  MockCluster() {
    std::array<char, 256> reason{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size());
    if (handle_ == nullptr) {
      throw std::runtime_error{reason.data()};
    }
    cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  Config::Kafka config() const {
    Config::Kafka kafka;
    kafka.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
    kafka.replication_factor = 1;
    return kafka;
  }
  void create_topic(const std::string& name, int partitions) {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
  }
  void go_away() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void come_back() { rd_kafka_mock_broker_set_up(cluster_, 1); }

  enum class Request : std::int16_t {
    produce = 0,
    fetch = 1,
    offset_fetch = 9,
    heartbeat = 12,
    init_producer_id = 22,
    add_partitions_to_transaction = 24,
    end_transaction = 26,
  };
  /// The next `times` requests of that kind fail with `code`.
  void fail(Request request, rd_kafka_resp_err_t code, std::size_t times = 1) {
    for (std::size_t i = 0; i < times; ++i) {
      rd_kafka_mock_broker_push_request_error_rtts(cluster_, 1, static_cast<std::int16_t>(request),
                                                   1, code, 0);
    }
  }
  /// How many of these are still to fail.
  std::size_t errors_left(Request request) {
    std::size_t count = 0;
    rd_kafka_mock_broker_error_stack_cnt(cluster_, 1, static_cast<std::int16_t>(request), &count);
    return count;
  }
  void refuse_topic_in_transactions(const std::string& name, rd_kafka_resp_err_t code) {
    rd_kafka_mock_topic_set_error(cluster_, name.c_str(), code);
  }

 private:
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace freshet::test
