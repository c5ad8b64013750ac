#include "sinks/targets/dead_letter_actions.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/dead_letter_action.hpp"
#include "core/kafka/consumer.hpp"
#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kPollTime = 200ms;
constexpr auto kRetryAfter = 1s;
constexpr auto kTopicRetry = 5s;
constexpr auto kWriteLimit = 120s;  // longer than it ever takes; a frozen server is noticed
constexpr std::size_t kMostAtOnce = 200;

constexpr const char* kInsert =
    "INSERT INTO dead_letter_action (action_id, part, action, done_by, why, done_at, partition, "
    "offsets) VALUES ($1::uuid, $2, $3, $4, $5, $6::timestamptz, $7, $8::bigint[]) "
    "ON CONFLICT DO NOTHING";

std::string array_text(const std::vector<std::int64_t>& offsets) {
  std::string text = "{";
  for (const std::int64_t offset : offsets) {
    text += (text.size() > 1 ? "," : "") + std::to_string(offset);
  }
  return text + "}";
}

class DeadLetterActions final : public SinkCompanion {
 public:
  DeadLetterActions(const Config& config, std::stop_token stop)
      : kafka_{config.kafka},
        topic_{config.kafka.prefixed(topics::kDeadLetterActions)},
        stop_{std::move(stop)},
        connection_{{.dsn = config.postgres.dsn, .application = "freshet sink postgres actions"}},
        thread_{[this](const std::stop_token& own) { run(own); }} {}

  bool is_done() const override { return is_done_; }

 private:
  void run(const std::stop_token& stop) {
    kafka::ConsumerOptions options;
    options.partition_end_events = true;
    options.queued_max_kbytes = 4'096;
    kafka::Consumer consumer{kafka_, options};
    while (!consumer.partition_count(topic_, 5s)) {
      is_done_ = true;  // an earlier version made the topics: nothing was ever done
      if (wait_for_stop(stop, kTopicRetry)) {
        return;
      }
    }
    is_done_ = false;
    while (!consumer.assign({{{topic_, kafka::Partition{0}}, kafka::Consumer::kBeginning}})) {
      if (wait_for_stop(stop, kRetryAfter)) {
        return;
      }
    }
    while (!stop.stop_requested()) {
      const auto polled = consumer.poll(kPollTime, kMostAtOnce);
      if (!polled) {
        log::warn("poll_failed", {{"topic", topic_}, {"text", polled.error().message()}});
        wait_for_stop(stop, kRetryAfter);
        continue;
      }
      if (!polled->messages.empty()) {
        is_done_ = false;
        write_until_done(read(polled->messages), stop);
      }
      is_done_ = is_done_ || !polled->ends.empty();
    }
  }

  static std::vector<DeadLetterAction> read(const std::vector<kafka::Message>& messages) {
    std::vector<DeadLetterAction> actions;
    for (const kafka::Message& message : messages) {
      auto action =
          parse_dead_letter_action(message.key().value_or(""), message.value().value_or(""));
      if (action) {
        actions.push_back(std::move(*action));
      } else {
        log::warn("dead_letter_action_unusable",
                  {{"offset", message.offset().value}, {"text", action.error().message()}});
      }
    }
    return actions;
  }

  void write_until_done(const std::vector<DeadLetterAction>& actions, const std::stop_token& stop) {
    while (!actions.empty() && !stop.stop_requested()) {
      const auto fault = write(actions);
      if (!fault) {
        return;
      }
      log::warn("dead_letter_actions_delayed", {{"text", *fault}});
      wait_for_stop(stop, kRetryAfter);
    }
  }

  // Whoever waits for this thread must not lose it to what a library throws.
  std::optional<std::string> write(const std::vector<DeadLetterAction>& actions) try {
    const auto written =
        connection_.run(Deadline::in(kWriteLimit), stop_, [&](pqxx::connection_base& open) {
          pqxx::work work{open};
          for (const DeadLetterAction& action : actions) {
            work.exec_params(kInsert, action.action_id, action.part,
                             std::string{to_string(action.kind)}, action.by, action.why,
                             format_millis(action.at), action.partition,
                             array_text(action.offsets));
          }
          work.commit();
          return true;
        });
    return written ? std::nullopt : std::optional{written.error().message()};
  } catch (const std::exception& error) {
    return error.what();
  }

  const Config::Kafka& kafka_;
  const std::string topic_;
  const std::stop_token stop_;
  postgres::Connection connection_;
  std::atomic<bool> is_done_ = false;
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace

std::unique_ptr<SinkCompanion> make_dead_letter_actions(const Config& config,
                                                        std::stop_token stop) {
  return std::make_unique<DeadLetterActions>(config, std::move(stop));
}

}  // namespace freshet
