#include "api/usage/kafka_usage_log.hpp"

#include <utility>

#include "api/within.hpp"
#include "core/topics.hpp"

namespace freshet::api {
namespace {

TopicWriter::Record record_of(const usage::Event& event) {
  return {event.key(), usage::encode_event(event)};
}

}  // namespace

KafkaUsageLog::KafkaUsageLog(const Config::Kafka& config, Metrics& metrics)
    : writer_{config,
              metrics,
              {.topic = topics::kUsageEvents,
               .schema = schema_header::kUsageEvent,
               .event = "usage_not_sent",
               .metric = "freshet_usage_events_total",
               .meaning = "Events of usage, by what became of them before the broker had them"}} {}

Task<Result<void>> KafkaUsageLog::send(std::vector<usage::Event> events, Deadline deadline) {
  std::vector<TopicWriter::Record> records;
  for (const usage::Event& event : events) {
    records.push_back(record_of(event));
  }
  const std::function<void(TopicWriter::Deliver)> begin = [&](TopicWriter::Deliver deliver) {
    if (!writer_.add(std::move(records), deliver)) {
      deliver(Error{Errc::throttled, Retry::after_backoff, "too many events wait for the broker"});
    }
  };
  auto outcome = co_await within<Result<void>>(deadline, begin);
  if (!outcome) {
    co_return Error{Errc::timed_out, Retry::after_backoff, "the broker did not answer in time"};
  }
  co_return std::move(*outcome);
}

void KafkaUsageLog::note(const usage::Event& event) { writer_.note(record_of(event)); }

}  // namespace freshet::api
