#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>

#include "core/time.hpp"
#include "operate/row_store.hpp"
#include "operate/table.hpp"
#include "operate/usage.hpp"

namespace freshet {
namespace {

constexpr std::size_t kShownRows = 10;  // of each list, for people; --json has all

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value();
}

json::array to_array(const std::vector<UsageReport::Counted>& list) {
  json::array out;
  for (const auto& [name, count] : list) {
    out.push_back(json::object{{"name", name}, {"count", count}});
  }
  return out;
}

std::string share(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "-";
}

void append_list(std::string& out, const char* title,
                 const std::vector<UsageReport::Counted>& list) {
  if (list.empty()) {
    return;
  }
  Table table{{{title, Align::left}, {"COUNT", Align::right}}};
  for (std::size_t i = 0; i < std::min(list.size(), kShownRows); ++i) {
    table.add({list[i].name.empty() ? "(no words)" : list[i].name, std::to_string(list[i].count)});
  }
  out += "\n" + table.text();
}

struct Flags {
  std::string day;
  bool json = false;
};

int run_report(const Context& context, const Flags& flags) {
  const std::string today = format_date(SystemClock{}.now());
  const std::string day = flags.day.empty() ? today : flags.day;
  if (!parse_date(day)) {
    throw StartupError{"--day must be YYYY-MM-DD"};
  }
  const UsageReport report = read_usage_report(context.config.postgres.dsn, day);
  std::cout << (flags.json ? to_json(to_json_object(report)) + "\n" : usage_report_text(report));
  return ExitCode::done;
}

// Words that somebody typed may be many on a day: of each measure the greatest, the others as a
// sum, as old days have it. What is read by its class or rank is there whole.
constexpr const char* kSums = R"(
with ranked as (
  select measure, label, sublabel, events, row_number() over (
    partition by measure order by events desc, label, sublabel) as place
  from usage_rollup where day = $1::date
), kept as (
  select measure, label, sublabel, events, place <= 1000 or measure in (
    'response_times', 'impressions_by_rank', 'clicks_by_rank') as is_kept
  from ranked
)
select measure, label, sublabel, events from kept where is_kept
union all
select measure, '', 'other', sum(events)::bigint from kept where not is_kept group by measure)";

}  // namespace

UsageReport read_usage_report(const std::string& dsn, const std::string& day) {
  return ask_postgres(dsn, [&](pqxx::work& work) {
    std::vector<UsageSum> sums;
    for (const pqxx::row& row : work.exec_params(kSums, day)) {
      sums.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                      row[3].as<std::int64_t>()});
    }
    UsageReport report = make_usage_report(day, sums);
    std::string ids = "{";
    for (const UsageReport::Result& result : report.top_results) {
      ids += (ids.size() > 1 ? "," : "") + result.identifier;
    }
    std::map<std::string, std::pair<std::string, std::string>> known;
    for (const pqxx::row& row : work.exec_params(
             "select identifier::text, coalesce(source, ''), coalesce(title, '') from image_live "
             "where identifier = any($1::uuid[]) union all "
             "select identifier::text, coalesce(source, ''), coalesce(title, '') from audio_live "
             "where identifier = any($1::uuid[])",
             ids + "}")) {
      known[row[0].as<std::string>()] = {row[1].as<std::string>(), row[2].as<std::string>()};
    }
    for (UsageReport::Result& result : report.top_results) {
      if (const auto found = known.find(result.identifier); found != known.end()) {
        std::tie(result.source, result.title) = found->second;
      }
    }
    return report;
  });
}

