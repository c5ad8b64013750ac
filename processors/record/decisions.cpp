#include "processors/record/decisions.hpp"

#include <set>

#include "processors/record/json_slices.hpp"
#include "processors/record/json_text.hpp"
#include "processors/record/work.hpp"

namespace freshet {
namespace {

constexpr std::string_view kHistory = R"(,"history":)";

// Calls visit(name, name_json, value) per member, the name decoded.
template <class Visit>
void each_member(std::string_view object, Visit visit) {
  Arena arena;
  each_member_slice(object, [&](std::string_view quoted, std::string_view value) {
    if (const auto name = decode_json_text(quoted, arena)) {
      visit(*name, quoted, value);
    }
    return true;
  });
}

bool is_active(std::string_view of_kind) {
  bool active = false;
  each_member(of_kind, [&](std::string_view name, std::string_view, std::string_view value) {
    active = active || (name == "active" && value == "true");
  });
  return active;
}

// `{"active":…,"history":[…]}` or `null`; empty when there is no such member. Of several one that
// is active, if there is one.
std::string_view member_of(std::string_view decisions, DecisionKind kind) {
  std::string_view found;
  each_member(decisions, [&](std::string_view name, std::string_view, std::string_view value) {
    if (name == to_string(kind) && !is_active(found)) {
      found = value;
    }
  });
  return found;
}

// Whether a version that is not this one decides by it.
bool is_of_another(std::string_view name) {
  const auto kind = parse_decision_kind(name);
  return !kind || *kind == DecisionKind::reemit;
}

std::string united(std::string_view known, const Decision& decision) {
  std::set<std::string, std::less<>> entries;
  each_member(known, [&](std::string_view name, std::string_view, std::string_view value) {
    if (name == "history") {
      each_element_slice(value, [&](std::string_view entry) {
        entries.emplace(entry);
        return true;
      });
    }
  });
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
  return is_active(member_of(decisions, kind));
}

bool may_block(std::string_view decisions) {
  bool found = false;
  each_member(decisions, [&](std::string_view name, std::string_view, std::string_view value) {
    const bool blocks = is_of_another(name) || name == to_string(DecisionKind::takedown) ||
                        name == to_string(DecisionKind::erase);
    found = found || (blocks && is_active(value));
  });
  return found;
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
  // What another version decides by is not to be forgotten by this one.
  each_member(decisions,
              [&](std::string_view name, std::string_view quoted, std::string_view value) {
                if (is_of_another(name)) {
                  out.append(",").append(quoted).append(":").append(value);
                }
              });
  return out + "}";
}

}  // namespace freshet
