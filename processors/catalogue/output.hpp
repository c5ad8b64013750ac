#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/kafka/message.hpp"
#include "core/kafka/producer.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/urls/urls.hpp"

namespace freshet {

/// Records that a batch sent to the changelogs of one partition.
struct Touched {
  std::int64_t records = 0;                                 ///< to the catalogue
  std::vector<std::pair<std::string, std::string>> totals;  ///< to the sums: name and value
};

/// Sends what the stages make of the message at hand, within the transaction.
class BatchOutput final : public DedupeOutput, public UrlsOutput {
 public:
  BatchOutput(const Config::Kafka& config, PartitionCounts partitions);

  /// From here on through this producer, about records of this time, until the batch is over.
  void begin(kafka::Producer& producer, UtcTime batch_time);
  /// What follows is made of this message …
  void about(const kafka::Message& message, Input input, Touched& touched);
  /// … or of nothing but the state of this partition: there is nothing then to be put aside.
  void about(kafka::Partition partition, Touched& touched);

  bool record(std::string_view key, std::string_view json) override;
  void claim(std::string_view key, const UrlClaim& claim, bool needs_answer) override;
  void release(std::string_view key, std::string_view url_hash) override;
  void verdict(std::string_view work_key, const UrlHash& url, std::string_view owner) override;
  void dead_letter(const Error& error) override;

  /// Puts a message aside that is of no input.
  void dead_letter(const Error& error, const kafka::DeadLetterOrigin& origin, std::string_view key,
                   std::optional<std::string_view> value, const kafka::Headers& headers);

  /// Anything else.
  void produce(const kafka::OutRecord& record);

  /// The first error of the batch: what was to be sent is not, so the batch cannot be committed.
  const std::optional<Error>& failure() const { return failure_; }
  /// Of the batch's catalogue records, which it keeps in memory until it is committed.
  std::uint64_t record_bytes() const { return record_bytes_; }

 private:
  void produce_claim(std::string_view url_hash, std::string_view key,
                     std::optional<std::string_view> value);
  bool note(const Result<void>& sent);

  const Config::Kafka& config_;
  const PartitionCounts partitions_;
  const std::string catalog_topic_;
  const std::string claims_topic_;
  const std::string verdicts_topic_;
  const kafka::Headers catalog_headers_;
  const kafka::Headers claim_headers_;
  const kafka::Headers verdict_headers_;
  kafka::Producer* producer_ = nullptr;
  UtcTime batch_time_;
  std::optional<Error> failure_;
  std::uint64_t record_bytes_ = 0;
  kafka::Partition partition_;
  const kafka::Message* message_ = nullptr;
  Input input_ = Input::raw;
  Touched* touched_ = nullptr;
  std::string key_;  // of a claim or verdict; kept for its memory, like the next
  std::string value_;
};

/// The header `schema` of a record.
kafka::Headers schema_headers(std::string_view name);

}  // namespace freshet
