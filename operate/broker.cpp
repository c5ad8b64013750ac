#include "operate/broker.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>

#include "core/log.hpp"
#include "core/stop.hpp"

namespace freshet {

using namespace std::chrono_literals;

std::vector<Role> roles_with_groups() {
  std::vector<Role> found;
  std::ranges::copy_if(kRoles, std::back_inserter(found),
                       [](const Role& one) { return !one.topics.empty(); });
  return found;
}

std::vector<std::string> group_names() {
  std::vector<std::string> names;
  for (const Role& one : roles_with_groups()) {
    names.emplace_back(one.name);
  }
  return names;
}

void require_broker(kafka::Admin& admin) {
  if (const auto up = admin.reachable(10s); !up) {
    throw StartupError{up.error().message()};
  }
}

void wait_for_members_to_leave(kafka::Admin& admin, const std::string& group, int seconds,
                               const std::stop_token& stop) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  for (bool is_first = true;; is_first = false) {
    const auto state = require(admin.describe_group(group));
    if (state.members == 0) {
      return;
    }
    if (std::chrono::steady_clock::now() >= until || stop.stop_requested()) {
      throw RefusedError{"group " + group + " has " + std::to_string(state.members) +
                         " members: stop them first"};
    }
    if (is_first) {
      log::info("members_awaited", {{"group", group}, {"members", state.members}});
    }
    wait_for_stop(stop, 500ms);
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
