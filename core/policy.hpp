#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/key.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// Keys of `media.policy.v1`: the names of the rules.
namespace policy {
inline constexpr std::string_view kSensitiveTerms = "sensitive_terms";
inline constexpr std::string_view kHiddenTags = "hidden_tags";
inline constexpr std::string_view kSource = "source:";          ///< + source
inline constexpr std::string_view kPopularity = "popularity:";  ///< + media type:provider
inline constexpr std::string_view kRemoval = "removal:";        ///< + media type:provider

std::string source_key(std::string_view source);
}  // namespace policy

/// `{"terms":[…]}`: works in whose texts one of these stands as a whole word are sensitive.
struct SensitiveTermsRule {
  std::vector<std::string> terms;
  friend bool operator==(const SensitiveTermsRule&, const SensitiveTermsRule&) = default;
};

/// `{"names":[…],"parts":[…],"providers":[…],"least_accuracy":0.9}`: tags that are not shown.
struct HiddenTagsRule {
  std::vector<std::string> names;  ///< whole names; ASCII letters in lower case, like `parts`
  std::vector<std::string> parts;
  std::vector<std::string> providers;
  double least_accuracy = 0;
  friend bool operator==(const HiddenTagsRule&, const HiddenTagsRule&) = default;
};

/// `{"hidden":true}`: hides a source from every query, or shows one that the registry hides.
struct SourceRule {
  bool hidden = false;
  friend bool operator==(const SourceRule&, const SourceRule&) = default;
};

/// `{"metric":"views","percentile":0.85,"value":123.0,"constant":21.7,"works":4711}`
struct PopularityRule {
  std::string metric;     ///< member of `meta_data`
  double percentile = 0;  ///< in (0, 1)
  double value = 0;       ///< the metric at that percentile
  double constant = 0;    ///< > 0
  std::int64_t works = 0;
  friend bool operator==(const PopularityRule&, const PopularityRule&) = default;
};

/// `{"approved_before":"…"|null,"refused_before":"…"|null,
/// "held":{"started_at":"…","known":n,"missing":n,"refused_sightings":true|false}|null}`: works of
/// the provider that were last seen before `approved_before` are removed at source. A run that
/// would remove too many, or some whose sightings could not be used, is held until somebody
/// approves or refuses; runs that began at `refused_before` or earlier are settled. Both times hold
/// until the rule is taken back: a later value with an earlier time, said by who had not read it
/// yet, does not undo them.
struct RemovalRule {
  struct Held {
    UtcTime started_at;
    std::int64_t known = 0;
    std::int64_t missing = 0;
    /// Since the run began a sighting of a known work was refused: the source may have it still.
    bool has_refused_sightings = false;
    friend bool operator==(const Held&, const Held&) = default;
  };
  std::optional<UtcTime> approved_before;
  std::optional<UtcTime> refused_before;
  std::optional<Held> held;
  friend bool operator==(const RemovalRule&, const RemovalRule&) = default;
};

using PolicyRule =
    std::variant<SensitiveTermsRule, HiddenTagsRule, SourceRule, PopularityRule, RemovalRule>;

/// A value of `media.policy.v1`: `{"version":N,"at":"…","by":"…","why":"…","rule":{…}}`.
struct PolicyValue {
  std::int64_t version = 0;  ///< > 0, greater than every other on the topic when it was written
  UtcTime at;                ///< whole milliseconds
  std::string by;
  std::string why;
  PolicyRule rule;
};

/// Bounds of lists, so that one value fits a message and building it takes milliseconds.
inline constexpr std::size_t kMostTerms = 100'000;
inline constexpr std::size_t kMostTermCodePoints = 200;
inline constexpr std::size_t kMostHiddenTags = 1'000;  ///< of each of its lists

/// The rule of the key that `text` is a JSON value of (the member `rule` of a message). Terms and
/// names are trimmed, sorted and without repeats.
/// @error Retry::never, Errc::wrong_key, missing_field or invalid_value with field and rule.
Result<PolicyRule> parse_policy_rule(std::string_view key, std::string_view text);
std::string encode_policy_rule(const PolicyRule& rule);

/// @error as `parse_policy_rule`; Errc::malformed_payload where it is not JSON at all.
Result<PolicyValue> parse_policy_value(std::string_view key, std::string_view text);
std::string encode_policy_value(const PolicyValue& value);

/// What is in force: an immutable picture that threads share.
class Policy {
 public:
  /// The rule under this key; nothing where it is as shipped.
  template <class Rule>
  const Rule* find(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : std::get_if<Rule>(&found->second->rule);
  }
  const std::map<std::string, std::shared_ptr<const PolicyValue>, std::less<>>& values() const {
    return values_;
  }
  /// Versions by key, also of what was taken back.
  const std::map<std::string, std::int64_t, std::less<>>& versions() const { return versions_; }
  /// Of the value in force, or of the message that took it back; 0: the topic never said anything
  /// about it. No two values of a rule share one.
  std::int64_t version_of(std::string_view key) const;
  /// Greatest version of any rule; 0: everything is as shipped.
  std::int64_t version() const { return version_; }

 private:
  friend class PolicyLog;
  std::map<std::string, std::shared_ptr<const PolicyValue>, std::less<>> values_;
  std::map<std::string, std::int64_t, std::less<>> versions_;
  std::int64_t version_ = 0;
};

/// A message of `media.policy.v1`.
struct PolicyMessage {
  std::string_view key;
  std::optional<std::string_view> value;    ///< nothing: back to what is shipped
  std::optional<std::string_view> schema;   ///< header `schema`
  std::optional<std::string_view> version;  ///< header `version` of one without a value
  UtcTime appended;                         ///< the broker's append time
  std::int64_t offset = 0;
};

/// The newest message of a key does not say what is in force: it cannot be used, it is older than
/// the value before it, or it knows less of removals. Compaction will leave only that message, so
/// the value in force has to be written again.
struct PolicyFault {
  std::string key;
  std::int64_t offset = 0;
  std::optional<Error> error;  ///< nothing: usable
  std::optional<std::string> bytes;
  std::optional<std::string> schema;  ///< its header `schema`
  /// What is to be written: a value as it was, or of removals with all that was said; nothing:
  /// none, the lists are as shipped.
  std::optional<std::string> in_force;
  std::int64_t version = 0;  ///< of what is in force
};

/// Takes the messages of the topic in their order.
class PolicyLog {
 public:
  /// @return why the message cannot be used: the earlier value stays in force.
  std::optional<Error> apply(const PolicyMessage& message);
  const Policy& policy() const { return policy_; }
  /// By key; empty as soon as what is in force has been written again.
  const std::map<std::string, PolicyFault, std::less<>>& faults() const { return faults_; }

 private:
  std::optional<Error> take_value(const PolicyMessage& message);
  void take_back(const PolicyMessage& message);
  void note_fault(const PolicyMessage& message, std::optional<Error> error);

  Policy policy_;
  std::map<std::string, std::string, std::less<>> bytes_;  // of the values in force
  std::map<std::string, PolicyFault, std::less<>> faults_;
};

/// Version for a message that follows all that `policy` has.
std::int64_t next_policy_version(const Policy& policy, UtcTime now);

}  // namespace freshet
