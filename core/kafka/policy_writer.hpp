#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config.hpp"
#include "core/kafka/producer.hpp"
#include "core/policy.hpp"

namespace freshet::kafka {

/// Who sets the rule, and why. Both texts must pass `fault_of_decision_text`.
struct PolicyReason {
  std::string by;
  std::string why;
};

/// Writes a rule to `media.policy.v1`, under a version that is greater than all in `policy`, and
/// waits until the broker has it.
/// @param rule  nothing: back to what is shipped.
/// @return the version. @error as `Producer::produce` and `flush`.
Result<std::int64_t> write_policy(Producer& producer, const Config::Kafka& config,
                                  const Policy& policy, std::string_view key,
                                  const std::optional<PolicyRule>& rule, const PolicyReason& reason,
                                  UtcTime now);

}  // namespace freshet::kafka
