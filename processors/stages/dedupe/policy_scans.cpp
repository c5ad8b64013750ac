#include "processors/stages/dedupe/policy_scans.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/hash.hpp"
#include "core/resources.hpp"

namespace freshet {

std::vector<ScanJob> scans_of(const Policy& policy) {
  // What is shipped may change with the binary, so it is a part of the reason too.
  static const std::string shipped = to_hex(xxh3(resource("rules.json")));
  std::string lists = std::to_string(policy.version_of(policy::kSensitiveTerms)) + "." +
                      std::to_string(policy.version_of(policy::kHiddenTags)) + "." + shipped;
  // Only once something was said of it: a binary that knows this list is no reason to scan.
  if (const std::int64_t hosts = policy.version_of(policy::kHttpHosts); hosts > 0) {
    lists += "." + std::to_string(hosts);
  }
  std::vector<ScanJob> jobs;
  jobs.push_back({.name = "lists",
                  .prefix = "",
                  .token = std::move(lists),
                  .visitor = std::make_shared<ReviewVisitor>()});
  const auto review = [&](const std::string& key, std::string_view prefix, std::string token) {
    jobs.push_back({.name = key,
                    .prefix = key.substr(prefix.size()) + ":",
                    .token = std::move(token),
                    .visitor = std::make_shared<ReviewVisitor>()});
  };
  for (const auto& [key, version] : policy.versions()) {
    if (key.starts_with(policy::kPopularity)) {
      // In the middle of a load: works that are there wait for the one that follows.
      if (const auto* rule = policy.find<PopularityRule>(key);
          rule != nullptr && rule->is_provisional) {
        continue;
      }
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
