#include "core/kafka/policy_writer.hpp"

#include "core/topics.hpp"

namespace freshet::kafka {

Result<std::int64_t> write_policy(Producer& producer, const Config::Kafka& config,
                                  const Policy& policy, std::string_view key,
                                  const std::optional<PolicyRule>& rule, const PolicyReason& reason,
                                  UtcTime now) {
  constexpr std::chrono::milliseconds kTimeout{30'000};
  const std::int64_t version = next_policy_version(policy, now);
  const std::string topic = config.prefixed(topics::kPolicy);
  Headers headers{{std::string{schema_header::kName}, std::string{schema_header::kPolicy}}};
  std::optional<std::string> value;
  if (rule) {
    value = encode_policy_value({version, now, reason.by, reason.why, *rule});
  } else {
    // What has no value says in headers who took it back.
    headers.emplace_back("version", std::to_string(version));
    headers.emplace_back("by", reason.by);
    headers.emplace_back("why", reason.why);
  }
  const auto sent = producer.produce({.topic = topic,
                                      .partition = Partition{0},
                                      .key = key,
                                      .value = value,
                                      .headers = &headers,
                                      .timestamp = std::nullopt});
  if (!sent) {
    return sent.error();
  }
  if (const auto delivered = producer.flush(kTimeout); !delivered) {
    return delivered.error();
  }
  return version;
}

}  // namespace freshet::kafka
