// What a group has not read, asked of the broker.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

#include "core/key.hpp"
#include "operate/broker.hpp"
#include "operate/lag.hpp"

namespace freshet {

using namespace std::chrono_literals;

std::string_view source_of_key(std::string_view key) noexcept {
  // `<url hash>|<work key>` is a claim's; in all other keys the work comes first.
  const std::size_t bar = key.find('|');
  const std::size_t colon = key.find(':');
  if (bar != std::string_view::npos && (colon == std::string_view::npos || bar < colon)) {
    key.remove_prefix(bar + 1);
  }
  const auto work = parse_work_key(key);
  return work ? work->provider : std::string_view{};
}

void measure_unread(kafka::Consumer& consumer, const Config::Kafka& config,
                    std::vector<PartitionLag>& lags, const std::stop_token& stop) {
  std::map<kafka::TopicPartition, LagSample> samples;
  std::map<kafka::TopicPartition, PartitionLag*> open;
  for (PartitionLag& lag : lags) {
    const kafka::TopicPartition at{config.prefixed(lag.at.topic), lag.at.partition};
    samples[at].read_to = lag.next;
    if (lag.next < lag.end) {
      open[at] = &lag;
    }
  }
  const auto assign_open = [&] {
    std::vector<kafka::TopicPartitionOffset> from;
    from.reserve(open.size());
    for (const auto& [at, lag] : open) {
      from.push_back({at, samples[at].read_to});
    }
    require(consumer.assign(from));
  };
  assign_open();
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!open.empty() && !stop.stop_requested() && std::chrono::steady_clock::now() < until) {
    const auto polled = consumer.poll(500ms, 2'000);
    if (!polled) {
      continue;  // what stays unread is estimated
    }
    bool sampled = false;
    for (const kafka::Message& message : polled->messages) {
      const kafka::TopicPartition at{std::string{message.topic()}, message.partition()};
      const auto found = open.find(at);
      if (found == open.end()) {
        continue;
      }
      const PartitionLag& lag = *found->second;
      LagSample& sample = samples[at];
      if (message.offset() >= lag.end) {
        sample.read_to = lag.end;  // came after the ends were asked for
        open.erase(found);
        sampled = true;
        continue;
      }
      if (sample.records++ == 0) {
        sample.first_at = message.timestamp();
      }
      SourceLag& source = sample.by_source[std::string{source_of_key(message.key().value_or(""))}];
      if (source.records++ == 0) {
        source.first_at = message.timestamp();
      }
      sample.read_to = kafka::Offset{message.offset().value + 1};
      const bool is_long = lag.end.value - lag.next.value > kExactSpan;
      if (sample.read_to >= lag.end || (is_long && sample.records >= kSampleRecords)) {
        open.erase(found);
        sampled = true;
      }
    }
    for (const kafka::TopicPartition& at : polled->ends) {
      if (const auto found = open.find(at); found != open.end()) {
        samples[at].read_to = found->second->end;  // the rest holds no record
        open.erase(found);
        sampled = true;
      }
    }
    if (sampled && !open.empty()) {
      assign_open();  // spares the rest of what was sampled
    }
  }
  require(consumer.unassign());
  const UtcTime now = SystemClock{}.now();
  for (PartitionLag& lag : lags) {
    apply_sample(lag, samples[{config.prefixed(lag.at.topic), lag.at.partition}], now);
  }
}

std::vector<PartitionLag> read_positions(const Role& role, const Config::Kafka& config,
                                         kafka::Admin& admin, kafka::Consumer& consumer) {
  std::vector<kafka::TopicPartition> partitions;
  for (const std::string_view topic : role.topics) {
    std::ranges::move(partitions_of(consumer, config.prefixed(topic)),
                      std::back_inserter(partitions));
  }
  // The offsets before the ends: what the group has made of what it had read then lies before
  // these.
  const auto committed = require(admin.group_offsets(config.prefixed(role.name), partitions));
  std::vector<PartitionLag> result;
  result.reserve(partitions.size());
  for (const kafka::TopicPartition& at : partitions) {
    const auto ends = require(consumer.watermarks(at, 10s));
    PartitionLag lag;
    lag.at = {at.topic.substr(config.topic_prefix.size()), at.partition};
    if (const auto found = committed.find(at); found != committed.end()) {
      lag.committed = found->second;
    }
    lag.next = next_to_read(lag.committed, ends.low);
    lag.end = std::max(ends.high, lag.next);
    result.push_back(std::move(lag));
  }
  return result;
}

GroupLag read_lag(const Role& role, const Config::Kafka& config, kafka::Admin& admin,
                  kafka::Consumer& consumer, const std::stop_token& stop) {
  const auto state = require(admin.describe_group(config.prefixed(role.name)));
  GroupLag result{std::string{role.name}, state.state, state.members,
                  read_positions(role, config, admin, consumer)};
  measure_unread(consumer, config, result.partitions, stop);
  return result;
}

}  // namespace freshet
