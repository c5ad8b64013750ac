#include "core/dead_letter_action.hpp"

#include <limits>
#include <optional>

#include "core/decision.hpp"
#include "core/json.hpp"
#include "core/json_writer.hpp"
#include "core/key.hpp"

namespace freshet {
namespace {

Error invalid(const char* field, const char* rule, const std::string& why) {
  return {Errc::invalid_value, field, rule, std::string{field} + " " + why};
}

template <class Integer>
std::optional<Integer> integer_at(const json::value& root, const char* pointer) {
  const json::value& value = value_at(root, pointer);
  if (!value.is_int64() || value.as_int64() < 0 ||
      value.as_int64() > std::numeric_limits<Integer>::max()) {
    return std::nullopt;
  }
  return static_cast<Integer>(value.as_int64());
}

}  // namespace

std::string_view to_string(DeadLetterAction::Kind kind) noexcept {
  return kind == DeadLetterAction::Kind::redrive ? "redrive" : "discard";
}

std::string dead_letter_action_key(const DeadLetterAction& action) {
  return action.action_id + ":" + std::to_string(action.part);
}

std::string encode_dead_letter_action(const DeadLetterAction& action) {
  std::string out;
  ObjectWriter object{out};
  object.text("action_id", action.action_id);
  object.text("action", to_string(action.kind));
  object.text("at", format_millis(action.at));
  object.text("by", action.by);
  object.text("why", action.why);
  object.integer("partition", action.partition);
  object.integer("part", action.part);
  std::string offsets;
  for (const std::int64_t offset : action.offsets) {
    offsets += (offsets.empty() ? "[" : ",") + std::to_string(offset);
  }
  object.raw("offsets", offsets + "]");
  object.close();
  return out;
}

Result<DeadLetterAction> parse_dead_letter_action(std::string_view key, std::string_view value) {
  const auto parsed = parse_json(value);
  if (!parsed) {
    return parsed.error();
  }
  DeadLetterAction action;
  action.action_id = text_at(*parsed, "/action_id").value_or("");
  if (!is_uuid_v4(action.action_id)) {
    return invalid("action_id", "uuid", "is no UUID of version 4");
  }
  const auto kind = text_at(*parsed, "/action");
  if (kind != "redrive" && kind != "discard") {
    return invalid("action", "enum", "is neither redrive nor discard");
  }
  action.kind =
      kind == "redrive" ? DeadLetterAction::Kind::redrive : DeadLetterAction::Kind::discard;
  const auto at = parse_time(text_at(*parsed, "/at").value_or(""));
  if (!at) {
    return invalid("at", "time", "is no time");
  }
  action.at = *at;
  action.by = text_at(*parsed, "/by").value_or("");
  action.why = text_at(*parsed, "/why").value_or("");
  if (const auto fault = fault_of_decision_text(action.by, kMostDecisionBy)) {
    return invalid("by", "text", *fault);
  }
  if (const auto fault = fault_of_decision_text(action.why, kMostDecisionWhy)) {
    return invalid("why", "text", *fault);
  }
  const auto partition = integer_at<std::int32_t>(*parsed, "/partition");
  const auto part = integer_at<std::int32_t>(*parsed, "/part");
  if (!partition || !part) {
    return invalid(partition ? "part" : "partition", "int32", "is no number of 31 bits");
  }
  action.partition = *partition;
  action.part = *part;
  const json::value& offsets = value_at(*parsed, "/offsets");
  if (!offsets.is_array() || offsets.as_array().empty() ||
      offsets.as_array().size() > kMostLettersOfAction) {
    return invalid("offsets", "list", "is no list of 1 to 10,000 offsets");
  }
  for (const json::value& one : offsets.as_array()) {
    if (!one.is_int64() || one.as_int64() < 0) {
      return invalid("offsets", "int64", "has something that is no offset");
    }
    action.offsets.push_back(one.as_int64());
  }
  if (key != dead_letter_action_key(action)) {
    return Error{Errc::wrong_key, "key", "action_id:part", "the key is not that of the action"};
  }
  return action;
}

}  // namespace freshet
