#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/commands.hpp"
#include "core/policy.hpp"

namespace freshet {

/// `freshet policy show|set|reset`.
void add_policy_commands(CLI::App& root, Commands& commands);

/// `freshet decide hide-source|show-source`.
void add_source_decisions(CLI::App& decide, Commands& commands);

/// What `media.policy.v1` says now, read to its end.
/// @error StartupError, WorkFailed; also when it was told to stop: who writes what follows from a
///        part of it undoes the rest.
Policy read_policy(const Context& context);

/// Who says a rule, and why.
struct PolicyAuthor {
  std::string by;
  std::string why;
};

/// Adds `--by` and `--why`, both required.
void add_author(CLI::App& command, PolicyAuthor& author);
/// @error StartupError: texts that cannot stand there.
void check_author(const PolicyAuthor& author);

/// What came of saying a rule.
struct PolicySaid {
  std::int64_t version = 0;  ///< of what is in force now
  UtcTime at;
  bool is_changed = false;  ///< false: it was so before, and nothing was written
};

/// Says a rule, or takes back what is said (nothing), and waits until it is in force for whoever
/// reads the topic.
/// @param policy  as read just before.
/// @error WorkFailed, also when it was written and is not in force.
PolicySaid say_policy(const Context& context, const Policy& policy, std::string_view key,
                      const std::optional<PolicyRule>& rule, const PolicyAuthor& author);

/// A file for `policy set`: the JSON of the rule, or, for `sensitive_terms`, a term per line (blank
/// lines and lines that begin with `#` and a space are left out).
/// @error as parse_policy_rule.
Result<PolicyRule> parse_policy_file(std::string_view key, std::string_view text);

}  // namespace freshet
