#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "operate/policy.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

struct Flags {
  std::string rule;  ///< its key
  std::string file;
  std::string source;
  PolicyAuthor author;
  bool json = false;
};

std::string read_file(const std::string& name) {
  if (name == "-") {
    return {std::istreambuf_iterator<char>{std::cin}, {}};
  }
  std::ifstream in{name, std::ios::binary};
  if (!in) {
    throw StartupError{"cannot read " + name};
  }
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string summary(const PolicyRule& rule) {
  if (const auto* terms = std::get_if<SensitiveTermsRule>(&rule)) {
    return fmt::format("{} terms", terms->terms.size());
  }
  if (const auto* tags = std::get_if<HiddenTagsRule>(&rule)) {
    return fmt::format("{} names, {} parts, {} providers, accuracy {}", tags->names.size(),
                       tags->parts.size(), tags->providers.size(), tags->least_accuracy);
  }
  if (const auto* sources = std::get_if<SourcesRule>(&rule)) {
    return fmt::format("{} sources", sources->sources.size());
  }
  if (const auto* http = std::get_if<HttpHostsRule>(&rule)) {
    return fmt::format("{} hosts", http->hosts.size());
  }
  return encode_policy_rule(rule);
}

int show_all(const Policy& policy, bool as_json) {
  if (as_json) {
    std::cout << to_json(policy_object(policy)) << '\n';
    return ExitCode::done;
  }
  Table table{{{"RULE", Align::left},
               {"VERSION", Align::right},
               {"AT", Align::left},
               {"BY", Align::left},
               {"WHY", Align::left},
               {"SAYS", Align::left}}};
  for (const auto& [key, value] : policy.values()) {
    table.add({key, std::to_string(value->version), format_millis(value->at), value->by, value->why,
               summary(value->rule)});
  }
  if (table.empty()) {
    log::info("policy_as_shipped");
  }
  std::cout << table.text();
  return ExitCode::done;
}

int show(const Context& context, const Flags& flags) {
  const Policy policy = read_policy(context);
  if (flags.rule.empty()) {
    return show_all(policy, flags.json);
  }
  if (const auto keys = keys_of(policy, flags.rule); !keys.empty()) {
    const PolicyValue& value = *policy.values().at(keys.front());
    std::cout << (flags.json ? encode_policy_value(value) : encode_policy_rule(value.rule)) << '\n';
    return ExitCode::done;
  }
  const std::string shipped = shipped_rule(flags.rule);
  if (shipped.empty()) {
    throw WorkFailed{"policy says nothing about " + flags.rule};
  }
  log::info("rule_as_shipped", {{"rule", flags.rule}});
  std::cout << shipped << '\n';
  return ExitCode::done;
}

void print_said(const std::string& rule, const PolicySaid& said, bool as_json) {
  if (as_json) {
    std::cout << to_json(json::object{{"rule", rule},
                                      {"version", said.version},
                                      {"at", format_millis(said.at)},
                                      {"changed", said.is_changed}})
              << '\n';
    return;
  }
  Table table{{{"RULE", Align::left}, {"VERSION", Align::right}, {"CHANGED", Align::left}}};
  table.add({rule, std::to_string(said.version), said.is_changed ? "yes" : "no, it was so before"});
  std::cout << table.text();
}

int set(const Context& context, const Flags& flags) {
  check_author(flags.author);
  const auto rule = parse_policy_file(flags.rule, read_file(flags.file));
  if (!rule) {
    throw StartupError{flags.rule + " from " + flags.file + ": " + rule.error().message()};
  }
  const Policy policy = read_policy(context);
  const auto keys = keys_of(policy, flags.rule);
  const std::string& key = keys.empty() ? flags.rule : keys.front();
  print_said(key, say_policy(context, policy, key, *rule, flags.author), flags.json);
  return ExitCode::done;
}

int reset(const Context& context, const Flags& flags) {
  check_author(flags.author);
  const Policy policy = read_policy(context);
  auto keys = keys_of(policy, flags.rule);
  if (keys.empty() && shipped_rule(flags.rule).empty()) {
    throw RefusedError{"policy says nothing about " + flags.rule};
  }
  // Of several spellings the one that holds goes last: until then it is what is in force.
  for (; keys.size() > 1; keys.pop_back()) {
    say_policy(context, policy, keys.back(), std::nullopt, flags.author);
  }
  const std::string& key = keys.empty() ? flags.rule : keys.front();
  print_said(key, say_policy(context, policy, key, std::nullopt, flags.author), flags.json);
  return ExitCode::done;
}

int decide_source(const Context& context, const Flags& flags, bool hidden) {
  check_author(flags.author);
  const SourceRule rule{hidden};
  if (!parse_policy_rule(policy::source_key(flags.source), encode_policy_rule(rule))) {
    throw StartupError{"not the name of a source: " + flags.source};
  }
  const Policy policy = read_policy(context);
  const NamedSource source = find_source(policy, flags.source);
  if (!source.is_registered) {
    log::warn("source_not_registered", {{"source", flags.source}});
  }
  const std::string key = policy::source_key(source.name);
  print_said(key, say_policy(context, policy, key, rule, flags.author), flags.json);
  return ExitCode::done;
}

void add_source_decision(CLI::App& decide, Commands& commands, const std::string& name,
                         const std::string& about, bool hidden) {
  CLI::App* command = decide.add_subcommand(name, about);
  const auto flags = std::make_shared<Flags>();
  command->add_option("source", flags->source, "Name of the source, in any case")->required();
  add_author(*command, flags->author);
  command->add_flag("--json", flags->json, "Print what was decided as JSON");
  command->footer(fmt::format(
      "Example:\n  freshet decide {} flickr --by \"A. Person\" --why \"request 4711\"", name));
  commands.on_run(command, [flags, hidden](const Context& context) {
    return decide_source(context, *flags, hidden);
  });
}

}  // namespace

