#include "producers/run_state.hpp"

#include <array>

namespace freshet {
namespace {

constexpr std::array<RunOutcome, 4> kOutcomes{RunOutcome::running, RunOutcome::finished,
                                              RunOutcome::failed, RunOutcome::stopped};

json::object reasons(const Totals& counts, std::string_view name) {
  json::object object;
  const std::string prefix = std::string{name} + ".";
  for (const auto& [counter, amount] : counts.counters) {
    if (counter.starts_with(prefix)) {
      object.emplace(counter.substr(prefix.size()), amount);
    }
  }
  return object;
}

json::value encode_cursor(const Cursor& cursor) {
  json::object object{{"arguments", cursor.arguments},
                      {"set", cursor.set},
                      {"fixed", params_to_json(cursor.fixed)},
                      {"next", nullptr},
                      {"item", cursor.item},
                      {"last_item", cursor.last_item},
                      {"last_fetched_at", format_micros(cursor.last_fetched_at)},
                      {"is_partial", cursor.is_partial}};
  if (cursor.next) {
    object["next"] = params_to_json(*cursor.next);
  }
  return object;
}

std::string text_or_empty(const json::value& value, std::string_view pointer) {
  return std::string{text_at(value, pointer).value_or("")};
}

std::int64_t number_or_zero(const json::value& value) {
  return value.is_int64() ? value.get_int64() : 0;
}

Cursor parse_cursor(const json::value& value) {
  Cursor cursor;
  if (const json::object* arguments = value_at(value, "/arguments").if_object()) {
    cursor.arguments = *arguments;
  }
  cursor.set = static_cast<std::size_t>(number_or_zero(value_at(value, "/set")));
  if (auto fixed = params_from_json(value_at(value, "/fixed"))) {
    cursor.fixed = std::move(*fixed);
  }
  if (auto next = params_from_json(value_at(value, "/next"))) {
    cursor.next = std::move(*next);
  }
  cursor.item = number_or_zero(value_at(value, "/item"));
  cursor.last_item = text_or_empty(value, "/last_item");
  cursor.last_fetched_at = parse_time(text_or_empty(value, "/last_fetched_at")).value_or(UtcTime{});
  cursor.is_partial = !is_empty(value_at(value, "/is_partial"));
  return cursor;
}

void read_counts(Totals& counts, const json::value& root) {
  for (const std::string_view name : {"pages", "requests", "listed", "emitted"}) {
    counts.add(name, number_or_zero(value_at(root, "/" + std::string{name})));
  }
  for (const std::string_view name : {"dropped", "rejected"}) {
    if (const json::object* object = value_at(root, "/" + std::string{name}).if_object()) {
      for (const auto& [reason, amount] : *object) {
        counts.add(std::string{name}.append(".").append(std::string_view{reason}),
                   number_or_zero(amount));
      }
    }
  }
}

}  // namespace

std::string_view to_string(RunOutcome outcome) noexcept {
  switch (outcome) {
    case RunOutcome::running:
      return "running";
    case RunOutcome::finished:
      return "finished";
    case RunOutcome::failed:
      return "failed";
    case RunOutcome::stopped:
      return "stopped";
  }
  return "unspecified";
}

std::string encode_run_state(const RunState& state) {
  json::object object{{"command", state.command},
                      {"run_id", state.run_id},
                      {"date", nullptr},
                      {"started_at", format_millis(state.started_at)},
                      {"updated_at", format_millis(state.updated_at)},
                      {"finished_at", nullptr},
                      {"outcome", to_string(state.outcome)},
                      {"cursor", nullptr},
                      {"pages", state.counts.at("pages")},
                      {"requests", state.counts.at("requests")},
                      {"listed", state.counts.at("listed")},
                      {"emitted", state.counts.at("emitted")},
                      {"dropped", reasons(state.counts, "dropped")},
                      {"rejected", reasons(state.counts, "rejected")},
                      {"error", nullptr}};
  if (state.date) {
    object["date"] = *state.date;
  }
  if (state.finished_at) {
    object["finished_at"] = format_millis(*state.finished_at);
  }
  if (state.cursor) {
    object["cursor"] = encode_cursor(*state.cursor);
  }
  if (!state.error.empty()) {
    object["error"] = state.error;
  }
  return to_json(object);
}

Result<RunState> parse_run_state(std::string_view value) {
  auto root = parse_json(value);
  if (!root) {
    return root.error();
  }
  RunState state;
  state.command = text_or_empty(*root, "/command");
  state.run_id = text_or_empty(*root, "/run_id");
  const auto started_at = parse_time(text_or_empty(*root, "/started_at"));
  const auto updated_at = parse_time(text_or_empty(*root, "/updated_at"));
  const std::string outcome = text_or_empty(*root, "/outcome");
  bool is_known_outcome = false;
  for (const RunOutcome candidate : kOutcomes) {
    if (to_string(candidate) == outcome) {
      state.outcome = candidate;
      is_known_outcome = true;
    }
  }
  if (state.command.empty() || !started_at || !updated_at || !is_known_outcome) {
    return Error{Errc::malformed_payload, Retry::never, "not a producer state"};
  }
  state.started_at = *started_at;
  state.updated_at = *updated_at;
  if (const auto date = text_at(*root, "/date")) {
    state.date = std::string{*date};
  }
  state.finished_at = parse_time(text_or_empty(*root, "/finished_at"));
  if (value_at(*root, "/cursor").is_object()) {
    state.cursor = parse_cursor(value_at(*root, "/cursor"));
  }
  read_counts(state.counts, *root);
  state.error = text_or_empty(*root, "/error");
  return state;
}

}  // namespace freshet
