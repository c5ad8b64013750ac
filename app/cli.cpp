#include "app/cli.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>

#include "api/command.hpp"
#include "app/completion.hpp"
#include "app/up.hpp"
#include "core/check.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/log_repeats.hpp"
#include "core/output.hpp"
#include "core/stop.hpp"
#include "operate/command.hpp"
#include "operate/ops_watch.hpp"
#include "operate/service_check.hpp"
#include "processors/command.hpp"
#include "producers/command.hpp"
#include "simulate/command.hpp"
#include "sinks/command.hpp"
#include "sinks/fill.hpp"
#include "thumbnails/command.hpp"

namespace freshet {
namespace {

constexpr const char* kVersion = "freshet " FRESHET_VERSION;
constexpr const char* kSettingsGroup = "Settings (docs/configuration.md)";

/// Variables that may concern the configuration.
std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos &&
        (text.starts_with("FRESHET_") || text.starts_with("API_KEY_"))) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

int complain(int code, const std::string& why) {
  std::cerr << "freshet: " << why << '\n';
  return code;
}

/// Every exception that leaves a command, as the exit code it stands for.
int guarded(const std::function<int()>& run) {
  try {
    return run();
  } catch (const StartupError& error) {
    return complain(ExitCode::usage, error.what());
  } catch (const RefusedError& error) {
    return complain(ExitCode::refused, error.what());
  } catch (const WorkFailed& error) {
    return complain(ExitCode::failed, error.what());
  } catch (const std::exception& error) {
    return complain(ExitCode::failed, error.what());
  }
}

/// A command that only has subcommands shows how to ask the first of them for its own example; the
/// others say where the settings are listed, which each of them takes.
void add_footers(CLI::App& app, const std::string& path) {
  for (CLI::App* each : app.get_subcommands([](CLI::App*) { return true; })) {
    const std::string name = path + " " + each->get_name();
    const auto below = each->get_subcommands([](CLI::App*) { return true; });
    if (!below.empty() && each->get_footer().empty()) {
      each->footer(fmt::format("Example: {} {} --help", name, below.front()->get_name()));
    } else {
      each->footer(each->get_footer() + "\nSettings, such as --kafka-brokers: freshet --help");
    }
    add_footers(*each, name);
  }
}

int show_config(const Config& config, bool as_json) {
  const auto lines = describe_config(config);
  if (as_json) {
    json::object out;
    for (const auto& [key, value] : lines) {
      out.emplace(key, value);
    }
    std::cout << to_json(out) << '\n';
    return ExitCode::done;
  }
  std::size_t width = 0;
  for (const auto& line : lines) {
    width = std::max(width, line.first.size());
  }
  for (const auto& [key, value] : lines) {
    std::cout << fmt::format("{:<{}}  {}\n", key, width, value);
  }
  return ExitCode::done;
}

int check_config(const Config& config, bool as_json) {
  const std::vector<ServiceCheck> checks = check_services(config);
  json::array out;
  bool all = true;
  for (const ServiceCheck& check : checks) {
    all = all && !check.fault;
    if (as_json) {
      out.push_back(json::object{{"service", check.service},
                                 {"address", check.address},
                                 {"reached", !check.fault},
                                 {"answer", check.fault.value_or(check.answer)}});
    } else {
      std::cout << fmt::format("{:<14} {:<8} {}  {}\n", check.service,
                               check.fault ? "FAILED" : "ok", check.address,
                               check.fault.value_or(check.answer));
    }
  }
  if (as_json) {
    std::cout << to_json(out) << '\n';
  }
  if (!all) {
    throw StartupError{"not every service can be reached"};
  }
  return ExitCode::done;
}

}  // namespace

CommandLine::CommandLine(Cleaning cleaning)
    : root_{"Keeps a searchable catalogue of openly licensed images and audio fresh by the second.",
            "freshet"} {
  // Inherited by every subcommand that is added from here on: an option that one does not know is
  // looked for above it, so settings may stand anywhere.
  root_.fallthrough();
  root_.require_subcommand(1);
  root_.set_version_flag("--version", kVersion);
  add_producer_commands(root_, commands_, cleaning.work);
  add_processor_commands(root_, commands_);
  add_sink_commands(root_, commands_);
  add_api_commands(root_, commands_, make_ops_view);
  add_thumbnail_commands(root_, commands_);
  add_operate_commands(root_, commands_, cleaning, start_fill);
  add_simulate_commands(root_, commands_);
  add_up_command(root_, commands_);  // after the commands of its roles
  add_config_commands();
  add_completion();
  add_settings();
  // Last: a footer would be inherited.
  root_.footer(
      "Settings may stand after any subcommand, in FRESHET_… variables, or in the file of "
      "--config.\n"
      "Example: freshet topics create --kafka-brokers 127.0.0.1:9092");
  add_footers(root_, "freshet");
}

