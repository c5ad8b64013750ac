#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/json.hpp"
#include "operate/policy.hpp"
#include "operate/removals.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

struct Flags {
  std::string works;  ///< `image:met`
  PolicyAuthor author;
  bool json = false;
};

void print(const Flags& flags, const RemovalRule::Held& held, RemovalWord word, bool as_json) {
  const std::string_view action = word == RemovalWord::approve ? "approved" : "refused";
  if (as_json) {
    std::cout << to_json(json::object{{"works_of", flags.works},
                                      {"removal", action},
                                      {"started_at", format_millis(held.started_at)},
                                      {"known", held.known},
                                      {"missing", held.missing}})
              << '\n';
    return;
  }
  Table table{{{"WORKS OF", Align::left},
               {"REMOVAL", Align::left},
               {"RUN BEGAN", Align::left},
               {"KNOWN", Align::right},
               {"MISSING", Align::right}}};
  table.add({flags.works, std::string{action}, format_millis(held.started_at),
             std::to_string(held.known), std::to_string(held.missing)});
  std::cout << table.text();
}

int run(const Context& context, const Flags& flags, RemovalWord word) {
  check_author(flags.author);
  const std::string key = std::string{policy::kRemoval} + flags.works;
  if (!parse_policy_rule(key, encode_policy_rule(RemovalRule{}))) {
    throw StartupError{flags.works + " is not MEDIA_TYPE:PROVIDER, such as image:met"};
  }
  const Policy policy = read_policy(context);
  const auto* rule = policy.find<RemovalRule>(key);
  if (rule == nullptr || !rule->held) {
    throw RefusedError{"no removal of works of " + flags.works +
                       " is held; `freshet stats` lists those that are"};
  }
  const RemovalRule::Held held = *rule->held;
  say_policy(context, policy, key, settle(*rule, word), flags.author);
  print(flags, held, word, flags.json);
  return ExitCode::done;
}

void add(CLI::App& decide, Commands& commands, const std::string& name, const std::string& about,
         RemovalWord word) {
  CLI::App* command = decide.add_subcommand(name, about);
  const auto flags = std::make_shared<Flags>();
  command->add_option("works", flags->works, "MEDIA_TYPE:PROVIDER, such as image:met")->required();
  add_author(*command, flags->author);
  command->add_flag("--json", flags->json, "Print what was decided as JSON");
  command->footer(fmt::format(
      "Example:\n  freshet decide {} image:met --by \"A. Person\" --why \"they say so, too\"",
      name));
  commands.on_run(command,
                  [flags, word](const Context& context) { return run(context, *flags, word); });
}

}  // namespace

void add_removal_decisions(CLI::App& decide, Commands& commands) {
  add(decide, commands, "approve-removal",
      "Remove the works that a full run no longer saw, though they are many", RemovalWord::approve);
  add(decide, commands, "refuse-removal",
      "Keep the works that a full run no longer saw; the next run asks again", RemovalWord::refuse);
}

}  // namespace freshet
