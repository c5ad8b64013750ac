#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/kafka/types.hpp"
#include "processors/input.hpp"
#include "processors/stage_output.hpp"
#include "processors/stages/dedupe/dedupe.hpp"

namespace freshet {

/// Where stage `dedupe` sends to, and texts that keep their memory. Of one partition.
struct CatalogTopics {
  CatalogTopics(const Config::Kafka& config, PartitionCounts counts);

  PartitionCounts partitions;
  std::string catalog;
  std::string claims;
  std::string seen;
  kafka::Headers catalog_headers;
  kafka::Headers claim_headers;
  kafka::Headers seen_headers;
  std::string key;
  std::string value;
};

/// What `Dedupe` makes of one record, or of one slice of a scan, as records of topics. Made anew
/// for each, on the stack: it costs four words.
class CatalogOutput final : public DedupeOutput {
 public:
  /// @param record  what all is made of; nullptr: of the state, so there is no dead letter.
  /// @param sent    counts the records that went to the catalogue.
  CatalogOutput(CatalogTopics& topics, kafka::Partition partition, const StageRecord* record,
                StageOutput& output, std::int64_t& sent)
      : topics_{topics}, partition_{partition}, record_{record}, output_{output}, sent_{sent} {}

  bool record(std::string_view key, std::string_view json) override;
  void claim(std::string_view key, const UrlClaim& claim, bool needs_answer) override;
  void release(std::string_view key, std::string_view url_hash) override;
  void dead_letter(const Error& error) override;
  void dropped(std::string_view key, std::string_view reason) override;
  void put_aside(std::string_view key, std::string_view bytes, const Error& error) override;

 private:
  void produce_claim(std::string_view url_hash, std::string_view key,
                     std::optional<std::string_view> value);

  CatalogTopics& topics_;
  kafka::Partition partition_;
  const StageRecord* record_;
  StageOutput& output_;
  std::int64_t& sent_;
};

}  // namespace freshet
