#include "app/cli.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "app/completion.hpp"
#include "core/check.hpp"
#include "core/roles.hpp"

namespace freshet {
namespace {

using testing::HasSubstr;

/// Calls `visit` with every subcommand and the names that lead to it.
void walk(const CLI::App& app, const std::string& path,
          const std::function<void(const std::string&, CLI::App&)>& visit) {
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = path.empty() ? each->get_name() : path + " " + each->get_name();
    visit(name, *const_cast<CLI::App*>(each));
    walk(*each, name, visit);
  }
}

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "freshet");
  CommandLine command_line{{}};
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = command_line.run(static_cast<int>(arguments.size()), arguments.data());
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(CommandTree, EveryLeafRunsAndEveryCommandShowsAnExample) {
  CommandLine command_line{{}};
  walk(command_line.root(), "", [&](const std::string& path, CLI::App& app) {
    const bool leaf = app.get_subcommands([](const CLI::App*) { return true; }).empty();
    const bool runs =
        command_line.commands().find(&app) != nullptr || command_line.runs_alone(&app);
    EXPECT_TRUE(runs || !leaf) << path << " does nothing";
    EXPECT_FALSE(app.get_description().empty()) << path;
    EXPECT_THAT(app.get_footer(), HasSubstr("Example")) << path;
    EXPECT_THAT(app.get_footer(), HasSubstr("freshet " + path)) << path;
  });
}

TEST(CommandTree, EveryRoleIsACommand) {
  CommandLine command_line{{}};
  std::vector<std::string> paths;
  walk(command_line.root(), "", [&](const std::string& path, CLI::App&) { paths.push_back(path); });
  for (const Role& role : kRoles) {
    EXPECT_THAT(paths, testing::Contains(role.command()));
  }
}

TEST(CommandTree, EverySettingIsAFlag) {
  CommandLine command_line{{}};
  for (const Setting& setting : settings()) {
    EXPECT_NE(command_line.root().get_option_no_throw(setting.flag()), nullptr) << setting.key;
  }
}

TEST(CommandTree, HelpTellsTheDefaultOfEachSetting) {
  const Outcome help = run({"--help"});
  EXPECT_THAT(help.out, HasSubstr("default 127.0.0.1:29092\n"));
  EXPECT_THAT(help.out, HasSubstr("--http-mirror-waits [true|false]"));
  EXPECT_THAT(help.out, HasSubstr("back-offs wait; default false\n"));
}

TEST(Completion, KnowsEveryCommandInEveryShell) {
  CommandLine command_line{{}};
  const std::string bash = bash_completion(command_line.root());
  const std::string zsh = zsh_completion(command_line.root());
  const std::string fish = fish_completion(command_line.root());
  walk(command_line.root(), "", [&](const std::string& path, CLI::App& app) {
    EXPECT_THAT(bash, HasSubstr("'" + path + "')"));
    EXPECT_THAT(zsh, HasSubstr("'" + path + "')"));
    EXPECT_THAT(fish, HasSubstr("-a '" + app.get_name() + "'"));
  });
  for (const std::string& script : {bash, zsh}) {
    EXPECT_THAT(script, HasSubstr("--kafka-brokers"));
  }
  EXPECT_THAT(fish, HasSubstr("-l kafka-brokers"));
}

TEST(ExitCode, IsZeroForHelpAndVersion) {
  EXPECT_EQ(run({"--help"}).code, ExitCode::done);
  EXPECT_EQ(run({"config", "show", "--help"}).code, ExitCode::done);
  const Outcome version = run({"--version"});
  EXPECT_EQ(version.code, ExitCode::done);
  EXPECT_THAT(version.out, HasSubstr("freshet 0."));
  EXPECT_EQ(version.err, "");
}

TEST(ExitCode, IsTwoWithOneLineForWrongUsage) {
  const std::vector<std::vector<const char*>> wrong = {
      {}, {"nonsense"}, {"config"}, {"config", "show", "--nonsense"}, {"completion", "csh"}};
  for (const auto& arguments : wrong) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, ExitCode::usage) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("freshet: ")) << outcome.err;
  }
}

TEST(ExitCode, IsTwoForWrongSettings) {
  const Outcome outcome = run({"config", "show", "--kafka-partitions", "0", "--log-level", "loud"});
  EXPECT_EQ(outcome.code, ExitCode::usage);
  EXPECT_THAT(outcome.err, HasSubstr("2 faults"));
  EXPECT_THAT(outcome.err, HasSubstr("--kafka-partitions"));
  EXPECT_THAT(outcome.err, HasSubstr("--log-level"));
}

TEST(ConfigDocs, NeedNoValidSettings) {
  const Outcome outcome = run({"config", "docs", "--kafka-partitions", "0"});
  EXPECT_EQ(outcome.code, ExitCode::done);
  EXPECT_EQ(outcome.out, config_markdown());
}

}  // namespace
}  // namespace freshet
