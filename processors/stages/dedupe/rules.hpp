#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy.hpp"
#include "core/time.hpp"
#include "processors/clean/url.hpp"
#include "processors/record/work.hpp"
#include "processors/stages/dedupe/sensitive_terms.hpp"
#include "processors/sums/popularity.hpp"

namespace freshet {

/// Which tags are kept but not shown.
/// @source  the tag filter that the batch original applied at its refresh, in its last form: whole
///          names and parts of names (lower case), machine tags below an accuracy, tag providers.
class TagFilter {
 public:
  struct Lists {
    std::vector<std::string> names;
    std::vector<std::string> parts;
    std::vector<std::string> providers;
    double least_accuracy = 0;
  };
  explicit TagFilter(Lists lists);

  bool hides(const Tag& tag) const;

 private:
  bool hides_name(std::string_view lower) const;

  Lists lists_;
  /// Indexes of the parts that begin with a byte: most bytes begin none, so a name is read once.
  std::array<std::vector<std::size_t>, 256> parts_by_first_;
};

/// What holds for the works of one provider and media type.
struct ScopeRules {
  std::optional<PopularityMetric> metric;  ///< nothing: its works have no popularity
  std::optional<double> constant;          ///< of popularity; nothing: not known yet
  std::int64_t constant_works = 0;         ///< how many works the constant rests on
  /// A full run that began then has ended, and nobody has to approve what it removes: works last
  /// seen before are removed at source.
  std::optional<UtcTime> removed_before;

  /// The same, while it may be acted upon. When a work was last seen is known for sure only as long
  /// as `media.seen.v1` keeps every entry since the run began: from an empty disk a work may come
  /// back as seen before a run that did see it. Works that are gone were removed long before.
  std::optional<UtcTime> removed_before_at(UtcTime now) const;
};

/// For so long `media.seen.v1` is sure to have what was said since: its 30 days, less the hour that
/// clocks may differ, and some room.
inline constexpr std::chrono::days kSeenEntriesKept{29};

/// The rule lists behind the `derived` part of a record and the URL claims.
struct DedupeRules {
  TagFilter tags;
  std::map<std::string, double, std::less<>> authority;  ///< by provider
  std::vector<std::string> tracking_parameters;  ///< names; a trailing `*` stands for any ending
  std::map<std::string, ScopeRules, std::less<>> scopes;  ///< by `image:flickr`; few have any
  /// Nothing: no terms. Shared, because building it takes longer than all of the rest.
  std::shared_ptr<const SensitiveTerms> sensitive_terms;
  std::int64_t terms_version = 0;   ///< of the rule that they come from
  std::int64_t policy_version = 0;  ///< of all of it; 0: as shipped
  clean::HttpHosts http_hosts{};

  /// Null: nothing holds but what holds for all. @param work_key  of one of its works.
  const ScopeRules* scope(std::string_view work_key) const;
};

/// The lists shipped with the binary, schemas/rules.json.
const DedupeRules& shipped_dedupe_rules();

/// The shipped lists with what policy says in their place.
/// @param before  earlier rules, whose parts are used again where they are the same; may be null.
DedupeRules overlaid(const DedupeRules& shipped, const Policy& policy, const DedupeRules* before);

/// Gives each URL that clean made (url, landing page, thumbnail, creator's page) the scheme that
/// its host has by the list in force: `http://` for hosts on it, `https://` for all others. Clean
/// knows the shipped list alone and forgets which scheme a source wrote, so the scheme is a
/// function of host and list, whenever and by whichever list a URL was cleaned.
/// @param work  merged or cleaned; new texts go to the arena.
/// @return whether something changed.
bool set_schemes(Work& work, const clean::HttpHosts& hosts, Arena& arena);

/// Whether a sensitive term stands in the title, the description or the name of a tag.
bool has_sensitive_text(const Work& work, const SensitiveTerms& terms);

/// Whether a decision says that the work is sensitive.
enum class UserReport { none, sensitive };

/// Appends the `derived` object of a work that was merged: tags to hide by their position, reasons
/// for sensitivity, popularity, authority, and the policy version all this comes from.
/// @param metric    of the work; nothing: it has no popularity.
/// @param constant  of the work's scope; nothing: likewise.
void append_derived(std::string& out, const Work& work, UserReport report, const DedupeRules& rules,
                    std::optional<double> metric = std::nullopt,
                    std::optional<double> constant = std::nullopt);
/// The same for a record without a work.
void append_derived_without_work(std::string& out, UserReport report, const DedupeRules& rules);

/// What a URL is claimed as: 32 hex digits over media type and canonical URL. The canonical form
/// has no scheme (http and https are one), no default port, no fragment, no tracking parameters,
/// and its host in lower case. 128 bits: a billion works share URLs only where they truly do.
std::string url_hash(MediaType media_type, std::string_view url, const DedupeRules& rules);
std::string canonical_url(std::string_view url, const DedupeRules& rules);

}  // namespace freshet
