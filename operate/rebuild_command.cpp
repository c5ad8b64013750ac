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
  command.add_option("--media", flags.media, "Only the index of this media type")
      ->check(CLI::IsMember({"image", "audio"}));
  command.add_flag("--json", flags.json, "Print the result as JSON");
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
  add_media(*elasticsearch, *made);
  auto* resume =
      elasticsearch->add_flag("--resume", made->resume, "Go on with one that was cut short");
  elasticsearch
      ->add_flag("--drop", made->drop,
                 "Delete the index that was in use before, or one that is not finished")
      ->excludes(resume);
  elasticsearch
      ->add_option("--throttle", made->per_second, "At most so many records a second; 0: no limit")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  elasticsearch->add_option("--shards", made->shards, "Primary shards; else as the index in use")
      ->check(CLI::Range(1, 1024));
  elasticsearch->add_option("--replicas", made->replicas, "Replicas; else as the index in use")
      ->check(CLI::Range(0, 20));
  elasticsearch->add_option("--sample", made->sample, "Documents whose content is compared")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  elasticsearch->add_option("--gate", made->gate, "Queries that must hold, in place of the shipped")
      ->type_name("FILE");
  elasticsearch->add_flag("--promote-anyway", made->promote_anyway,
                          "Take it into use though the gate is not passed");
  elasticsearch->add_option("--by", made->author.by, "Who does so");
  elasticsearch->add_option("--why", made->author.why, "Why; it is kept in the index");
  elasticsearch->footer(
      "Example:\n  freshet rebuild elasticsearch --throttle 2000 && freshet rebuild elasticsearch "
      "--drop");
  commands.on_run(elasticsearch, [made, fill](const Context& context) {
    check(*made);
    return rebuild_elasticsearch(context, *made, fill);
  });

  const auto undone = std::make_shared<RebuildFlags>();
  CLI::App* back = group->add_subcommand(
      "back", "Take the index that was in use before into use again, at once");
  add_media(*back, *undone);
  back->footer("Example:\n  freshet rebuild back");
  commands.on_run(back, [undone, fill](const Context& context) {
    return rebuild_elasticsearch_back(context, *undone, fill);
  });
}

}  // namespace freshet
