#include "processors/stage_output.hpp"

#include <string>
#include <utility>

#include "core/log.hpp"
#include "core/roles.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

constexpr std::string_view kStep = kCatalogueRole;

}  // namespace

kafka::Headers schema_headers(std::string_view name) {
  return {{std::string{schema_header::kName}, std::string{name}}};
}

void StageOutput::begin(kafka::Producer& producer, UtcTime batch_time) {
  producer_ = &producer;
  batch_time_ = batch_time;
  failure_.reset();
  kept_bytes_ = 0;
}

void StageOutput::produce(const kafka::OutRecord& record) { note(producer_->produce(record)); }

StageOutput::Sent StageOutput::try_produce(const kafka::OutRecord& record) {
  const auto sent = producer_->produce(record);
  if (sent) {
    return Sent::done;
  }
  if (sent.error().errc() == Errc::too_large) {
    return Sent::too_large;
  }
  note(sent);
  return Sent::failed;
}

void StageOutput::dead_letter(const Error& error, const StageRecord& record) {
  dead_letter({.step = {},
               .error = error,
               .origin = {.topic = std::string{topic_of(record.input)},
                          .partition = record.partition,
                          .offset = record.offset.value},
               .key = record.key,
               .value = record.value,
               .time = {},
               .partitions = partitions_},
              record.message != nullptr ? record.message->headers() : kafka::Headers{});
}

void StageOutput::dead_letter(kafka::DeadLetter letter, const kafka::Headers& headers) {
  letter.step = kStep;
  letter.time = batch_time_;
  if (log::writes_debug()) {
    log::debug("record_put_aside",
               {{"key", letter.key.value_or(std::string_view{})},
                {"topic", letter.origin.topic},
                {"partition", letter.origin.partition.value_or(kafka::Partition{-1}).value},
                {"offset", letter.origin.offset},
                {"reason", to_string(letter.error.errc())},
                {"field", letter.error.field()},
                {"rule", letter.error.rule()}});
  }
  note(kafka::produce_dead_letter(*producer_, config_, letter, headers));
}

void StageOutput::note(const Result<void>& sent) {
  if (!sent && !failure_) {
    failure_ = sent.error();
  }
}

}  // namespace freshet
