#include "processors/catalogue/policy_rules.hpp"

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/resources.hpp"

namespace freshet {

std::shared_ptr<const RuleSet> PolicyRules::newest() {
  auto state = reader_.state();
  FRESHET_CHECK(state != nullptr);
  const std::lock_guard guard{mutex_};
  if (!newest_ || newest_->state != state) {
    const DedupeRules* const before = newest_ ? &newest_->rules : nullptr;
    auto next = std::make_shared<RuleSet>(
        RuleSet{state, overlaid(shipped_dedupe_rules(), *state->policy, before)});
    newest_ = std::move(next);
  }
  return newest_;
}

std::vector<ScanJob> scans_of(const Policy& policy) {
  // What is shipped may change with the binary, so it is a part of the reason too.
  static const std::string shipped = to_hex(xxh3(resource("rules.json")));
  std::vector<ScanJob> jobs;
  jobs.push_back({.name = "lists",
                  .prefix = "",
                  .token = std::to_string(policy.version_of(policy::kSensitiveTerms)) + "." +
                           std::to_string(policy.version_of(policy::kHiddenTags)) + "." + shipped,
                  .visitor = std::make_shared<ReviewVisitor>()});
  const auto review = [&](const std::string& key, std::string_view prefix, std::string token) {
    jobs.push_back({.name = key,
                    .prefix = key.substr(prefix.size()) + ":",
                    .token = std::move(token),
                    .visitor = std::make_shared<ReviewVisitor>()});
  };
  for (const auto& [key, version] : policy.versions()) {
    if (key.starts_with(policy::kPopularity)) {
      review(key, policy::kPopularity, std::to_string(version));  // also when it was taken back
    } else if (const auto* removal = policy.find<RemovalRule>(key)) {
      // What is held, or was refused, concerns no work.
      if (removal->approved_before) {
        review(key, policy::kRemoval, std::to_string(removal->approved_before->micros));
      }
    }
  }
  return jobs;
}

}  // namespace freshet
