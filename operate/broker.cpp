#include "operate/broker.hpp"

#include <chrono>
#include <set>

#include "core/topics.hpp"

namespace freshet {

using namespace std::chrono_literals;

const std::vector<KnownGroup>& known_groups() {
  static const std::vector<KnownGroup> groups{
      {"process.catalogue",
       {topics::kRaw, topics::kDecisions, topics::kUrlClaims, topics::kUrlVerdicts}},
      {"sink.postgres", {topics::kCatalog}},
      {"sink.elasticsearch", {topics::kCatalog}}};
  return groups;
}

void require_broker(kafka::Admin& admin) {
  if (const auto up = admin.reachable(10s); !up) {
    throw StartupError{up.error().message()};
  }
}

std::vector<kafka::TopicPartition> partitions_of(kafka::Consumer& consumer,
                                                 const std::string& topic) {
  const auto count = consumer.partition_count(topic, 10s);
  if (!count) {
    throw WorkFailed{count.error().message() + "; `freshet topics create` makes what is missing"};
  }
  std::vector<kafka::TopicPartition> partitions;
  partitions.reserve(static_cast<std::size_t>(*count));
  for (std::int32_t i = 0; i < *count; ++i) {
    partitions.push_back({topic, kafka::Partition{i}});
  }
  return partitions;
}

kafka::ConsumerOptions reader_options() {
  kafka::ConsumerOptions options;
  options.partition_end_events = true;
  options.queued_max_kbytes = 16'384;
  options.extra["fetch.wait.max.ms"] = "20";  // an end is told after an empty reply
  return options;
}

void read_to_end(kafka::Consumer& consumer, const std::vector<kafka::TopicPartitionOffset>& from,
                 const std::stop_token& stop,
                 const std::function<bool(const kafka::Message&)>& take) {
  if (from.empty()) {
    return;
  }
  require(consumer.assign(from));
  std::set<kafka::TopicPartition> ended;
  auto last_news = std::chrono::steady_clock::now();
  while (ended.size() < from.size() && !stop.stop_requested()) {
    const auto polled = consumer.poll(500ms, 5'000);
    const auto now = std::chrono::steady_clock::now();
    if (!polled || (polled->messages.empty() && polled->ends.empty())) {
      if (now - last_news > 20s) {
        throw WorkFailed{polled ? "the broker sent nothing for 20 s" : polled.error().message()};
      }
      continue;
    }
    last_news = now;
    for (const kafka::Message& message : polled->messages) {
      if (!take(message)) {
        return;
      }
    }
    ended.insert(polled->ends.begin(), polled->ends.end());
  }
}

}  // namespace freshet
