#include "processors/stages/policy_rules.hpp"

#include "core/check.hpp"

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

}  // namespace freshet
