#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/web/ops/ops_flow.hpp"
#include "api/web/ops/ops_page.hpp"
#include "api/web/page.hpp"

namespace freshet::api::web {
namespace {

constexpr std::size_t kTopShown = 5;

const json::array& list_at(const json::value& of, std::string_view pointer) {
  static const json::array kNone;
  const json::value& found = value_at(of, pointer);
  return found.is_array() ? found.get_array() : kNone;
}

/// A figure as the commands print it: whole numbers as they are.
std::string figure(const json::value& value) {
  if (value.is_string()) {
    return std::string{std::string_view{value.get_string()}};
  }
  if (value.is_double()) {
    return fmt::format("{:.3g}", value.get_double());
  }
  return value.is_null() ? "–" : to_json(value);
}

std::string figure_at(const json::value& of, std::string_view pointer) {
  return figure(value_at(of, pointer));
}

std::string sum_at(const json::value& of, std::string_view pointer) {
  const json::value& found = value_at(of, pointer);
  if (!found.is_object()) {
    return figure(found.is_null() ? json::value(0) : found);
  }
  std::int64_t sum = 0;
  for (const auto& [name, count] : found.get_object()) {
    sum += count.is_int64() ? count.get_int64() : 0;
  }
  return std::to_string(sum);
}

Pace pace_at(const json::value& of) {
  const json::value& seconds = value_at(of, "/lag_seconds");
  return seconds.is_number() ? pace_of(seconds.to_number<double>()) : Pace::unknown;
}

void add_flow(Dictionary& live, const json::value& lag) {
  const Flow flow = draw_flow(lag);
  Dictionary& drawing = Page::add(live, "FLOW");
  set(drawing, "WIDTH", std::to_string(flow.width));
  set(drawing, "HEIGHT", std::to_string(flow.height));
  for (const Flow::Edge& edge : flow.edges) {
    Dictionary& drawn = Page::add(drawing, "EDGE");
    set(drawn, "PATH", edge.path);
    set(drawn, "PACE", to_string(edge.pace));
    if (!edge.label.empty()) {
      Dictionary& label = Page::add(drawn, "LABEL");
      set(label, "X", std::to_string(edge.label_x));
      set(label, "Y", std::to_string(edge.label_y));
      set(label, "PACE", to_string(edge.pace));
      set(label, "FIGURE", edge.figure);
      set(label, "TEXT", edge.label);
    }
  }
  for (const Flow::Box& box : flow.boxes) {
    Dictionary& drawn = Page::add(drawing, "BOX");
    set(drawn, "KIND", box.kind);
    set(drawn, "X", std::to_string(box.x));
    set(drawn, "Y", std::to_string(box.y));
    set(drawn, "WIDTH", std::to_string(box.width));
    set(drawn, "TEXT_X", std::to_string(box.x + box.width / 2));
    set(drawn, "TEXT_Y", std::to_string(box.y + (box.note.empty() ? 26 : 18)));
    set(drawn, "NAME", box.name);
    if (!box.note.empty()) {
      Dictionary& note = Page::add(drawn, "NOTE");
      set(note, "X", std::to_string(box.x + box.width / 2));
      set(note, "Y", std::to_string(box.y + 34));
      set(note, "TEXT", box.note);
    }
  }
}

void add_lag(Dictionary& live, const json::value& lag) {
  for (const json::value& group : list_at(lag, "")) {
    Dictionary& row = Page::add(live, "GROUP");
    set(row, "NAME", figure_at(group, "/group"));
    set(row, "STATE", figure_at(group, "/state"));
    set(row, "MEMBERS", figure_at(group, "/members"));
    set(row, "RECORDS", figure_at(group, "/lag_records"));
    set(row, "SECONDS", seconds_text(value_at(group, "/lag_seconds")));
    set(row, "IN", rate_text(value_at(group, "/rate_in")));
    set(row, "OUT", rate_text(value_at(group, "/rate_out")));
    set(row, "PACE", to_string(pace_at(group)));
  }
}

/// Runs, what of each source is on its way, and what of it is live.
void add_sources(Dictionary& live, const json::value& figures) {
  std::map<std::string, double> behind;
  for (const json::value& group : list_at(figures, "/lag")) {
    for (const json::value& source : list_at(group, "/sources")) {
      const json::value& seconds = value_at(source, "/lag_seconds");
      double& most = behind[figure_at(source, "/source")];
      most = std::max(most, seconds.is_number() ? seconds.to_number<double>() : 0.0);
    }
  }
  for (const json::value& run : list_at(figures, "/runs")) {
    const std::string provider = figure_at(run, "/provider");
    Dictionary& row = Page::add(live, "RUN");
    const bool has_failed = value_at(run, "/failed") == json::value(true);
    set(row, "PROVIDER", provider);
    set(row, "AT", figure_at(run, "/updated_at"));
    set(row, "OUTCOME", has_failed ? "failed" : "well");
    set(row, "PACE", has_failed ? "late" : "fine");
    set(row, "EMITTED", figure_at(run, "/emitted"));
    set(row, "LAST_FULL", figure_at(run, "/last_full"));
    set(row, "USUAL", figure_at(run, "/usual"));
    const auto found = behind.find(provider);
    set(row, "BEHIND", found == behind.end() ? "0.0" : seconds_text(json::value(found->second)));
  }
  show(live, "NO_RUNS", list_at(figures, "/runs").empty());
}

void add_dead_letters(Dictionary& live, const json::value& letters) {
  std::map<std::pair<std::string, std::string>, std::int64_t> open;
  std::int64_t all = 0;
  for (const json::value& one : list_at(letters, "/summary")) {
    const json::value& count = value_at(one, "/open");
    if (count.is_int64() && count.get_int64() > 0) {
      open[{figure_at(one, "/reason"), figure_at(one, "/source")}] += count.get_int64();
      all += count.get_int64();
    }
  }
  set(live, "LETTERS_OPEN", std::to_string(all));
  show(live, "NO_LETTERS", open.empty());
  for (const auto& [place, count] : open) {
    Dictionary& row = Page::add(live, "REASON");
    set(row, "NAME", place.first);
    set(row, "SOURCE", place.second.empty() ? "–" : place.second);
    set(row, "COUNT", std::to_string(count));
  }
  for (const json::value& one : list_at(letters, "/newest")) {
    Dictionary& row = Page::add(live, "LETTER");
    const std::string place = figure_at(one, "/partition") + " " + figure_at(one, "/offset");
    set(row, "ID", "letter-" + figure_at(one, "/partition") + "-" + figure_at(one, "/offset"));
    set(row, "REASON", figure_at(one, "/reason"));
    set(row, "TIME", figure_at(one, "/time"));
    set(row, "STEP", figure_at(one, "/step"));
    set(row, "FIELD", figure_at(one, "/field"));
    set(row, "RULE", figure_at(one, "/rule"));
    set(row, "MESSAGE", figure_at(one, "/message"));
    set(row, "KEY", figure_at(one, "/key"));
    set(row, "FROM", figure_at(one, "/topic"));
    set(row, "BYTES", figure_at(one, "/size_bytes"));
    set(row, "PLACE", place);
  }
}

void add_removals(Dictionary& live, const json::value& stats) {
  const json::array& held = list_at(stats, "/removals_held");
  show(live, "NO_REMOVALS", held.empty());
  for (const json::value& one : held) {
    Dictionary& row = Page::add(live, "REMOVAL");
    const std::string works = figure_at(one, "/media_type") + ":" + figure_at(one, "/provider");
    set(row, "WORKS", works);
    set(row, "ID", "removal-" + figure_at(one, "/media_type") + "-" + figure_at(one, "/provider"));
    set(row, "KNOWN", figure_at(one, "/known"));
    set(row, "MISSING", figure_at(one, "/missing"));
    set(row, "AT", figure_at(one, "/started_at"));
  }
}

void add_policy(Dictionary& live, const json::value& policy) {
  set(live, "POLICY_VERSION", figure_at(policy, "/version"));
  const json::array& rules = list_at(policy, "/rules");
  show(live, "AS_SHIPPED", rules.empty());
  for (const json::value& rule : rules) {
    Dictionary& row = Page::add(live, "RULE");
    set(row, "NAME", figure_at(rule, "/key"));
    set(row, "VERSION", figure_at(rule, "/version"));
    set(row, "AT", figure_at(rule, "/at"));
    set(row, "BY", figure_at(rule, "/by"));
    set(row, "WHY", figure_at(rule, "/why"));
  }
}

void add_pair(Dictionary& parent, std::string_view section, std::string_view name,
              std::string_view id, const std::string& value) {
  Dictionary& pair = Page::add(parent, section);
  set(pair, "NAME", name);
  set(pair, "FIGURE", id);
  set(pair, "VALUE", value);
}

void add_sums(Dictionary& live, const json::value& stats) {
  const auto add = [&](const char* name, const char* id, const std::string& value) {
    add_pair(live, "SUM", name, id, value);
  };
  add("received", "received", sum_at(stats, "/all/received"));
  add("created", "created", sum_at(stats, "/all/created"));
  add("merged", "merged", sum_at(stats, "/all/merged"));
  add("unchanged", "unchanged", sum_at(stats, "/all/unchanged"));
  add("dropped", "dropped", sum_at(stats, "/all/dropped"));
  add("put aside", "dead_lettered", sum_at(stats, "/all/dead_lettered"));
  add("live in the catalogue", "live", sum_at(stats, "/all/works/live"));
  const json::value& stores = value_at(stats, "/stores");
  if (stores.is_object()) {
    for (const auto& [name, store] : stores.get_object()) {
      const std::string known{std::string_view{name}};
      add_pair(live, "SUM", "live in " + known, known, figure_at(store, "/live"));
    }
  }
  if (stats.is_object()) {
    const bool agree = value_at(stats, "/agree") == json::value(true);
    show(live, agree ? "AGREE" : "DISAGREE", true);
  }
  for (const char* list : {"/disagreements", "/notes"}) {
    for (const json::value& sentence : list_at(stats, list)) {
      set(Page::add(live, "SENTENCE"), "TEXT", figure(sentence));
    }
  }
}

void add_usage(Dictionary& live, const json::value& usage) {
  const auto add = [&](const char* name, const char* id) {
    add_pair(live, "USE", name, id, figure_at(usage, std::string{"/"} + id));
  };
  add("searches of pages", "searches");
  add("searches of programs", "api_searches");
  add("sessions", "sessions");
  add("results clicked", "results_clicked");
  add("credits copied", "attribution_buttonclicks");
  add("hits from other sites", "attribution_referer_hits");
  for (const auto& [section, pointer] :
       {std::pair{"TOP_SEARCH", "/top_searches"}, std::pair{"ZERO", "/zero_result_searches"}}) {
    std::size_t shown = 0;
    for (const json::value& one : list_at(usage, pointer)) {
      if (shown++ == kTopShown) {
        break;
      }
      Dictionary& row = Page::add(live, section);
      const std::string name = figure_at(one, "/name");
      set(row, "NAME", name.empty() ? "(no words)" : name);
      set(row, "COUNT", figure_at(one, "/count"));
    }
  }
}

}  // namespace

void add_ops_figures(Dictionary& live, const json::value& figures) {
  const bool is_measured = value_at(figures, "/at").is_string();
  show(live, "MEASURING", !is_measured);
  set(live, "AT", is_measured ? figure_at(figures, "/at") : "");
  for (const json::value& fault : list_at(figures, "/faults")) {
    set(Page::add(live, "FAULT"), "TEXT", figure(fault));
  }
  const json::value& lag = value_at(figures, "/lag");
  add_flow(live, lag);
  add_lag(live, lag);
  add_sources(live, figures);
  add_dead_letters(live, value_at(figures, "/dead_letters"));
  add_removals(live, value_at(figures, "/stats"));
  add_policy(live, value_at(figures, "/policy"));
  add_sums(live, value_at(figures, "/stats"));
  add_usage(live, value_at(figures, "/usage"));
}

}  // namespace freshet::api::web
