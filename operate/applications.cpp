#include "operate/applications.hpp"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "core/json.hpp"
#include "operate/row_store.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

struct Flags {
  std::string application;
  std::string model;
  std::vector<std::string> privileges;
  std::vector<std::string> withdrawn;
  bool verified = false;
  bool undo = false;
  bool json = false;
};

/// The client id of an application that is named by it, or as it is called.
std::string find_client(pqxx::work& work, const std::string& name) {
  const auto rows = work.exec_params(
      "select client_id from api_application where client_id = $1 or lower(name) = lower($1)",
      name);
  if (rows.empty()) {
    throw WorkFailed{"no application has this client id or name: " + name};
  }
  return rows[0][0].as<std::string>();
}

int run_list(const Context& context, const Flags& flags) {
  const auto rows = ask_postgres(context.config.postgres.dsn, [](pqxx::work& work) {
    return work.exec(
        "select a.client_id, a.name, a.email, a.rate_limit_model, a.verified, a.revoked, "
        "array_to_string(a.privileges, ' '), "
        "to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
        "(select count(*) from api_token t where t.client_id = a.client_id and t.expires_at > "
        "now())"
        " from api_application a order by a.created_at, a.client_id");
  });
  if (flags.json) {
    json::array out;
    for (const pqxx::row& row : rows) {
      out.push_back(json::object{{"client_id", row[0].c_str()},
                                 {"name", row[1].c_str()},
                                 {"email", row[2].c_str()},
                                 {"rate_limit_model", row[3].c_str()},
                                 {"verified", row[4].as<bool>()},
                                 {"revoked", row[5].as<bool>()},
                                 {"privileges", row[6].c_str()},
                                 {"created_at", row[7].c_str()},
                                 {"tokens", row[8].as<std::int64_t>()}});
    }
    std::cout << to_json(out) << '\n';
    return ExitCode::done;
  }
  Table table{{{"CLIENT", Align::left},
               {"NAME", Align::left},
               {"MODEL", Align::left},
               {"STATE", Align::left},
               {"PRIVILEGES", Align::left},
               {"TOKENS", Align::right},
               {"SINCE", Align::left}}};
  for (const pqxx::row& row : rows) {
    const char* const state = row[5].as<bool>()   ? "revoked"
                              : row[4].as<bool>() ? "verified"
                                                  : "new";
    table.add({row[0].c_str(), row[1].c_str(), row[3].c_str(), state, row[6].c_str(),
               row[8].c_str(), row[7].c_str()});
  }
  std::cout << table.text();
  return ExitCode::done;
}

int run_grant(const Context& context, const Flags& flags) {
  if (flags.model.empty() && flags.privileges.empty() && flags.withdrawn.empty() &&
      !flags.verified) {
    throw StartupError{"nothing to grant: say --model, --privilege, --withdraw or --verified"};
  }
  ask_postgres(context.config.postgres.dsn, [&](pqxx::work& work) {
    const std::string client = find_client(work, flags.application);
    if (!flags.model.empty()) {
      work.exec_params("update api_application set rate_limit_model = $2 where client_id = $1",
                       client, flags.model);
    }
    if (flags.verified) {
      work.exec_params("update api_application set verified = true where client_id = $1", client);
    }
    for (const std::string& privilege : flags.privileges) {
      work.exec_params(
          "update api_application set privileges = array_append(privileges, $2) "
          "where client_id = $1 and not $2 = any (privileges)",
          client, privilege);
    }
    for (const std::string& privilege : flags.withdrawn) {
      work.exec_params(
          "update api_application set privileges = array_remove(privileges, $2) "
          "where client_id = $1",
          client, privilege);
    }
    return true;
  });
  std::cout << "granted; servers know it within a minute\n";
  return ExitCode::done;
}

int run_revoke(const Context& context, const Flags& flags) {
  ask_postgres(context.config.postgres.dsn, [&](pqxx::work& work) {
    const std::string client = find_client(work, flags.application);
    work.exec_params("update api_application set revoked = $2 where client_id = $1", client,
                     !flags.undo);
    return true;
  });
  std::cout << (flags.undo ? "no longer revoked" : "revoked")
            << "; servers know it within a minute\n";
  return ExitCode::done;
}

}  // namespace

void add_applications_commands(CLI::App& root, Commands& commands) {
  CLI::App* group =
      root.add_subcommand("applications", "Applications that registered to use the API");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, const char* example,
                       int (*run)(const Context&, const Flags&)) {
    CLI::App* command = group->add_subcommand(name, about);
    const auto flags = std::make_shared<Flags>();
    command->footer(std::string{"Example:\n  freshet applications "} + example);
    commands.on_run(command, [run, flags](const Context& context) { return run(context, *flags); });
    return std::pair{command, flags};
  };
  const auto [list, listed] = add("list", "All of them, the oldest first", "list", run_list);
  list->add_flag("--json", listed->json, "Print as JSON");
  const auto [grant, granted] = add("grant", "Change what an application may do",
                                    "grant \"My picture book\" --model enhanced", run_grant);
  const auto is_privilege = CLI::IsMember({"max_page_size", "max_result_count"});
  grant->add_option("application", granted->application, "Its client id or its name")->required();
  grant->add_option("--model", granted->model, "How many requests it may make")
      ->check(CLI::IsMember({"standard", "enhanced", "exempt"}));
  grant->add_option("--privilege", granted->privileges, "What it may do that others may not")
      ->check(is_privilege);
  grant->add_option("--withdraw", granted->withdrawn, "A privilege that it has no more")
      ->check(is_privilege);
  grant->add_flag("--verified", granted->verified, "Its address is confirmed");
  const auto [revoke, revoked] = add("revoke", "Refuse an application, and all its tokens",
                                     "revoke \"My picture book\"", run_revoke);
  revoke->add_option("application", revoked->application, "Its client id or its name")->required();
  revoke->add_flag("--undo", revoked->undo, "Take it back");
}

}  // namespace freshet
