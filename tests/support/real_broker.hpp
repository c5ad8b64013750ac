#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/admin.hpp"

namespace freshet::test {

/// The broker that FRESHET_KAFKA_BROKERS names (default: that of `scripts/stack`), with a topic
/// prefix that nobody else has. Topics made through it are deleted with it. A broker that is not
/// there is a failure: it throws.
class RealBroker {
 public:
  RealBroker() : config_{make_config()}, admin_{config_} {
    if (const auto up = admin_.reachable(std::chrono::seconds{10}); !up) {
      throw std::runtime_error{up.error().message()};
    }
  }
  ~RealBroker() { static_cast<void>(admin_.delete_topics(topics_)); }
  RealBroker(const RealBroker&) = delete;
  RealBroker& operator=(const RealBroker&) = delete;

  const Config::Kafka& config() const { return config_; }
  kafka::Admin& admin() { return admin_; }

  /// Creates `<prefix><name>` and gives its name on the broker.
  std::string create_topic(const std::string& name, int partitions,
                           std::map<std::string, std::string> configs = {}) {
    const std::string topic = config_.prefixed(name);
    const auto created = admin_.create_topics({{topic, partitions, 1, std::move(configs)}});
    if (!created) {
      throw std::runtime_error{created.error().message()};
    }
    topics_.push_back(topic);
    return topic;
  }
  void delete_at_the_end(const std::string& topic) { topics_.push_back(topic); }

 private:
  static Config::Kafka make_config() {
    Config::Kafka config;
    if (const char* brokers = std::getenv("FRESHET_KAFKA_BROKERS")) {
      config.brokers = brokers;
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    config.topic_prefix =
        "test-" + std::to_string(::getpid()) + "-" +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) + ".";
    config.replication_factor = 1;
    config.min_insync_replicas = 1;
    return config;
  }

  Config::Kafka config_;
  kafka::Admin admin_;
  std::vector<std::string> topics_;
};

}  // namespace freshet::test
