#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/commands.hpp"
#include "core/json.hpp"
#include "core/policy.hpp"

namespace freshet {

/// `freshet policy show|set|reset`.
void add_policy_commands(CLI::App& root, Commands& commands);

/// `freshet decide hide-source|show-source`.
void add_source_decisions(CLI::App& decide, Commands& commands);

/// The policy on `media.policy.v1`, read to the topic's end.
/// @error StartupError, WorkFailed. It also throws when it was told to stop: a part of the policy
///        must not be taken for all of it, or what is written next would undo the rest.
Policy read_policy(const Context& context);

/// As `freshet policy show --json` prints it.
json::object policy_object(const Policy& policy);

/// Who sets a rule, and why.
struct PolicyAuthor {
  std::string by;
  std::string why;
};

/// Adds `--by` and `--why`, both required.
void add_author(CLI::App& command, PolicyAuthor& author);
/// @error StartupError: a text that cannot be used.
void check_author(const PolicyAuthor& author);

/// The result of setting a rule.
struct PolicySaid {
  std::int64_t version = 0;  ///< of what is in force now
  UtcTime at;
  bool is_changed = false;  ///< false: it was in force before, and nothing was written
};

/// Sets a rule, or takes it back (nothing), and waits until it is in force for anybody who reads
/// the topic.
/// @param policy  as read just before.
/// @error WorkFailed, also when the rule was written but is not in force.
PolicySaid say_policy(const Context& context, const Policy& policy, std::string_view key,
                      const std::optional<PolicyRule>& rule, const PolicyAuthor& author);

/// The keys under which policy has the rule that `key` names: that key alone or, because names of
/// sources are compared without case, `source:` with every spelling that was set.
/// @return those that hold now, the newest first; empty: there is none.
std::vector<std::string> keys_of(const Policy& policy, std::string_view key);

/// What is shipped for a rule, in the form that `set` takes; empty: nothing is shipped.
std::string shipped_rule(std::string_view key);

/// The name of a source as policy has it, else as the registry has it (with what policy lays over
/// it), else as given.
struct NamedSource {
  std::string name;
  bool is_registered = false;
};
NamedSource find_source(const Policy& policy, std::string_view name);

/// A file for `policy set`: the JSON of the rule, or of the list that it consists of; or, for
/// `sensitive_terms` and `http_hosts`, an entry per line (blank lines and lines that begin with `#`
/// and a space are left out).
/// @error as parse_policy_rule.
Result<PolicyRule> parse_policy_file(std::string_view key, std::string_view text);

}  // namespace freshet
