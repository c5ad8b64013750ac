#include "operate/reemit.hpp"

#include <spdlog/fmt/fmt.h>

#include <map>
#include <utility>

#include "core/decision.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "operate/decide.hpp"
#include "operate/lag.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAgain = 500ms;

std::int64_t unread(const Role& role, const Config::Kafka& config, kafka::Admin& admin,
                    kafka::Consumer& consumer) {
  std::int64_t sum = 0;
  for (const PartitionLag& one : read_positions(role, config, admin, consumer)) {
    sum += one.end.value - one.next.value;
  }
  return sum;
}

}  // namespace

Reemitter::Reemitter(const Context& context, Options options)
    : context_{context},
      options_{std::move(options)},
      admin_{context.config.kafka},
      consumer_{context.config.kafka, reader_options()},
      producer_{context.config.kafka, {}},
      next_at_{std::chrono::steady_clock::now()} {
  require_broker(admin_);
  const Config::Kafka& config = context.config.kafka;
  partitions_ = static_cast<std::int32_t>(
      partitions_of(consumer_, config.prefixed(topics::kDecisions)).size());
  if (require(admin_.describe_group(config.prefixed(kCatalogueRole))).members == 0) {
    throw RefusedError{"no `freshet process catalogue` runs, which alone writes works again"};
  }
}

void Reemitter::write(std::span<const std::string> keys) {
  if (keys.empty()) {
    return;
  }
  await_turn();
  std::map<std::int32_t, kafka::Offset> ends;
  for (const std::string& key : keys) {
    const std::int32_t number = partition_for_key(key, partitions_);
    if (!ends.contains(number)) {
      ends[number] = require(consumer_.watermarks({context_.config.kafka.prefixed(topics::kCatalog),
                                                   kafka::Partition{number}},
                                                  10s))
                         .high;
    }
  }
  std::vector<kafka::TopicPartitionOffset> from;
  for (const auto& [number, end] : ends) {
    from.push_back(
        {{context_.config.kafka.prefixed(topics::kCatalog), kafka::Partition{number}}, end});
  }
  send(keys, false);
  const auto open = await_shown(keys, from);
  std::vector<std::string> shown;
  for (const std::string& key : keys) {
    if (!open.contains(key)) {
      shown.push_back(key);
    }
  }
  send(shown, true);
  written_ += static_cast<std::int64_t>(shown.size());
  if (!open.empty()) {
    throw WorkFailed{fmt::format(
        "{} works were asked for and are not in the catalogue after {} s, such as {}: they will "
        "be, or were never seen",
        open.size(), options_.wait_seconds, *open.begin())};
  }
}

// Behind live traffic: what arrives, and what the stores have to take, comes first.
void Reemitter::await_turn() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_at_) {
    wait_for_stop(context_.stop,
                  std::chrono::duration_cast<std::chrono::milliseconds>(next_at_ - now));
  }
  for (const Role& role : roles_with_groups()) {
    while (!context_.stop.stop_requested()) {
      const std::int64_t left = unread(role, context_.config.kafka, admin_, consumer_);
      const bool is_there = [&] {
        return left <= kMostUnread ||
               require(admin_.describe_group(context_.config.kafka.prefixed(role.name))).members >
                   0;
      }();
      // A sink that does not run has no traffic to be behind.
      if (left <= kMostUnread || !is_there) {
        break;
      }
      log::info("live_traffic_awaited", {{"group", role.name}, {"offsets", left}});
      wait_for_stop(context_.stop, kLookAgain);
    }
  }
  if (context_.stop.stop_requested()) {
    throw WorkFailed{fmt::format("stopped; {} works were written again", written_)};
  }
}

void Reemitter::send(std::span<const std::string> keys, bool is_cleared) {
  const std::string topic = context_.config.kafka.prefixed(topics::kDecisions);
  const kafka::Headers headers{
      {std::string{schema_header::kName}, std::string{schema_header::kDecision}}};
  const std::string id = new_decision_id();
  const UtcTime now = SystemClock{}.now();
  for (const std::string& work_key : keys) {
    const std::string key = make_decision_key(work_key, DecisionKind::reemit);
    std::string value;
    if (!is_cleared) {
      value = encode_decision(decide_next(work_key, DecisionKind::reemit, std::nullopt,
                                          {now, id, std::string{to_string(DecisionKind::reemit)},
                                           options_.author.by, options_.author.why}));
    }
    require(producer_.produce(
        {.topic = topic,
         .partition = kafka::Partition{partition_for_key(work_key, partitions_)},
         .key = key,
         .value = is_cleared ? std::nullopt : std::optional<std::string_view>{value},
         .headers = &headers,
         .timestamp = std::nullopt}));
  }
  require(producer_.flush(30s));
  if (!is_cleared) {
    next_at_ = std::chrono::steady_clock::now() +
               std::chrono::milliseconds{1'000 * keys.size() /
                                         static_cast<std::size_t>(options_.per_second)};
  }
}

// A reemit leaves no trace in the record, so any record written after it was sent shows it.
std::set<std::string> Reemitter::await_shown(std::span<const std::string> keys,
                                             const std::vector<kafka::TopicPartitionOffset>& from) {
  std::set<std::string> open{keys.begin(), keys.end()};
  require(consumer_.assign(from));
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds{options_.wait_seconds};
  while (!open.empty() && std::chrono::steady_clock::now() < deadline &&
         !context_.stop.stop_requested()) {
    const auto polled = consumer_.poll(200ms, 1'000);
    if (!polled) {
      continue;  // the broker is away: what was sent is safe, and the time runs out
    }
    for (const kafka::Message& message : polled->messages) {
      if (message.key() && message.value()) {
        open.erase(std::string{*message.key()});
      }
    }
  }
  require(consumer_.unassign());
  return open;
}

}  // namespace freshet
