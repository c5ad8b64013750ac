#include "operate/hidden_sources.hpp"

#include <utility>
#include <variant>

#include "core/check.hpp"
#include "core/fold.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/policy.hpp"

namespace freshet {

HiddenSources::HiddenSources(std::set<std::string, std::less<>> folded)
    : folded_{std::move(folded)} {}

bool HiddenSources::contains(std::string_view source) const {
  return !folded_.empty() && folded_.contains(fold_case(source));
}

HiddenSources hidden_sources(std::string_view shipped, std::string_view said,
                             const std::map<std::string, bool>& decided) {
  std::map<std::string, bool> hidden;  // by folded name
  const auto registry = parse_json(shipped);
  FRESHET_CHECK(registry && registry->is_array());  // a file of ours
  for (const json::value& entry : registry->as_array()) {
    hidden[fold_case(text_at(entry, "/name").value_or(""))] =
        value_at(entry, "/hidden") == json::value(true);
  }
  if (said != "null") {
    const Result<PolicyRule> rule = parse_policy_rule(policy::kSources, said);
    if (rule) {
      for (const SourcesRule::Entry& entry : std::get<SourcesRule>(*rule).sources) {
        if (entry.hidden) {
          hidden[fold_case(entry.name)] = *entry.hidden;
        }
      }
    } else {
      log::warn("source_registry_unusable", {{"reason", rule.error().message()}});
    }
  }
  for (const auto& [name, is_hidden] : decided) {
    hidden[name] = is_hidden;
  }
  std::set<std::string, std::less<>> folded;
  for (const auto& [name, is_hidden] : hidden) {
    if (is_hidden) {
      folded.insert(name);
    }
  }
  return HiddenSources{std::move(folded)};
}

}  // namespace freshet
