#include <CLI/CLI.hpp>
#include <memory>

#include "core/check.hpp"
#include "core/output.hpp"
#include "operate/dead_letter_filter.hpp"
#include "operate/dead_letter_log.hpp"
#include "operate/dead_letters.hpp"
#include "operate/redrive_commands.hpp"

namespace freshet {
namespace {

struct ListFlags {
  DeadLetterOptions options;
  std::size_t limit = 50;
  bool summary = false;
  bool json = false;
};

struct ShowFlags {
  DeadLetterOptions options;
  std::size_t limit = 50;
  bool only_value = false;
};

int run_list(const Context& context, const ListFlags& flags) {
  DeadLetterFilter filter = flags.options.read();
  filter.is_handled_too = flags.options.all;
  const DeadLetterLog log = read_dead_letter_log(context);
  if (flags.summary) {
    filter.is_handled_too = true;
    DeadLetterSummary summary;
    scan_dead_letters(context, filter, log, [&](DeadLetterLine& line, const kafka::Message&) {
      summary.add(line);
      return true;
    });
    print_result(flags.json ? summary.json() : summary.table());
    return ExitCode::done;
  }
  const auto lines = read_newest_dead_letters(context, filter, log, flags.limit);
  print_result(flags.json ? format_dead_letter_json(lines) : format_dead_letter_table(lines));
  return ExitCode::done;
}

void show(const kafka::Message& message, const DeadLetterLine& line, bool only_value) {
  std::string text;
  if (!only_value) {
    text.append("key: ").append(message.key().value_or("(none)")).append("\n");
    for (const auto& [name, value] : message.headers()) {
      text.append(name).append(": ").append(value).append("\n");
    }
    text.append("state: ").append(to_string(line.state)).append("\n\n");
  }
  text.append(message.value().value_or(""));
  print_result(only_value ? text : text + "\n");
}

int run_show(const Context& context, const ShowFlags& flags) {
  DeadLetterFilter filter = flags.options.read();
  filter.is_handled_too = flags.options.all || filter.offset.has_value();
  if (!filter.chooses()) {
    throw StartupError{
        "choose dead letters, by the numbers of column AT or by an option such as "
        "--key"};
  }
  const DeadLetterLog log = read_dead_letter_log(context);
  std::size_t shown = 0;
  scan_dead_letters(context, filter, log, [&](DeadLetterLine& line, const kafka::Message& message) {
    if (shown > 0 && !flags.only_value) {
      print_result("\n");
    }
    show(message, line, flags.only_value);
    return ++shown < flags.limit;
  });
  if (shown == 0) {
    throw WorkFailed{filter.offset
                         ? "no dead letter in partition " + std::to_string(*filter.partition) +
                               " at offset " + std::to_string(*filter.offset)
                         : std::string{"no such dead letter"}};
  }
  return ExitCode::done;
}

}  // namespace

void add_dead_letter_commands(CLI::App& root, Commands& commands, const Cleaning& cleaning) {
  CLI::App* group = root.add_subcommand("dead-letter", "Records that were put aside");
  group->require_subcommand(1);

  const auto listed = std::make_shared<ListFlags>();
  CLI::App* list =
      group->add_subcommand("list", "The newest open ones: why, where from, where they are");
  add_dead_letter_options(*list, listed->options);
  list->add_option("--limit", listed->limit, "At most so many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  list->add_flag("--all", listed->options.all, "Also those that were redriven or discarded");
  list->add_flag("--summary", listed->summary, "Counts by reason, source and day");
  list->add_flag("--json", listed->json, "Print the list as JSON");
  list->footer("Example:\n  freshet dead-letter list --reason invalid_value --limit 10");
  commands.on_run(list, [listed](const Context& context) { return run_list(context, *listed); });

  const auto shown = std::make_shared<ShowFlags>();
  CLI::App* show = group->add_subcommand("show", "Key, headers and original bytes");
  add_dead_letter_place(*show, shown->options);
  add_dead_letter_options(*show, shown->options);
  show->add_option("--limit", shown->limit, "At most so many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  show->add_flag("--all", shown->options.all, "Also those that were redriven or discarded");
  show->add_flag("--value", shown->only_value, "Only the original bytes, exactly");
  show->footer(
      "Examples:\n  freshet dead-letter show 3 17 --value > record.json\n"
      "  freshet dead-letter show --key image:met:437133");
  commands.on_run(show, [shown](const Context& context) { return run_show(context, *shown); });

  add_redrive_commands(*group, commands, cleaning);
}

}  // namespace freshet