void CommandLine::add_settings() {
  root_
      .add_option_function<std::string>(
          "--config", [this](const std::string& path) { config_file_ = path; },
          "TOML file with settings (also FRESHET_CONFIG)")
      ->type_name("FILE")
      ->group(kSettingsGroup);
  for (const Setting& setting : settings()) {
    if (setting.is_prefix) {
      root_
          .add_option_function<std::vector<std::string>>(
              setting.flag(),
              [this, key = setting.key](const std::vector<std::string>& pairs) {
                for (const std::string& pair : pairs) {
                  const std::size_t equals = pair.find('=');
                  if (equals == std::string::npos || equals == 0) {
                    throw CLI::ValidationError{"needs NAME=VALUE"};
                  }
                  flags_.emplace_back(key + "." + pair.substr(0, equals), pair.substr(equals + 1));
                }
              },
              setting.meaning + " (repeatable)")
          ->type_name("NAME=VALUE")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->group(kSettingsGroup);
      continue;
    }
    CLI::Option* option = root_.add_option_function<std::string>(
        setting.flag(),
        [this, key = setting.key](const std::string& value) { flags_.emplace_back(key, value); },
        setting.default_text.empty()
            ? setting.meaning
            : fmt::format("{}; default {}", setting.meaning, setting.default_text));
    option->group(kSettingsGroup)->type_name("");
    if (setting.kind == SettingKind::boolean) {
      // The flag alone means yes, which help would show as the default.
      option->expected(0, 1)->default_str("true")->option_text("[true|false]");
    }
  }
}

void CommandLine::add_config_commands() {
  CLI::App* config = root_.add_subcommand("config", "Show and check the settings in force");
  config->require_subcommand(1);
  config->footer("Example: freshet config show --config freshet.toml");

  auto as_json = std::make_shared<bool>(false);
  CLI::App* show = config->add_subcommand("show", "Print every setting with its value in force");
  show->add_flag("--json", *as_json, "One JSON object");
  show->footer("Secrets are shown as [secret].\nExample: freshet config show --json");
  commands_.on_run(
      show, [as_json](const Context& context) { return show_config(context.config, *as_json); });

  auto check_json = std::make_shared<bool>(false);
  CLI::App* check = config->add_subcommand(
      "check", "Check the settings and connect to Kafka, PostgreSQL, Elasticsearch and Redis");
  check->add_flag("--json", *check_json, "One JSON array");
  check->footer(
      "Exit code 2 when a setting is wrong or a service cannot be reached.\n"
      "Example: freshet config check --postgres-dsn 'host=127.0.0.1 dbname=freshet'");
  commands_.on_run(check, [check_json](const Context& context) {
    return check_config(context.config, *check_json);
  });

  CLI::App* docs = config->add_subcommand("docs", "Print docs/configuration.md");
  docs->footer("Example: freshet config docs > docs/configuration.md");
  alone_[docs] = [] {
    std::cout << config_markdown();
    return ExitCode::done;
  };
}

void CommandLine::add_completion() {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      root_.add_subcommand("completion", "Print a completion script for a shell");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Example: source <(freshet completion bash)");
  alone_[completion] = [this, shell] {
    std::cout << (*shell == "bash"  ? bash_completion(root_)
                  : *shell == "zsh" ? zsh_completion(root_)
                                    : fish_completion(root_));
    return ExitCode::done;
  };
}

Config CommandLine::load() const {
  ConfigSources sources;
  sources.flags = flags_;
  sources.environment = environment();
  sources.file = config_file_;
  const auto named = sources.environment.find("FRESHET_CONFIG");
  if (!sources.file && named != sources.environment.end() && !named->second.empty()) {
    sources.file = named->second;
  }
  return load_config(sources);
}

int CommandLine::run(int argc, const char* const* argv) {
  try {
    root_.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // help and version
    return root_.exit(asked) == 0 ? ExitCode::done : ExitCode::usage;
  } catch (const CLI::RequiredError& error) {
    // CLI11 counts subcommands before it looks at what it did not understand.
    const std::vector<std::string> unknown = root_.remaining(true);
    return complain(ExitCode::usage,
                    unknown.empty() ? fmt::format("{} (see --help)", error.what())
                                    : fmt::format("no such command: {} (see --help)", unknown[0]));
  } catch (const CLI::ParseError& error) {
    return complain(ExitCode::usage, fmt::format("{} (see --help)", error.what()));
  }
  return guarded([this] {
    const int code = run_chosen();
    if (code == ExitCode::done) {
      finish_output();
    }
    return code;
  });
}

int CommandLine::run_chosen() {
  CLI::App* chosen = &root_;
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands().front();
  }
  if (const auto alone = alone_.find(chosen); alone != alone_.end()) {
    return alone->second();
  }
  const Commands::Run* run = commands_.find(chosen);
  if (run == nullptr) {
    throw StartupError{fmt::format("{} needs a subcommand (see --help)", chosen->get_name())};
  }
  const Config config = load();
  log::configure(config.log);
  const std::stop_token stop = stop_on_signals();  // before any thread is started
  // However the command ends, and before its last line, which says why.
  const struct TellHeldBack {
    TellHeldBack() = default;
    TellHeldBack(const TellHeldBack&) = delete;
    TellHeldBack& operator=(const TellHeldBack&) = delete;
    ~TellHeldBack() { log::tell_held_back(); }
  } at_the_end;
  Metrics metrics;
  return (*run)(Context{config, metrics, stop});
}

}  // namespace freshet