json::object to_json_object(const UsageReport& report) {
  json::array ranks;
  for (const UsageReport::Rank& one : report.ranks) {
    ranks.push_back(json::object{{"rank", one.rank},
                                 {"impressions", one.impressions},
                                 {"clicks", one.clicks},
                                 {"rate", number_or_null(one.rate())}});
  }
  json::array results;
  for (const UsageReport::Result& one : report.top_results) {
    results.push_back(json::object{{"identifier", one.identifier},
                                   {"clicks", one.clicks},
                                   {"source", one.source},
                                   {"title", one.title}});
  }
  json::array times;
  for (const UsageReport::Times& one : report.response_times) {
    times.push_back(json::object{{"origin", one.origin},
                                 {"count", one.count},
                                 {"p50_ms", one.p50},
                                 {"p95_ms", one.p95},
                                 {"p99_ms", one.p99}});
  }
  return {{"day", report.day},
          {"results_clicked", report.results_clicked},
          {"attribution_buttonclicks", report.attribution_buttonclicks},
          {"survey_responses", report.survey_responses},
          {"source_clicked", report.source_clicked},
          {"creator_clicked", report.creator_clicked},
          {"shared_social", report.shared_social},
          {"sessions", report.sessions},
          {"searches", report.searches},
          {"api_searches", report.api_searches},
          {"attribution_referer_hits", report.attribution_referer_hits},
          {"avg_rating", number_or_null(report.avg_rating)},
          {"avg_searches_per_session", number_or_null(report.avg_searches_per_session)},
          {"events", to_array(report.events)},
          {"agents", to_array(report.agents)},
          {"top_searches", to_array(report.top_searches)},
          {"zero_result_searches", to_array(report.zero_result_searches)},
          {"clicks_by_source", to_array(report.clicks_by_source)},
          {"filters", to_array(report.filters)},
          {"attribution_copies", to_array(report.copies)},
          {"embedding_sites", to_array(report.embedding_sites)},
          {"click_through", std::move(ranks)},
          {"top_results", std::move(results)},
          {"response_times", std::move(times)}};
}

std::string usage_report_text(const UsageReport& report) {
  std::string out = fmt::format(
      "{}  {} searches of pages, {} of programs; {} sessions, {} results clicked, {} credits "
      "copied, {} hits from other sites\nsearches per session {}, rated relevant {}\n",
      report.day, report.searches, report.api_searches, report.sessions, report.results_clicked,
      report.attribution_buttonclicks, report.attribution_referer_hits,
      share(report.avg_searches_per_session), share(report.avg_rating));
  append_list(out, "SEARCHED FOR", report.top_searches);
  append_list(out, "FOUND NOTHING", report.zero_result_searches);
  if (!report.ranks.empty()) {
    Table table{{{"RANK", Align::right},
                 {"SHOWN", Align::right},
                 {"CLICKED", Align::right},
                 {"RATE", Align::right}}};
    for (std::size_t i = 0; i < std::min(report.ranks.size(), kShownRows); ++i) {
      const UsageReport::Rank& one = report.ranks[i];
      table.add({std::to_string(one.rank), std::to_string(one.impressions),
                 std::to_string(one.clicks), share(one.rate())});
    }
    out += "\n" + table.text();
  }
  if (!report.top_results.empty()) {
    Table table{{{"CLICKS", Align::right},
                 {"WORK", Align::left},
                 {"SOURCE", Align::left},
                 {"TITLE", Align::left}}};
    for (std::size_t i = 0; i < std::min(report.top_results.size(), kShownRows); ++i) {
      const UsageReport::Result& one = report.top_results[i];
      table.add({std::to_string(one.clicks), one.identifier, one.source, one.title});
    }
    out += "\n" + table.text();
  }
  if (!report.response_times.empty()) {
    Table table{{{"SEARCHES OF", Align::left},
                 {"COUNT", Align::right},
                 {"P50 MS", Align::right},
                 {"P95 MS", Align::right},
                 {"P99 MS", Align::right}}};
    for (const UsageReport::Times& one : report.response_times) {
      table.add({one.origin, std::to_string(one.count), std::to_string(one.p50),
                 std::to_string(one.p95), std::to_string(one.p99)});
    }
    out += "\n" + table.text();
  }
  append_list(out, "SOURCE CLICKED", report.clicks_by_source);
  append_list(out, "FILTER", report.filters);
  append_list(out, "CREDIT COPIED AS", report.copies);
  append_list(out, "EMBEDDED BY", report.embedding_sites);
  append_list(out, "EVENT", report.events);
  return out;
}

void add_usage_commands(CLI::App& root, Commands& commands) {
  CLI::App* const group = root.add_subcommand("usage", "How pages and API are used");
  group->require_subcommand(1);
  CLI::App* const report = group->add_subcommand(
      "report", "Searches, clicks, copied credits and response times of a day, as counted so far");
  const auto flags = std::make_shared<Flags>();
  report->add_option("--day", flags->day, "Of this day, YYYY-MM-DD in UTC; without: today")
      ->type_name("DAY");
  report->add_flag("--json", flags->json, "Print as JSON, with every row of each list");
  report->footer("Example:\n  freshet usage report --day 2026-11-30 --json");
  commands.on_run(report, [flags](const Context& context) { return run_report(context, *flags); });
}

}  // namespace freshet
