#include "operate/removals.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace freshet {

std::vector<HeldRemoval> held_removals(const Policy& policy) {
  std::vector<HeldRemoval> list;
  for (const auto& [key, value] : policy.values()) {
    const auto* rule = std::get_if<RemovalRule>(&value->rule);
    if (rule == nullptr || !rule->held) {
      continue;
    }
    const std::string scope = key.substr(policy::kRemoval.size());
    const std::size_t colon = scope.find(':');
    list.push_back({scope.substr(0, colon), scope.substr(colon + 1), *rule->held});
  }
  return list;
}

RemovalRule settle(const RemovalRule& rule, RemovalWord word) {
  FRESHET_CHECK(rule.held.has_value());
  const UtcTime began = rule.held->started_at;
  RemovalRule settled = rule;
  settled.held.reset();
  auto& time = word == RemovalWord::approve ? settled.approved_before : settled.refused_before;
  time = std::max(time.value_or(began), began);
  return settled;
}

}  // namespace freshet
