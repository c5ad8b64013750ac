#include "operate/policy.hpp"

#include <CLI/CLI.hpp>

#include "core/check.hpp"
#include "core/decision.hpp"
#include "core/json.hpp"
#include "core/kafka/policy_reader.hpp"
#include "core/kafka/policy_writer.hpp"
#include "core/kafka/producer.hpp"
#include "core/text.hpp"
#include "core/topics.hpp"
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

std::string terms_json(std::string_view text) {
  std::string out = R"({"terms":[)";
  bool is_first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_comment = line.starts_with("# ");
    line = trim_space(line);
    if (line.empty() || is_comment || line == "#") {
      continue;
    }
    out += is_first ? "" : ",";
    append_json_string(out, line);
    is_first = false;
  }
  return out + "]}";
}

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

Result<PolicyRule> parse_policy_file(std::string_view key, std::string_view text) {
  if (key == policy::kSensitiveTerms && !trim_space(text).starts_with('{')) {
    return parse_policy_rule(key, terms_json(text));
  }
  return parse_policy_rule(key, text);
}

}  // namespace freshet
