#include "core/policy.hpp"

#include <algorithm>
#include <utility>

#include "core/fold.hpp"

namespace freshet {

std::int64_t Policy::version_of(std::string_view key) const {
  const auto found = versions_.find(key);
  return found == versions_.end() ? 0 : found->second;
}

std::map<std::string, SourceSaid, std::less<>> sources_said(const Policy& policy) {
  std::map<std::string, SourceSaid, std::less<>> said;
  for (const auto& [key, value] : policy.values()) {
    if (!std::holds_alternative<SourceRule>(value->rule)) {
      continue;
    }
    std::string name = key.substr(policy::kSource.size());
    const auto [at, is_new] = said.try_emplace(fold_case(name));
    if (is_new || at->second.value->version < value->version) {
      at->second = {std::move(name), value};
    }
  }
  return said;
}

std::int64_t next_policy_version(const Policy& policy, UtcTime now) {
  return std::max(policy.version() + 1, now.millis());
}

}  // namespace freshet
