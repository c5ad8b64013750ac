#pragma once

#include <cstdint>
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
inline constexpr std::string_view kSources = "sources";
inline constexpr std::string_view kHttpHosts = "http_hosts";
inline constexpr std::string_view kSource = "source:";          ///< + source
inline constexpr std::string_view kPopularity = "popularity:";  ///< + media type:provider
inline constexpr std::string_view kRemoval = "removal:";        ///< + media type:provider

std::string source_key(std::string_view source);
/// Whether two keys are of one rule: the names of sources are compared without case.
bool is_same_key(std::string_view a, std::string_view b);
}  // namespace policy

/// `{"terms":[…]}`: a work is sensitive when its texts have one of these as a whole word.
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

/// `{"sources":[…]}`: sources and what is known of them, laid over the shipped list. An entry takes
/// the place of the shipped one of its name, compared without case; what it leaves out is as
/// shipped.
struct SourcesRule {
  struct Entry {
    std::string name;          ///< how the source is shown, whatever the case in its works
    std::string display_name;  ///< empty: not said
    std::string source_url;    ///< home page; empty: not said
    bool has_images = false;
    bool has_audio = false;
    std::optional<bool> hidden;  ///< a `source:` rule beats it; nothing: not said
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::vector<Entry> sources;  ///< by folded name
  friend bool operator==(const SourcesRule&, const SourcesRule&) = default;
};

/// `{"hosts":["old.example.org"]}`: hosts that answer only http, in place of the shipped list.
struct HttpHostsRule {
  std::vector<std::string> hosts;  ///< whole names, lower case, sorted
  friend bool operator==(const HttpHostsRule&, const HttpHostsRule&) = default;
};

/// `{"hidden":true}`: hides a source from every query, or shows one that the registry hides.
struct SourceRule {
  bool hidden = false;
  friend bool operator==(const SourceRule&, const SourceRule&) = default;
};

/// `{"metric":"views","percentile":0.85,"value":123.0,"constant":21.7,"works":4711}`; with
/// `"provisional":true` it was counted in the middle of a load: works that are written from then on
/// are scored by it, and those that are there are left for the one that follows.
struct PopularityRule {
  std::string metric;     ///< member of `meta_data`
  double percentile = 0;  ///< in (0, 1)
  double value = 0;       ///< the metric at that percentile
  double constant = 0;    ///< > 0
  std::int64_t works = 0;
  bool is_provisional = false;
  friend bool operator==(const PopularityRule&, const PopularityRule&) = default;
};

/// `{"approved_before":"…"|null,"refused_before":"…"|null,
/// "held":{"started_at":"…","known":n,"missing":n,"refused_sightings":true|false}|null}`: works of
/// the provider that were last seen before `approved_before` are removed at source. A run that
/// would remove too many, or some whose sightings could not be used, is held until somebody
/// approves or refuses; runs that began at `refused_before` or earlier are settled. Both times hold
/// until the rule is taken back. A later value may have an earlier time, because its writer had not
/// read the present one yet; it undoes neither.
struct RemovalRule {
  struct Held {
    UtcTime started_at;
    std::int64_t known = 0;
    std::int64_t missing = 0;
    /// A sighting of a known work was refused since the run began: the source may still have the
    /// work.
    bool has_refused_sightings = false;
    friend bool operator==(const Held&, const Held&) = default;
  };
  std::optional<UtcTime> approved_before;
  std::optional<UtcTime> refused_before;
  std::optional<Held> held;
  friend bool operator==(const RemovalRule&, const RemovalRule&) = default;
};

using PolicyRule = std::variant<SensitiveTermsRule, HiddenTagsRule, SourceRule, PopularityRule,
                                RemovalRule, SourcesRule, HttpHostsRule>;

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
inline constexpr std::size_t kMostSources = 2'000;
inline constexpr std::size_t kMostSourceName = 80;  ///< code points, as the columns of the stores
inline constexpr std::size_t kMostHttpHosts = 10'000;

/// Reads the rule of a key from JSON (the member `rule` of a message). Terms and names are trimmed,
/// sorted and without repeats.
/// @error Retry::never, Errc::wrong_key, missing_field or invalid_value with field and rule.
Result<PolicyRule> parse_policy_rule(std::string_view key, std::string_view text);
std::string encode_policy_rule(const PolicyRule& rule);

/// @error as `parse_policy_rule`; Errc::malformed_payload where it is not JSON at all.
Result<PolicyValue> parse_policy_value(std::string_view key, std::string_view text);
std::string encode_policy_value(const PolicyValue& value);

}  // namespace freshet
