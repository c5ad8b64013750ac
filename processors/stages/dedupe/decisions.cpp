#include "processors/stages/dedupe/decisions.hpp"

#include <set>

#include "processors/json_slices.hpp"

namespace freshet {
namespace {

constexpr std::string_view kHistory = R"(,"history":)";

// `{"active":…,"history":[…]}` or `null`; empty when there is no such member.
std::string_view member_of(std::string_view decisions, DecisionKind kind) {
  std::string_view found;
  each_member_slice(decisions, [&](std::string_view name, std::string_view value) {
    if (name.substr(1, name.size() - 2) == to_string(kind)) {
      found = value;
    }
    return true;
  });
  return found;
}

std::string united(std::string_view known, const Decision& decision) {
  std::set<std::string, std::less<>> entries;
  if (const auto at = known.find(kHistory); at != std::string_view::npos) {
    const std::string_view list = known.substr(at + kHistory.size());
    each_element_slice(list.substr(0, list.size() - 1), [&](std::string_view entry) {
      entries.emplace(entry);
      return true;
    });
  }
  for (const DecisionEntry& entry : decision.history) {
    entries.insert(encode_decision_entry(entry));
  }
  while (entries.size() > kMostDecisionHistory) {
    entries.erase(entries.begin());
  }
  // In an entry's text every quote of a value is escaped, so this is the member.
  const bool active = entries.rbegin()->find(R"("action":"undo")") == std::string::npos;
  std::string out = active ? R"({"active":true)" : R"({"active":false)";
  out += kHistory;
  out += '[';
  for (const std::string& entry : entries) {
    out += out.back() == '[' ? "" : ",";
    out += entry;
  }
  return out + "]}";
}

}  // namespace

bool is_decided(std::string_view decisions, DecisionKind kind) {
  return member_of(decisions, kind).starts_with(R"({"active":true)");
}

std::string with_decision(std::string_view decisions, const Decision& decision) {
  std::string out = "{";
  for (const DecisionKind kind :
       {DecisionKind::takedown, DecisionKind::sensitive, DecisionKind::erase}) {
    out += out.size() == 1 ? "\"" : ",\"";
    out += to_string(kind);
    out += "\":";
    const std::string_view known = member_of(decisions, kind);
    if (kind == decision.kind) {
      out += united(known, decision);
    } else {
      out += known.empty() ? "null" : known;
    }
  }
  return out + "}";
}

}  // namespace freshet
