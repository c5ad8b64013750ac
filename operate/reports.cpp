#include "operate/reports.hpp"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "core/decision.hpp"
#include "core/json.hpp"
#include "core/key.hpp"
#include "operate/row_store.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

struct Flags {
  std::int64_t id = 0;
  std::string by;
  std::string why;
  bool json = false;
};

std::string key_of(const pqxx::row& row, int first) {
  const auto media_type = parse_media_type(row[static_cast<pqxx::row::size_type>(first)].c_str())
                              .value_or(MediaType::image);
  return make_work_key(media_type, row[static_cast<pqxx::row::size_type>(first + 1)].c_str(),
                       row[static_cast<pqxx::row::size_type>(first + 2)].c_str());
}

constexpr const char* kTime = "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"";

/// One row a work, however often it was reported: the oldest days first, and of a day what most
/// people reported.
int run_list(const Context& context, const Flags& flags) {
  const auto rows = ask_postgres(context.config.postgres.dsn, [](pqxx::work& work) {
    return work.exec(fmt::format(
        "select min(id), media_type, provider, foreign_identifier, identifier, count(*), "
        "string_agg(distinct reason, ', ' order by reason), "
        "to_char(min(reported_at) at time zone 'UTC', '{}') from report where closed_at is null "
        "group by media_type, provider, foreign_identifier, identifier "
        "order by date_trunc('day', min(reported_at)), count(*) desc, min(reported_at), min(id)",
        kTime));
  });
  if (flags.json) {
    json::array out;
    for (const pqxx::row& row : rows) {
      out.push_back(json::object{{"report_id", row[0].as<std::int64_t>()},
                                 {"work_key", key_of(row, 1)},
                                 {"identifier", row[4].c_str()},
                                 {"reports", row[5].as<std::int64_t>()},
                                 {"reasons", row[6].c_str()},
                                 {"since", row[7].c_str()}});
    }
    std::cout << to_json(out) << '\n';
    return ExitCode::done;
  }
  Table table{{{"REPORT", Align::right},
               {"REPORTS", Align::right},
               {"SINCE", Align::left},
               {"REASONS", Align::left},
               {"WORK", Align::left}}};
  for (const pqxx::row& row : rows) {
    table.add({row[0].c_str(), row[5].c_str(), row[7].c_str(), row[6].c_str(), key_of(row, 1)});
  }
  std::cout << table.text();
  return ExitCode::done;
}

/// All reports of the work that one report is about.
int run_show(const Context& context, const Flags& flags) {
  const auto rows = ask_postgres(context.config.postgres.dsn, [&](pqxx::work& work) {
    return work.exec_params(
        fmt::format("select r.id, r.media_type, r.provider, r.foreign_identifier, r.identifier, "
                    "r.reason, r.description, to_char(r.reported_at at time zone 'UTC', '{0}'), "
                    "r.outcome, r.closed_by, r.note, "
                    "to_char(r.closed_at at time zone 'UTC', '{0}') from report r join report this "
                    "on this.identifier = r.identifier and this.id = $1 order by r.id",
                    kTime),
        flags.id);
  });
  if (rows.empty()) {
    throw WorkFailed{fmt::format("there is no report {}", flags.id)};
  }
  if (flags.json) {
    json::array out;
    for (const pqxx::row& row : rows) {
      const auto text = [&](pqxx::row::size_type place) {
        return row[place].is_null() ? json::value() : json::value(row[place].c_str());
      };
      out.push_back(json::object{{"report_id", row[0].as<std::int64_t>()},
                                 {"work_key", key_of(row, 1)},
                                 {"identifier", text(4)},
                                 {"reason", text(5)},
                                 {"description", text(6)},
                                 {"reported_at", text(7)},
                                 {"outcome", text(8)},
                                 {"closed_by", text(9)},
                                 {"note", text(10)},
                                 {"closed_at", text(11)}});
    }
    std::cout << to_json(out) << '\n';
    return ExitCode::done;
  }
  std::cout << key_of(rows[0], 1) << "  " << rows[0][4].c_str() << "\n\n";
  Table table{{{"REPORT", Align::right},
               {"REPORTED", Align::left},
               {"REASON", Align::left},
               {"OUTCOME", Align::left},
               {"DESCRIPTION", Align::left}}};
  for (const pqxx::row& row : rows) {
    table.add({row[0].c_str(), row[7].c_str(), row[5].c_str(),
               row[8].is_null() ? "open" : row[8].c_str(), row[6].c_str()});
  }
  std::cout << table.text();
  return ExitCode::done;
}

int run_close(const Context& context, const Flags& flags) {
  if (const auto fault = fault_of_decision_text(flags.by, kMostDecisionBy)) {
    throw StartupError{"--by " + *fault};
  }
  if (const auto fault = fault_of_decision_text(flags.why, kMostDecisionWhy)) {
    throw StartupError{"--why " + *fault};
  }
  work_of_report(context.config.postgres.dsn, flags.id);
  const auto closed =
      close_reports(context.config.postgres.dsn, flags.id, kDismissed, flags.by, flags.why);
  if (flags.json) {
    std::cout << to_json(json::object{{"closed", closed}}) << '\n';
  } else {
    std::cout << fmt::format("closed {} {}\n", closed, closed == 1 ? "report" : "reports");
  }
  return ExitCode::done;
}

}  // namespace

std::string work_of_report(const std::string& dsn, std::int64_t id) {
  return ask_postgres(dsn, [id](pqxx::work& work) {
    const auto rows = work.exec_params(
        "select media_type, provider, foreign_identifier, closed_at is not null, outcome from "
        "report where id = $1",
        id);
    if (rows.empty()) {
      throw WorkFailed{fmt::format("there is no report {}", id)};
    }
    if (rows[0][3].as<bool>()) {
      throw RefusedError{fmt::format("report {} is closed: {}", id, rows[0][4].c_str())};
    }
    return key_of(rows[0], 0);
  });
}

std::int64_t close_reports(const std::string& dsn, std::int64_t id, const std::string& outcome,
                           const std::string& by, const std::string& note) {
  return ask_postgres(dsn, [&](pqxx::work& work) {
    const auto rows = work.exec_params(
        "update report r set closed_at = now(), outcome = $2, closed_by = $3, note = $4 from "
        "report this where this.id = $1 and r.identifier = this.identifier and r.closed_at is null "
        "returning r.id",
        id, outcome, by, note);
    return static_cast<std::int64_t>(rows.size());
  });
}

void add_reports_commands(CLI::App& root, Commands& commands) {
  CLI::App* group =
      root.add_subcommand("reports", "What people reported about works, for moderators");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, const char* example,
                       int (*run)(const Context&, const Flags&)) {
    CLI::App* command = group->add_subcommand(name, about);
    const auto flags = std::make_shared<Flags>();
    command->add_flag("--json", flags->json, "Print as JSON");
    if (std::string_view{name} != "list") {
      command->add_option("id", flags->id, "A report's number")->required();
    }
    if (std::string_view{name} == "close") {
      command->add_option("--by", flags->by, "Who decides")->required();
      command->add_option("--why", flags->why, "Why; it is kept for good")->required();
    }
    command->footer(std::string{"Example:\n  freshet reports "} + example);
    commands.on_run(command, [run, flags](const Context& context) { return run(context, *flags); });
  };
  add("list", "The open reports, one row a work", "list", run_list);
  add("show", "All reports of the work that a report is about", "show 17", run_show);
  add("close", "Close the reports of a work of which nothing is to be decided",
      "close 17 --by \"A. Person\" --why \"a statue\"", run_close);
}

}  // namespace freshet
