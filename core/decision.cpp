#include "core/decision.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <random>
#include <tuple>
#include <utility>

#include "core/json_writer.hpp"
#include "core/key.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, 4> kKinds{"takedown", "sensitive", "erase", "reemit"};

Error broken(std::string field, std::string rule, std::string why) {
  return {Errc::invalid_value, std::move(field), std::move(rule), "decision: " + std::move(why)};
}

Result<std::string> text_of(const json::value& entry, const char* name, std::size_t most) {
  const json::value& value = value_at(entry, fmt::format("/{}", name));
  const std::string field = fmt::format("history.{}", name);
  if (!value.is_string()) {
    return Error{Errc::missing_field, field, "required", "decision: history without " + field};
  }
  std::string text{std::string_view{value.get_string()}};
  if (auto fault = fault_of_decision_text(text, most)) {
    return broken(field, "text", field + " " + *fault);
  }
  return text;
}

Result<DecisionEntry> read_entry(const json::value& json, DecisionKind kind) {
  DecisionEntry entry;
  auto at = text_of(json, "at", 40);
  auto id = text_of(json, "decision_id", 36);
  auto action = text_of(json, "action", 40);
  auto by = text_of(json, "by", kMostDecisionBy);
  auto why = text_of(json, "why", kMostDecisionWhy);
  for (const auto* part : {&at, &id, &action, &by, &why}) {
    if (!*part) {
      return part->error();
    }
  }
  const auto time = parse_time(*at);
  // Other times would be written in a form that does not sort as text.
  if (!time || time->micros < 0) {
    return broken("history.at", "time", "history.at is no time since 1970");
  }
  if (!is_uuid_v4(*id)) {
    return broken("history.decision_id", "uuid", "history.decision_id is no UUID of version 4");
  }
  if (*action != to_string(kind) && (*action != kUndo || kind == DecisionKind::reemit)) {
    return broken("history.action", "action", "no such action under this key");
  }
  entry.at = UtcTime::from_millis(time->millis());
  entry.decision_id = *id;
  entry.action = *action;
  entry.by = std::move(*by);
  entry.why = std::move(*why);
  return entry;
}

}  // namespace

std::string_view to_string(DecisionKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<DecisionKind> parse_decision_kind(std::string_view text) noexcept {
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) {
    return std::nullopt;
  }
  return static_cast<DecisionKind>(found - kKinds.begin());
}

std::string make_decision_key(std::string_view work_key, DecisionKind kind) {
  return fmt::format("{}|{}", work_key, to_string(kind));
}

std::optional<DecisionKeyView> parse_decision_key(std::string_view key) noexcept {
  const std::size_t bar = key.rfind('|');
  if (bar == std::string_view::npos) {
    return std::nullopt;
  }
  const auto kind = parse_decision_kind(key.substr(bar + 1));
  if (!kind || !parse_work_key(key.substr(0, bar))) {
    return std::nullopt;
  }
  return DecisionKeyView{key.substr(0, bar), *kind};
}

std::string encode_decision_entry(const DecisionEntry& entry) {
  std::string out;
  ObjectWriter object{out};
  object.text("at", format_millis(entry.at));
  object.text("decision_id", entry.decision_id);
  object.text("action", entry.action);
  object.text("by", entry.by);
  object.text("why", entry.why);
  object.close();
  return out;
}

std::string encode_decision(const Decision& decision) {
  std::string out;
  ObjectWriter object{out};
  object.text("work_key", decision.work_key);
  object.text("kind", to_string(decision.kind));
  object.boolean("active", decision.active());
  object.text("decision_id", decision.history.back().decision_id);
  object.key("history");
  char separator = '[';
  for (const DecisionEntry& entry : decision.history) {
    out += separator;
    out += encode_decision_entry(entry);
    separator = ',';
  }
  out += ']';
  object.close();
  return out;
}

Result<Decision> parse_decision(std::string_view key, std::string_view value) {
  const auto named = parse_decision_key(key);
  // The stores would refuse a work with such a key, so there is nothing to hide.
  if (!named || !is_utf8(key) || key.find('\0') != std::string_view::npos) {
    return Error{Errc::wrong_key, "key", "decision", "decision: not <work key>|<kind>"};
  }
  const auto json = parse_json(value);
  if (!json) {
    return json.error();
  }
  if (text_at(*json, "/work_key") != named->work_key ||
      text_at(*json, "/kind") != to_string(named->kind)) {
    return Error{Errc::wrong_key, "key", "identity", "decision: the value is of another key"};
  }
  const json::value& history = value_at(*json, "/history");
  if (!history.is_array() || history.get_array().empty()) {
    return Error{Errc::missing_field, "history", "required", "decision: no history"};
  }
  Decision decision{std::string{named->work_key}, named->kind, {}};
  for (const json::value& element : history.get_array()) {
    auto entry = read_entry(element, named->kind);
    if (!entry) {
      return entry.error();
    }
    decision.history.push_back(std::move(*entry));
  }
  const auto rank = [](const DecisionEntry& e) { return std::tie(e.at, e.decision_id); };
  std::ranges::stable_sort(decision.history, {}, rank);
  const auto repeats = std::ranges::unique(decision.history, {}, rank);
  decision.history.erase(repeats.begin(), repeats.end());
  return decision;
}

std::optional<std::string> fault_of_decision_text(std::string_view text, std::size_t most) {
  if (text.empty()) {
    return "is empty";
  }
  if (!is_utf8(text)) {
    return "is not UTF-8";
  }
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return "has control characters";
  }
  if (count_code_points(text) > most) {
    return fmt::format("is longer than {} characters", most);
  }
  return std::nullopt;
}

std::string new_decision_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i) {
    const unsigned bits = random() & 15U;
    const unsigned digit = i == 12 ? 4U : i == 16 ? (8U | (bits & 3U)) : bits;
    id += (i == 8 || i == 12 || i == 16 || i == 20) ? "-" : "";
    id += kHexDigits[digit];
  }
  return id;
}

}  // namespace freshet
