#include "operate/schema.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/http/elasticsearch.hpp"
#include "core/json.hpp"
#include "core/resources.hpp"

namespace freshet {
namespace schema {

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::applied:
      return "applied";
    case State::pending:
      return "pending";
    case State::differs:
      return "differs";
  }
  return "";
}

std::vector<Migration> shipped_migrations() {
  constexpr std::string_view kFolder = "postgres/";
  constexpr std::string_view kEnding = ".sql";
  std::vector<Migration> migrations;
  for (const std::string_view path : resource_names(kFolder)) {
    std::string_view name = path.substr(kFolder.size());
    name.remove_suffix(kEnding.size());
    migrations.push_back({name, resource(path)});
  }
  return migrations;
}

std::string checksum_of(std::string_view text) {
  std::string hex;
  for (const std::uint8_t byte : sha256(text)) {
    fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  }
  return hex;
}

std::string suffix_of(UtcTime time) {
  std::string text;
  for (const char c : format_millis(time).substr(0, 19)) {
    if (c == 'T') {
      text.push_back('-');
    } else if (c >= '0' && c <= '9') {
      text.push_back(c);
    }
  }
  return text;
}

}  // namespace schema

namespace {

using schema::Entry;
using schema::State;

void print_json(const std::vector<Entry>& entries) {
  json::array list;
  for (const Entry& entry : entries) {
    list.push_back(json::object{{"store", entry.store},
                                {"kind", entry.kind},
                                {"name", entry.name},
                                {"state", schema::to_string(entry.state)},
                                {"detail", entry.detail}});
  }
  std::cout << to_json(list) << '\n';
}

void print_table(const std::vector<Entry>& entries) {
  std::array<std::size_t, 3> widths{5, 4, 4};
  for (const Entry& entry : entries) {
    widths[0] = std::max(widths[0], entry.store.size());
    widths[1] = std::max(widths[1], entry.kind.size());
    widths[2] = std::max(widths[2], entry.name.size());
  }
  const auto row = [&](std::string_view store, std::string_view kind, std::string_view name,
                       std::string_view state, std::string_view detail) {
    std::string line = fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<7}  {}", store, widths[0], kind,
                                   widths[1], name, widths[2], state, detail);
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << '\n';
  };
  row("STORE", "KIND", "NAME", "STATE", "");
  for (const Entry& entry : entries) {
    row(entry.store, entry.kind, entry.name, schema::to_string(entry.state), entry.detail);
  }
}

struct Flags {
  bool json = false;
  bool only_postgres = false;
  bool only_elasticsearch = false;
  int shards = 1;
  int replicas = 0;
};

enum class Action { apply, status };

int run_schema(const Context& context, const Flags& flags, Action action) {
  std::vector<Entry> entries;
  if (!flags.only_elasticsearch) {
    const auto migrations = schema::shipped_migrations();
    const std::string& dsn = context.config.postgres.dsn;
    entries = action == Action::apply ? schema::apply_postgres(dsn, migrations, context.stop)
                                      : schema::postgres_status(dsn, migrations, context.stop);
  }
  if (!flags.only_postgres) {
    const Config::Elasticsearch& settings = context.config.elasticsearch;
    http::CurlClient client{http::elasticsearch_options(context.config, context.stop)};
    const schema::IndexOptions index{settings.url, settings.index_prefix, flags.shards,
                                     flags.replicas, schema::suffix_of(SystemClock{}.now())};
    const auto more = action == Action::apply ? schema::apply_elasticsearch(client, index)
                                              : schema::elasticsearch_status(client, index);
    entries.insert(entries.end(), more.begin(), more.end());
  }
  flags.json ? print_json(entries) : print_table(entries);
  const auto off = std::count_if(entries.begin(), entries.end(),
                                 [](const Entry& e) { return e.state != State::applied; });
  if (off > 0) {
    std::cerr << fmt::format("schema: {} of {} not as this version of freshet wants it\n", off,
                             entries.size());
    return ExitCode::refused;
  }
  return ExitCode::done;
}

CLI::App* add_action(CLI::App& parent, Commands& commands, const std::string& name,
                     const std::string& meaning, Action action,
                     const std::shared_ptr<Flags>& flags) {
  CLI::App* command = parent.add_subcommand(name, meaning);
  command->add_flag("--json", flags->json, "Print the list as JSON");
  auto* postgres = command->add_flag("--only-postgres", flags->only_postgres, "Tables only");
  auto* elasticsearch =
      command->add_flag("--only-elasticsearch", flags->only_elasticsearch, "Indexes only");
  postgres->excludes(elasticsearch);
  commands.on_run(command, [flags, action](const Context& context) {
    return run_schema(context, *flags, action);
  });
  return command;
}

}  // namespace

void add_schema_commands(CLI::App& root, Commands& commands) {
  CLI::App* group = root.add_subcommand("schema", "Tables and indexes");
  group->require_subcommand(1);
  const auto applied = std::make_shared<Flags>();
  CLI::App* apply =
      add_action(*group, commands, "apply",
                 "Make what is missing: tables, index templates, first indexes and "
                 "their aliases; again changes nothing; exit 3 where what is there differs",
                 Action::apply, applied);
  apply->add_option("--shards", applied->shards, "Primary shards of a new index")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  apply->add_option("--replicas", applied->replicas, "Replicas of a new index")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  apply->footer("Example:\n  freshet schema apply --shards 3 --replicas 1");
  CLI::App* status = add_action(*group, commands, "status",
                                "What is applied, pending or different; exit 3 unless all of it is "
                                "applied",
                                Action::status, std::make_shared<Flags>());
  status->footer("Example:\n  freshet schema status --json");

  const auto as_json = std::make_shared<bool>(false);
  CLI::App* diff = group->add_subcommand(
      "diff", "Whether an index must be made anew, and why: fields and analysis; exit 3 if so");
  diff->add_flag("--json", *as_json, "Print the list as JSON");
  diff->footer("Example:\n  freshet schema diff");
  commands.on_run(diff, [as_json](const Context& context) {
    return schema::run_schema_diff(context, *as_json);
  });
}

}  // namespace freshet
