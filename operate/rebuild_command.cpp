#include <CLI/CLI.hpp>
#include <memory>

#include "core/check.hpp"
#include "operate/rebuild.hpp"

namespace freshet {
namespace {

void check(const RebuildFlags& flags) {
  if (flags.promote_anyway) {
    check_author(flags.author);
  }
}

void add_media(CLI::App& command, RebuildFlags& flags) {
  command.add_option("--media", flags.media, "Only works of this media type")
      ->check(CLI::IsMember({"image", "audio"}));
  command.add_flag("--json", flags.json, "Print the result as JSON");
}

/// @param thing  what a store has for each media type
void add_filling(CLI::App& command, RebuildFlags& flags, const std::string& thing) {
  add_media(command, flags);
  auto* resume = command.add_flag("--resume", flags.resume, "Go on with one that was cut short");
  command
      .add_flag("--drop", flags.drop,
                "Delete the " + thing + " that was in use before, or one that is not finished")
      ->excludes(resume);
  command
      .add_option("--throttle", flags.per_second, "At most so many records a second; 0: no limit")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  command.add_option("--sample", flags.sample, "Works whose content is compared")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command.add_flag("--promote-anyway", flags.promote_anyway,
                   "Take it into use though the gate is not passed");
  command.add_option("--by", flags.author.by, "Who does so");
  command.add_option("--why", flags.author.why, "Why; it is kept with the " + thing);
}

}  // namespace

void add_rebuild_commands(CLI::App& root, Commands& commands, FillFunction fill) {
  CLI::App* group =
      root.add_subcommand("rebuild", "Fill a store anew beside the one in use, and take its place");
  group->require_subcommand(1);

  const auto made = std::make_shared<RebuildFlags>();
  CLI::App* elasticsearch = group->add_subcommand(
      "elasticsearch",
      "New indexes from the start of the catalogue; compared, and then taken into use");
  add_filling(*elasticsearch, *made, "index");
  elasticsearch->add_option("--shards", made->shards, "Primary shards; else as the index in use")
      ->check(CLI::Range(1, 1024));
  elasticsearch->add_option("--replicas", made->replicas, "Replicas; else as the index in use")
      ->check(CLI::Range(0, 20));
  elasticsearch->add_option("--gate", made->gate, "Queries that must hold, in place of the shipped")
      ->type_name("FILE");
  elasticsearch->footer(
      "Example:\n  freshet rebuild elasticsearch --throttle 2000 && freshet rebuild elasticsearch "
      "--drop");
  commands.on_run(elasticsearch, [made, fill](const Context& context) {
    check(*made);
    return rebuild_elasticsearch(context, *made, fill);
  });

  const auto rows = std::make_shared<RebuildFlags>();
  CLI::App* postgres = group->add_subcommand(
      "postgres", "New tables from the start of the catalogue; compared, and then taken into use");
  add_filling(*postgres, *rows, "table");
  postgres->footer(
      "Example:\n  freshet rebuild postgres --throttle 2000 && freshet rebuild postgres --drop");
  commands.on_run(postgres, [rows, fill](const Context& context) {
    check(*rows);
    return rebuild_postgres(context, *rows, fill);
  });

  const auto undone = std::make_shared<RebuildFlags>();
  CLI::App* back =
      group->add_subcommand("back", "Take what was in use before into use again, at once");
  add_media(*back, *undone);
  back->add_option("--store", undone->store, "Whose indexes or tables")
      ->check(CLI::IsMember({"elasticsearch", "postgres"}))
      ->capture_default_str();
  back->footer("Example:\n  freshet rebuild back --store postgres");
  commands.on_run(back, [undone, fill](const Context& context) {
    return undone->store == "postgres" ? rebuild_postgres_back(context, *undone, fill)
                                       : rebuild_elasticsearch_back(context, *undone, fill);
  });
}

}  // namespace freshet
