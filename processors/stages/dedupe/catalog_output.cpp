#include "processors/stages/dedupe/catalog_output.hpp"

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "processors/record/url_claim.hpp"

namespace freshet {

CatalogTopics::CatalogTopics(const Config::Kafka& config, PartitionCounts counts)
    : partitions{counts},
      catalog{config.prefixed(topics::kCatalog)},
      claims{config.prefixed(topics::kUrlClaims)},
      seen{config.prefixed(topics::kSeen)},
      catalog_headers{schema_headers(schema_header::kCatalog)},
      claim_headers{schema_headers(schema_header::kUrlClaim)},
      seen_headers{schema_headers(schema_header::kSeen)} {}

bool CatalogOutput::record(std::string_view key, std::string_view json) {
  const auto sent = output_.try_produce({.topic = topics_.catalog,
                                         .partition = partition_,
                                         .key = key,
                                         .value = json,
                                         .headers = &topics_.catalog_headers,
                                         .timestamp = std::nullopt});
  if (sent == StageOutput::Sent::too_large) {
    return false;
  }
  sent_ += sent == StageOutput::Sent::done ? 1 : 0;
  output_.keep(json.size());
  return true;
}

void CatalogOutput::claim(std::string_view key, const UrlClaim& claim, bool needs_answer) {
  topics_.value.clear();
  append_claim(topics_.value, claim.created_on, needs_answer);
  produce_claim(claim.url_hash, key, topics_.value);
}

void CatalogOutput::release(std::string_view key, std::string_view url_hash) {
  produce_claim(url_hash, key, std::nullopt);
}

void CatalogOutput::produce_claim(std::string_view url_hash, std::string_view key,
                                  std::optional<std::string_view> value) {
  topics_.key.clear();
  append_claim_key(topics_.key, url_hash, key);
  output_.produce({.topic = topics_.claims,
                   .partition = kafka::Partition{partition_for_key(claim_partition_key(topics_.key),
                                                                   topics_.partitions.claims)},
                   .key = topics_.key,
                   .value = value,
                   .headers = &topics_.claim_headers,
                   .timestamp = std::nullopt});
}

void CatalogOutput::dead_letter(const Error& error) {
  FRESHET_CHECK(record_ != nullptr);
  output_.dead_letter(error, *record_);
}

void CatalogOutput::dropped(std::string_view key, std::string_view reason) {
  if (!log::writes_debug() || record_ == nullptr) {
    return;
  }
  log::debug("record_dropped", {{"key", key},
                                {"reason", reason},
                                {"topic", topic_of(record_->input)},
                                {"partition", record_->partition.value},
                                {"offset", record_->offset.value}});
}

// Where it lies on its topic is not known any more: the state keeps no offsets.
void CatalogOutput::put_aside(std::string_view key, std::string_view bytes, const Error& error) {
  output_.dead_letter(
      {.step = {},
       .error = error,
       .origin = {.topic = std::string{topics::kCatalog}, .partition = partition_, .offset = -1},
       .key = key,
       .value = bytes,
       .time = {},
       .partitions = topics_.partitions.works},
      topics_.catalog_headers);
}

}  // namespace freshet
