#include "processors/catalogue/output.hpp"

#include "core/check.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "processors/url_claim.hpp"

namespace freshet {
namespace {

constexpr std::string_view kStep = "process.catalogue";

}  // namespace

kafka::Headers schema_headers(std::string_view name) {
  return {{std::string{schema_header::kName}, std::string{name}}};
}

BatchOutput::BatchOutput(const Config::Kafka& config, PartitionCounts partitions)
    : config_{config},
      partitions_{partitions},
      catalog_topic_{config.prefixed(topics::kCatalog)},
      claims_topic_{config.prefixed(topics::kUrlClaims)},
      verdicts_topic_{config.prefixed(topics::kUrlVerdicts)},
      catalog_headers_{schema_headers(schema_header::kCatalog)},
      claim_headers_{schema_headers(schema_header::kUrlClaim)},
      verdict_headers_{schema_headers(schema_header::kUrlVerdict)} {}

void BatchOutput::begin(kafka::Producer& producer, UtcTime batch_time) {
  producer_ = &producer;
  batch_time_ = batch_time;
  failure_.reset();
  record_bytes_ = 0;
}

void BatchOutput::about(const kafka::Message& message, Input input, Touched& touched) {
  about(message.partition(), touched);
  message_ = &message;
  input_ = input;
}

void BatchOutput::about(kafka::Partition partition, Touched& touched) {
  partition_ = partition;
  message_ = nullptr;
  touched_ = &touched;
}

bool BatchOutput::record(std::string_view key, std::string_view json) {
  const auto sent = producer_->produce({.topic = catalog_topic_,
                                        .partition = partition_,
                                        .key = key,
                                        .value = json,
                                        .headers = &catalog_headers_,
                                        .timestamp = std::nullopt});
  if (!sent && sent.error().errc() == Errc::too_large) {
    return false;
  }
  touched_->records += note(sent) ? 1 : 0;
  record_bytes_ += json.size();
  return true;
}

void BatchOutput::claim(std::string_view key, const UrlClaim& claim, bool needs_answer) {
  value_.clear();
  append_claim(value_, claim.created_on, needs_answer);
  produce_claim(claim.url_hash, key, value_);
}

void BatchOutput::release(std::string_view key, std::string_view url_hash) {
  produce_claim(url_hash, key, std::nullopt);
}

void BatchOutput::produce_claim(std::string_view url_hash, std::string_view key,
                                std::optional<std::string_view> value) {
  key_.clear();
  append_claim_key(key_, url_hash, key);
  note(producer_->produce({.topic = claims_topic_,
                           .partition = kafka::Partition{partition_for_key(
                               claim_partition_key(key_), partitions_.claims)},
                           .key = key_,
                           .value = value,
                           .headers = &claim_headers_,
                           .timestamp = std::nullopt}));
}

void BatchOutput::verdict(std::string_view work_key, const UrlHash& url, std::string_view owner) {
  key_.clear();
  append_verdict_key(key_, work_key, url);
  value_.clear();
  append_verdict(value_, owner);
  note(producer_->produce(
      {.topic = verdicts_topic_,
       .partition = kafka::Partition{partition_for_key(work_key, partitions_.works)},
       .key = key_,
       .value = value_,
       .headers = &verdict_headers_,
       .timestamp = std::nullopt}));
}

void BatchOutput::dead_letter(const Error& error) {
  FRESHET_CHECK(message_ != nullptr);
  note(kafka::produce_dead_letter(*producer_, config_,
                                  {.step = kStep,
                                   .error = error,
                                   .origin = {.topic = std::string{topic_of(input_)},
                                              .partition = message_->partition(),
                                              .offset = message_->offset().value},
                                   .key = message_->key(),
                                   .value = message_->value(),
                                   .time = batch_time_,
                                   .partitions = partitions_.works},
                                  message_->headers()));
}

void BatchOutput::dead_letter(const Error& error, const kafka::DeadLetterOrigin& origin,
                              std::string_view key, std::optional<std::string_view> value,
                              const kafka::Headers& headers) {
  note(kafka::produce_dead_letter(*producer_, config_,
                                  {.step = kStep,
                                   .error = error,
                                   .origin = origin,
                                   .key = key,
                                   .value = value,
                                   .time = batch_time_},
                                  headers));
}

void BatchOutput::produce(const kafka::OutRecord& record) { note(producer_->produce(record)); }

bool BatchOutput::note(const Result<void>& sent) {
  if (!sent && !failure_) {
    failure_ = sent.error();
  }
  return sent.has_value();
}

}  // namespace freshet
