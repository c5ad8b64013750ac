#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"

namespace freshet {

/// Names of the topics, without the prefix: pass them through `Config::Kafka::prefixed`.
namespace topics {
inline constexpr std::string_view kRaw = "media.raw.v1";
inline constexpr std::string_view kCatalog = "media.catalog.v1";
inline constexpr std::string_view kSeen = "media.seen.v1";
inline constexpr std::string_view kUrlClaims = "media.url-claims.v1";
inline constexpr std::string_view kUrlVerdicts = "media.url-verdicts.v1";
inline constexpr std::string_view kDecisions = "media.decisions.v1";
inline constexpr std::string_view kPolicy = "media.policy.v1";
inline constexpr std::string_view kPages = "media.pages.v1";
inline constexpr std::string_view kReports = "media.reports.v1";
inline constexpr std::string_view kLinkChecks = "media.link-checks.v1";
inline constexpr std::string_view kTotals = "media.totals.v1";
inline constexpr std::string_view kDeadLetter = "media.dead-letter.v1";
inline constexpr std::string_view kDeadLetterActions = "media.dead-letter-actions.v1";
inline constexpr std::string_view kProducerState = "producer.state.v1";
inline constexpr std::string_view kUsageEvents = "usage.events.v1";
inline constexpr std::string_view kUsageClicks = "usage.clicks.v1";
inline constexpr std::string_view kAlerts = "ops.alerts.v1";
}  // namespace topics

/// The header `schema` of records on a topic: `media.raw.v1` is `raw/1`.
namespace schema_header {
inline constexpr std::string_view kName = "schema";
inline constexpr std::string_view kRaw = "raw/1";
inline constexpr std::string_view kCatalog = "catalog/1";
inline constexpr std::string_view kSeen = "seen/1";
inline constexpr std::string_view kPage = "page/1";
inline constexpr std::string_view kTotals = "totals/1";
inline constexpr std::string_view kUrlClaim = "url-claim/1";
inline constexpr std::string_view kUrlVerdict = "url-verdict/1";
inline constexpr std::string_view kDecision = "decision/1";
inline constexpr std::string_view kPolicy = "policy/1";
inline constexpr std::string_view kReport = "report/1";
inline constexpr std::string_view kLinkCheck = "link-check/1";
inline constexpr std::string_view kDeadLetterAction = "dead-letter-action/1";
inline constexpr std::string_view kProducerState = "producer-state/1";
inline constexpr std::string_view kUsageEvent = "usage-event/1";
inline constexpr std::string_view kUsageClicks = "usage-clicks/1";
inline constexpr std::string_view kAlert = "alert/1";
}  // namespace schema_header

/// Largest serialised record (key + value + headers) in bytes that may be produced to a topic; its
/// `max.message.bytes` is a little larger, so that a batch of one such record fits.
inline constexpr std::size_t kRawMaxBytes = 1U << 20U;
inline constexpr std::size_t kCatalogMaxBytes = 2U << 20U;
inline constexpr std::size_t kDeadLetterMaxBytes = 4U << 20U;

/// One topic as it should be on the broker.
struct TopicSpec {
  std::string name;  ///< with the prefix
  int partitions = 0;
  int replication_factor = 0;
  std::map<std::string, std::string>
      configs;  ///< cleanup.policy, retention.ms, max.message.bytes …
};

/// Every topic of schemas/topics.json under the settings in force.
std::vector<TopicSpec> topic_specs(const Config::Kafka& config);

}  // namespace freshet