json::object policy_object(const Policy& policy) {
  json::array out;
  for (const auto& [key, value] : policy.values()) {
    json::object line = parse_json(encode_policy_value(*value))->as_object();
    line["key"] = key;
    out.push_back(std::move(line));
  }
  return {{"version", policy.version()}, {"rules", std::move(out)}};
}

void add_policy_commands(CLI::App& root, Commands& commands) {
  CLI::App* group = root.add_subcommand("policy", "Lists and rules that hold for all works");
  group->require_subcommand(1);

  CLI::App* showing = group->add_subcommand("show", "What is in force");
  const auto show_flags = std::make_shared<Flags>();
  showing->add_option(
      "rule", show_flags->rule,
      "One rule, in the form that `set` takes; else a table of what is not as shipped");
  showing->add_flag("--json", show_flags->json, "Print JSON, with who, why and when");
  showing->footer("Example:\n  freshet policy show hidden_tags > tags.json");
  commands.on_run(showing,
                  [show_flags](const Context& context) { return show(context, *show_flags); });

  CLI::App* setting = group->add_subcommand("set", "Put a rule in force, from a file");
  const auto set_flags = std::make_shared<Flags>();
  setting
      ->add_option("rule", set_flags->rule, "sensitive_terms, hidden_tags, sources or http_hosts")
      ->required();
  setting
      ->add_option(
          "file", set_flags->file,
          "JSON as `show` prints it; or, for sensitive_terms and http_hosts, an entry a line; "
          "-: standard input")
      ->required();
  add_author(*setting, set_flags->author);
  setting->add_flag("--json", set_flags->json, "Print what was said as JSON");
  setting->footer(
      "Example:\n  freshet policy set sensitive_terms terms.txt --by \"A. Person\" --why \"list of "
      "November\"\n"
      "  freshet policy set sources sources.json --by \"A. Person\" --why \"two new museums\"\n"
      "  freshet policy set http_hosts hosts.txt --by \"A. Person\" --why \"no TLS there\"");
  commands.on_run(setting,
                  [set_flags](const Context& context) { return set(context, *set_flags); });

  CLI::App* resetting = group->add_subcommand("reset", "Go back to what is shipped");
  const auto reset_flags = std::make_shared<Flags>();
  resetting->add_option("rule", reset_flags->rule, "A rule as `show` names it")->required();
  add_author(*resetting, reset_flags->author);
  resetting->add_flag("--json", reset_flags->json, "Print what was said as JSON");
  resetting->footer(
      "Example:\n  freshet policy reset hidden_tags --by \"A. Person\" --why \"too much was "
      "hidden\"");
  commands.on_run(resetting,
                  [reset_flags](const Context& context) { return reset(context, *reset_flags); });
}

void add_source_decisions(CLI::App& decide, Commands& commands) {
  add_source_decision(decide, commands, "hide-source",
                      "Hide all works of a source; none is written", true);
  add_source_decision(decide, commands, "show-source", "Show a source that is hidden", false);
}

}  // namespace freshet
