#include "operate/topics.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/json.hpp"
#include "operate/broker.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

std::vector<std::string> names_of(const std::vector<TopicSpec>& specs) {
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const TopicSpec& spec : specs) {
    names.push_back(spec.name);
  }
  return names;
}

int create(const Context& context, bool as_json) {
  const auto specs = topic_specs(context.config.kafka);
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  const auto created = require(admin.create_topics(specs));
  json::array list;
  Table table{{{"TOPIC"}, {"PARTITIONS", Align::right}, {"STATE"}}};
  for (const TopicSpec& spec : specs) {
    const bool is_new = std::find(created.begin(), created.end(), spec.name) != created.end();
    const std::string state = is_new ? "created" : "was there";
    list.push_back(json::object{{"topic", spec.name}, {"created", is_new}});
    table.add({spec.name, is_new ? std::to_string(spec.partitions) : "", state});
  }
  std::cout << (as_json ? to_json(list) + "\n" : table.text());
  return ExitCode::done;
}

int describe(const Context& context, bool as_json) {
  const auto specs = topic_specs(context.config.kafka);
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  const auto found = require(admin.describe_topics(names_of(specs)));
  json::array list;
  Table table{{{"TOPIC"}, {"PARTITIONS", Align::right}, {"REPLICAS", Align::right}, {"SETTINGS"}}};
  for (const TopicSpec& spec : specs) {
    const auto topic = std::find_if(found.begin(), found.end(),
                                    [&](const auto& one) { return one.name == spec.name; });
    if (topic == found.end()) {
      list.push_back(json::object{{"topic", spec.name}, {"exists", false}});
      table.add({spec.name, "", "", "missing"});
      continue;
    }
    // What the specification names; the broker has some thirty more.
    json::object configs;
    std::string settings;
    for (const auto& [name, wanted] : spec.configs) {
      const auto value = topic->configs.find(name);
      const std::string text = value == topic->configs.end() ? "" : value->second;
      configs[name] = text;
      settings.append(settings.empty() ? "" : " ").append(name).append("=").append(text);
    }
    list.push_back(json::object{{"topic", spec.name},
                                {"exists", true},
                                {"partitions", topic->partitions},
                                {"replication_factor", topic->replication_factor},
                                {"configs", std::move(configs)}});
    table.add({spec.name, std::to_string(topic->partitions),
               std::to_string(topic->replication_factor), settings});
  }
  std::cout << (as_json ? to_json(list) + "\n" : table.text());
  return ExitCode::done;
}

int diff(const Context& context, bool as_json) {
  const auto specs = topic_specs(context.config.kafka);
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  const auto differences = compare_topics(specs, require(admin.describe_topics(names_of(specs))));
  json::array list;
  Table table{{{"TOPIC"}, {"WHAT"}, {"WANTED"}, {"FOUND"}}};
  for (const TopicDifference& one : differences) {
    list.push_back(json::object{
        {"topic", one.topic}, {"what", one.what}, {"wanted", one.wanted}, {"found", one.found}});
    table.add({one.topic, one.what, one.wanted, one.found});
  }
  if (as_json) {
    std::cout << to_json(list) << '\n';
  } else if (!table.empty()) {
    std::cout << table.text();
  }
  if (differences.empty()) {
    return ExitCode::done;
  }
  std::cerr << "topics: " << differences.size() << " differences to schemas/topics.json\n";
  return ExitCode::refused;
}

/// Deletes topics of this system, with all that is in them.
int erase(const Context& context, std::vector<std::string> names, bool is_sure) {
  const Config::Kafka& config = context.config.kafka;
  const auto ours = names_of(topic_specs(config));
  if (names.empty()) {
    names = ours;
  }
  for (const std::string& name : names) {
    const bool has_prefix = !config.topic_prefix.empty() && name.starts_with(config.topic_prefix);
    if (!has_prefix && std::find(ours.begin(), ours.end(), name) == ours.end()) {
      throw RefusedError{"topic " + name + " is not one of this system"};
    }
  }
  if (!is_sure) {
    throw RefusedError{"this deletes " + std::to_string(names.size()) +
                       " topics and every record in them; say --yes"};
  }
  kafka::Admin admin{config};
  require_broker(admin);
  require(admin.delete_topics(names));
  return ExitCode::done;
}

}  // namespace

std::vector<TopicDifference> compare_topics(const std::vector<TopicSpec>& wanted,
                                            const std::vector<kafka::TopicState>& found) {
  std::vector<TopicDifference> differences;
  for (const TopicSpec& spec : wanted) {
    const auto topic = std::find_if(found.begin(), found.end(),
                                    [&](const auto& one) { return one.name == spec.name; });
    if (topic == found.end()) {
      differences.push_back({spec.name, "topic", "exists", "missing"});
      continue;
    }
    const auto compare = [&](const std::string& what, const std::string& a, const std::string& b) {
      if (a != b) {
        differences.push_back({spec.name, what, a, b});
      }
    };
    compare("partitions", std::to_string(spec.partitions), std::to_string(topic->partitions));
    compare("replication factor", std::to_string(spec.replication_factor),
            std::to_string(topic->replication_factor));
    for (const auto& [name, value] : spec.configs) {
      const auto in_force = topic->configs.find(name);
      compare(name, value, in_force == topic->configs.end() ? "(unknown)" : in_force->second);
    }
  }
  return differences;
}

void add_topics_commands(CLI::App& root, Commands& commands) {
  CLI::App* group = root.add_subcommand("topics", "Topics on the broker");
  group->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& meaning,
                       int (*run)(const Context&, bool)) {
    CLI::App* command = group->add_subcommand(name, meaning);
    const auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "Print the list as JSON");
    command->footer("Example:\n  freshet topics " + name);
    commands.on_run(command,
                    [as_json, run](const Context& context) { return run(context, *as_json); });
  };
  add("create", "Make the topics that are missing; those that exist are left alone", create);
  add("describe", "Partitions, replicas and settings of the topics", describe);
  add("diff", "Where the broker differs from schemas/topics.json and the settings; exit 3 if so",
      diff);

  struct EraseFlags {
    std::vector<std::string> names;
    bool is_sure = false;
  };
  const auto erased = std::make_shared<EraseFlags>();
  CLI::App* command = group->add_subcommand("delete", "Delete topics and every record in them");
  command->add_option("topics", erased->names, "Names on the broker; none: all of this system");
  command->add_flag("--yes", erased->is_sure, "Nothing is deleted without it (exit 3)");
  command->footer("Example:\n  freshet topics delete --yes --kafka-topic-prefix try.");
  commands.on_run(command, [erased](const Context& context) {
    return erase(context, erased->names, erased->is_sure);
  });
}

}  // namespace freshet
