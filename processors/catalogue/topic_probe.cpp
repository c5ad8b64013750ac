#include "processors/catalogue/topic_probe.hpp"

#include <chrono>

#include "core/log.hpp"

namespace freshet {
namespace {

constexpr std::chrono::milliseconds kAskWait{1'000};

kafka::ConsumerOptions uncommitted() {
  kafka::ConsumerOptions options;
  options.isolation = kafka::Isolation::read_uncommitted;
  return options;
}

}  // namespace

TopicProbe::TopicProbe(const Config::Kafka& config, const KeepAlive& keep_alive)
    : keep_alive_{keep_alive}, uncommitted_{config, uncommitted()}, committed_{config, {}} {}

std::optional<kafka::Watermarks> TopicProbe::marks(const kafka::TopicPartition& at) {
  return ask(uncommitted_, at);
}

std::optional<kafka::Watermarks> TopicProbe::stable_marks(const kafka::TopicPartition& at) {
  return ask(committed_, at);
}

std::optional<kafka::Watermarks> TopicProbe::ask(kafka::Consumer& consumer,
                                                 const kafka::TopicPartition& at) {
  while (keep_alive_()) {
    const auto marks = consumer.watermarks(at, kAskWait);
    if (marks) {
      return *marks;
    }
    log::warn("watermarks_awaited", {{"text", marks.error().message()}});
  }
  return std::nullopt;
}

std::optional<std::optional<kafka::Offset>> TopicProbe::first_since(const kafka::TopicPartition& at,
                                                                    UtcTime time) {
  while (keep_alive_()) {
    const auto found = committed_.offset_for_time(at, time, kAskWait);
    if (found) {
      return *found;
    }
    log::warn("watermarks_awaited", {{"text", found.error().message()}});
  }
  return std::nullopt;
}

}  // namespace freshet
