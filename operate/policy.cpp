#include "operate/policy.hpp"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>

#include "core/check.hpp"
#include "core/decision.hpp"
#include "core/fold.hpp"
#include "core/json_writer.hpp"
#include "core/kafka/policy_reader.hpp"
#include "core/kafka/policy_writer.hpp"
#include "core/kafka/producer.hpp"
#include "core/resources.hpp"
#include "core/text.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"
#include "operate/broker.hpp"

namespace freshet {
namespace {

// The value in force, if it is this one.
bool is_in_force(const Policy& policy, std::string_view key,
                 const std::optional<PolicyRule>& rule) {
  const auto found = policy.values().find(key);
  return rule ? found != policy.values().end() && found->second->rule == *rule
              : found == policy.values().end();
}

// `{"terms":[…]}` of an entry a line.
std::string lines_json(std::string_view member, std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_comment = line.starts_with("# ");
    line = trim_space(line);
    if (line.empty() || is_comment || line == "#") {
      continue;
    }
    lines.push_back(line);
  }
  std::string out;
  ObjectWriter object{out};
  object.texts(member, lines);
  object.close();
  return out;
}

// A rule that is one list, and whether a file may have an entry of it a line.
struct ListRule {
  std::string_view key;
  std::string_view member;
  bool by_line;
};
constexpr std::array<ListRule, 3> kListRules{{{policy::kSensitiveTerms, "terms", true},
                                              {policy::kHttpHosts, "hosts", true},
                                              {policy::kSources, "sources", false}}};

}  // namespace

Policy read_policy(const Context& context) {
  const Config::Kafka& config = context.config.kafka;
  kafka::Admin admin{config};
  require_broker(admin);
  kafka::Consumer consumer{config, reader_options()};
  const std::string topic = config.prefixed(topics::kPolicy);
  partitions_of(consumer, topic);
  PolicyLog log;
  read_to_end(consumer, {{{topic, kafka::Partition{0}}, kafka::Consumer::kBeginning}}, context.stop,
              [&](const kafka::Message& message) {
                log.apply(kafka::policy_message(message));
                return true;
              });
  if (context.stop.stop_requested()) {
    throw WorkFailed{"stopped before all of " + topic + " was read"};
  }
  return log.policy();
}

void add_author(CLI::App& command, PolicyAuthor& author) {
  command.add_option("--by", author.by, "Who decides")->required();
  command.add_option("--why", author.why, "Why; it is kept as long as the rule")->required();
}

void check_author(const PolicyAuthor& author) {
  if (const auto fault = fault_of_decision_text(author.by, kMostDecisionBy)) {
    throw StartupError{"--by " + *fault};
  }
  if (const auto fault = fault_of_decision_text(author.why, kMostDecisionWhy)) {
    throw StartupError{"--why " + *fault};
  }
}

PolicySaid say_policy(const Context& context, const Policy& policy, std::string_view key,
                      const std::optional<PolicyRule>& rule, const PolicyAuthor& author) {
  const UtcTime now = UtcTime::from_millis(SystemClock{}.now().millis());
  if (is_in_force(policy, key, rule)) {
    return {policy.version_of(key), now, false};
  }
  kafka::Producer producer{context.config.kafka, {}};
  const std::int64_t version = require(kafka::write_policy(
      producer, context.config.kafka, policy, key, rule, {author.by, author.why}, now));
  // The broker takes what no reader does: a version too far ahead of its clock.
  if (read_policy(context).version_of(key) < version) {
    throw WorkFailed{"what was said of " + std::string{key} + " is not in force: its version, " +
                     std::to_string(version) +
                     ", is more than an hour ahead of the broker's clock"};
  }
  return {version, now, true};
}

std::vector<std::string> keys_of(const Policy& policy, std::string_view key) {
  std::vector<std::string> keys;
  for (const auto& [said, value] : policy.values()) {
    if (policy::is_same_key(said, key)) {
      keys.push_back(said);
    }
  }
  std::ranges::sort(keys, std::ranges::greater{},
                    [&](const std::string& said) { return policy.version_of(said); });
  return keys;
}

std::string shipped_rule(std::string_view key) {
  const auto member = [](const char* file, const char* place) {
    const auto parsed = parse_json(resource(file));
    FRESHET_CHECK(parsed.has_value());
    return to_json(value_at(*parsed, place));
  };
  std::string text;
  if (key == policy::kSensitiveTerms) {
    text = R"({"terms":[]})";
  } else if (key == policy::kHiddenTags) {
    text = member("rules.json", "/hidden_tags");
  } else if (key == policy::kHttpHosts) {
    text = R"({"hosts":)" + member("rules.json", "/http_only_hosts") + "}";
  } else if (key == policy::kSources) {
    text = R"({"sources":)" + member("sources.json", "") + "}";
  } else {
    return {};
  }
  const auto rule = parse_policy_rule(key, text);
  FRESHET_CHECK(rule.has_value());
  return encode_policy_rule(*rule);
}

NamedSource find_source(const Policy& policy, std::string_view name) {
  NamedSource found{std::string{name}, false};
  const auto look_in = [&](const SourcesRule& registry) {
    for (const SourcesRule::Entry& entry : registry.sources) {
      if (!found.is_registered && fold_case(entry.name) == fold_case(name)) {
        found = {entry.name, true};
      }
    }
  };
  if (const auto* said = policy.find<SourcesRule>(policy::kSources)) {
    look_in(*said);
  }
  const auto shipped = parse_policy_rule(policy::kSources, shipped_rule(policy::kSources));
  look_in(std::get<SourcesRule>(*shipped));
  if (const auto keys = keys_of(policy, policy::source_key(name)); !keys.empty()) {
    found.name = keys.front().substr(policy::kSource.size());
  }
  return found;
}

Result<PolicyRule> parse_policy_file(std::string_view key, std::string_view text) {
  text = without_bom(text);  // an editor's, and no part of the first entry
  const auto rule = std::ranges::find(kListRules, key, &ListRule::key);
  const std::string_view begin = trim_space(text);
  if (rule == kListRules.end() || begin.starts_with('{')) {
    return parse_policy_rule(key, text);
  }
  if (begin.starts_with('[')) {
    if (auto list = parse_json(text); list && list->is_array()) {
      return parse_policy_rule(key, to_json(json::object{{rule->member, std::move(*list)}}));
    }
  }
  return parse_policy_rule(key, rule->by_line ? lines_json(rule->member, text) : text);
}

}  // namespace freshet
