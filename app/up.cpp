#include "app/up.hpp"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <exception>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/roles.hpp"

namespace freshet {
namespace {

struct RoleCommand {
  std::string name;  ///< as typed: `sink postgres`
  const Commands::Run* run;
};

RoleCommand command_of(const Role& role, CLI::App& root, const Commands& commands) {
  // Throws when there is none: a mistake of ours.
  CLI::App* app = root.get_subcommand(std::string{role.step()});
  if (!role.what().empty()) {
    app = app->get_subcommand(std::string{role.what()});
  }
  const Commands::Run* run = commands.find(app);
  FRESHET_CHECK(run != nullptr);
  return {role.command(), run};
}

/// The first role that ends badly decides; the others are stopped then.
class Outcome {
 public:
  explicit Outcome(std::stop_source& stop) : stop_{stop} {}

  void role_failed(const std::string& role, int code, std::string_view why) {
    int none = ExitCode::done;
    if (code_.compare_exchange_strong(none, code)) {
      log::error("role_failed", {{"role", role}, {"why", why}});
    }
    stop_.request_stop();
  }
  int code() const { return code_; }

 private:
  std::stop_source& stop_;
  std::atomic<int> code_ = ExitCode::done;
};

void run_role(const RoleCommand& role, const Context& context, Outcome& outcome) {
  try {
    const int code = (*role.run)(context);
    if (code != ExitCode::done) {
      outcome.role_failed(role.name, code, "ended with an exit code");
    } else if (!context.stop.stop_requested()) {
      outcome.role_failed(role.name, ExitCode::failed, "ended though it was not asked to");
    }
  } catch (const StartupError& error) {
    outcome.role_failed(role.name, ExitCode::usage, error.what());
  } catch (const RefusedError& error) {
    outcome.role_failed(role.name, ExitCode::refused, error.what());
  } catch (const std::exception& error) {
    outcome.role_failed(role.name, ExitCode::failed, error.what());
  }
}

int run_all(const std::vector<RoleCommand>& roles, const Context& context) {
  std::stop_source stop;
  const std::stop_callback pass_on{context.stop, [&stop] { stop.request_stop(); }};
  Outcome outcome{stop};
  const Context shared{context.config, context.metrics, stop.get_token()};
  {
    std::vector<std::jthread> threads;
    threads.reserve(roles.size());
    for (const RoleCommand& role : roles) {
      threads.emplace_back([&role, &shared, &outcome] { run_role(role, shared, outcome); });
    }
  }  // joined
  return outcome.code();
}

}  // namespace

void add_up_command(CLI::App& root, Commands& commands) {
  CLI::App* up = root.add_subcommand("up", "Run all roles of the stream in one process");
  std::vector<RoleCommand> roles;
  std::string names;
  for (const Role& role : kRoles) {
    if (role.started_by_up == StartedByUp::yes) {
      roles.push_back(command_of(role, root, commands));
      names += (names.empty() ? "" : ", ") + role.command();
    }
  }
  up->footer("The roles: " + names +
             "; each can run alone.\n"
             "Example: freshet topics create && freshet schema apply && freshet up");
  commands.on_run(up, [roles](const Context& context) { return run_all(roles, context); });
}

}  // namespace freshet
