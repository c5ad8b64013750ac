#include "producers/run_state.hpp"

#include <algorithm>
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

json::value count_or_null(std::int64_t count) {
  return count == Cursor::kUnknown ? json::value(nullptr) : json::value(count);
}

std::int64_t count_or_unknown(const json::value& value) {
  return value.is_int64() && value.get_int64() >= 0 ? value.get_int64() : Cursor::kUnknown;
}

json::value encode_cursor(const Cursor& cursor) {
  json::object object{{"arguments", cursor.arguments},
                      {"set", cursor.set},
                      {"fixed", params_to_json(cursor.fixed)},
                      {"next", nullptr},
                      {"item", cursor.item},
                      {"last_item", cursor.last_item},
                      {"last_fetched_at", format_micros(cursor.last_fetched_at)},
                      {"is_partial", cursor.is_partial},
                      {"listed", count_or_null(cursor.listed)},
                      {"announced", count_or_null(cursor.announced)},
                      {"largest_page", count_or_null(cursor.largest_page)},
                      {"page_before", count_or_null(cursor.page_before)},
                      {"request_mark", cursor.marks.requests.to_json()},
                      {"page_mark", cursor.marks.pages.to_json()},
                      {"pages_met", cursor.marks.pages_met},
                      {"empty_pages", cursor.marks.empty_pages},
                      {"is_unproven", cursor.is_unproven},
                      {"doubted_at", nullptr},
                      {"has_details", cursor.has_details}};
  if (cursor.doubted_at) {
    object["doubted_at"] = format_millis(*cursor.doubted_at);
  }
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
  cursor.listed = count_or_unknown(value_at(value, "/listed"));
  cursor.announced = count_or_unknown(value_at(value, "/announced"));
  cursor.largest_page = count_or_unknown(value_at(value, "/largest_page"));
  cursor.page_before = count_or_unknown(value_at(value, "/page_before"));
  cursor.marks.requests = CycleMark::from_json(value_at(value, "/request_mark"));
  cursor.marks.pages = CycleMark::from_json(value_at(value, "/page_mark"));
  cursor.marks.pages_met =
      std::max<std::int64_t>(0, count_or_unknown(value_at(value, "/pages_met")));
  cursor.marks.empty_pages =
      std::max<std::int64_t>(0, count_or_unknown(value_at(value, "/empty_pages")));
  cursor.is_unproven = !is_empty(value_at(value, "/is_unproven"));
  cursor.doubted_at = parse_time(text_or_empty(value, "/doubted_at"));
  cursor.has_details = !is_empty(value_at(value, "/has_details"));
  return cursor;
}

json::array encode_full_runs(const std::vector<FullRun>& runs) {
  json::array list;
  for (const FullRun& run : runs) {
    list.push_back(json::object{{"run_id", run.run_id},
                                {"finished_at", format_millis(run.finished_at)},
                                {"listed", run.listed},
                                {"emitted", run.emitted}});
  }
  return list;
}

std::vector<FullRun> parse_full_runs(const json::value& value) {
  std::vector<FullRun> runs;
  if (const json::array* list = value.if_array()) {
    for (const json::value& run : *list) {
      runs.push_back({text_or_empty(run, "/run_id"),
                      parse_time(text_or_empty(run, "/finished_at")).value_or(UtcTime{}),
                      number_or_zero(value_at(run, "/listed")),
                      number_or_zero(value_at(run, "/emitted"))});
    }
  }
  return runs;
}

void read_counts(Totals& counts, const json::value& root) {
  for (const std::string_view name :
       {"pages", "requests", "skipped", "mended", "listed", "emitted"}) {
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

bool is_alive(const RunState& state, UtcTime now) {
  // The other clock may differ; but what lies an hour ahead is no time of a run that goes on.
  const auto silence = now - state.updated_at;
  return state.outcome == RunOutcome::running && silence < kRunSilence &&
         silence > -std::chrono::hours{1} && !(state.holder && is_gone(*state.holder));
}

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
                      {"kind", to_string(state.kind)},
                      {"is_first", state.is_first},
                      {"date", nullptr},
                      {"started_at", format_millis(state.started_at)},
                      {"updated_at", format_millis(state.updated_at)},
                      {"finished_at", nullptr},
                      {"outcome", to_string(state.outcome)},
                      {"cursor", nullptr},
                      {"pages", state.counts.at("pages")},
                      {"requests", state.counts.at("requests")},
                      {"skipped", state.counts.at("skipped")},
                      {"mended", state.counts.at("mended")},
                      {"listed", state.counts.at("listed")},
                      {"emitted", state.counts.at("emitted")},
                      {"dropped", reasons(state.counts, "dropped")},
                      {"rejected", reasons(state.counts, "rejected")},
                      {"error", nullptr},
                      {"holder", nullptr},
                      {"full_runs", encode_full_runs(state.full_runs)},
                      {"history", state.history.to_json()}};
  if (state.holder) {
    object["holder"] = json::object{{"host", state.holder->host},
                                    {"machine", state.holder->machine},
                                    {"pid", state.holder->pid},
                                    {"started", state.holder->started}};
  }
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
  if (state.cursor && value_at(*root, "/cursor/has_details").is_null()) {
    // Of an earlier version, which did not keep it.
    state.cursor->has_details = state.counts.at("emitted") > 0;
  }
  state.error = text_or_empty(*root, "/error");
  if (const json::value& holder = value_at(*root, "/holder"); holder.is_object()) {
    state.holder =
        RunHolder{text_or_empty(holder, "/host"), text_or_empty(holder, "/machine"),
                  number_or_zero(value_at(holder, "/pid")), text_or_empty(holder, "/started")};
  }
  state.kind = parse_run_kind(text_or_empty(*root, "/kind")).value_or(RunKind::other);
  state.is_first = !is_empty(value_at(*root, "/is_first"));
  state.full_runs = parse_full_runs(value_at(*root, "/full_runs"));
  state.history = RunHistory::from_json(value_at(*root, "/history"));
  return state;
}

}  // namespace freshet
