#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/decision.hpp"
#include "processors/record/catalog_record.hpp"
#include "processors/record/url_claim.hpp"
#include "processors/stages/dedupe/merge.hpp"
#include "processors/stages/dedupe/rules.hpp"
#include "processors/sums/popularity_estimates.hpp"

namespace freshet {

/// What an update reads besides the record and the event. The time is read once per batch.
struct UpdateContext {
  UtcTime batch_time;
  std::chrono::microseconds touch_after;
  const DedupeRules& rules;
  /// UUID that the work of a sighting had elsewhere, or empty; kept for good.
  std::string_view former_identifier{};
  /// What stands for the work of the record when a sighting is merged into it: the same, cleaned by
  /// rules that are newer than those which made it. Empty: the record's own.
  std::string_view earlier_work{};
  /// The record before is what was saved of one that cannot be read: the work is written anew,
  /// whatever else changes.
  bool is_rescue = false;
  /// In a rescue the `work` of the record as it was found, see `SavedRecord`.
  std::string_view found_work{};
  /// The loop's own; null: the constants of the rules are the only ones.
  PopularityEstimates* estimates = nullptr;
};

/// That a work has a URL, and since when: of several the earliest owns it.
struct UrlClaim {
  std::string_view url_hash;
  UtcTime created_on;
  friend bool operator==(const UrlClaim&, const UrlClaim&) = default;
};

/// The claim that a work holds: on its present URL, from its first sighting on, as long as its
/// source has it. A work that is blocked keeps its claim, so that its copies stay hidden too.
std::optional<UrlClaim> claim_of(const CatalogRecord& record);

/// What one event did to the record of a work.
struct Update {
  enum class Effect {
    none,       ///< nothing to write
    seen_only,  ///< only the time of `seen.newest` moved: a seen entry says it in 24 bytes
    record,     ///< `json` is to be written
  };
  Effect effect = Effect::none;
  bool created = false;          ///< there was no record before
  bool revised = false;          ///< the public part changed: it has a new revision
  std::optional<Status> before;  ///< status of the earlier record
  Status after = Status::live;
  std::optional<Stamp> newest;
  std::optional<UtcTime> last_seen_at;
  bool is_removed = false;  ///< its source no longer has it, whatever the status
  /// The `work` of the earlier record is none, or another one: it was left out. A sighting takes
  /// its place; a decision leaves the work without, until the next one comes.
  bool is_damaged = false;
  /// Hash of a URL that the work claimed and claims no longer; empty: none. Views are of the
  /// records.
  std::string_view released;
  std::optional<UrlClaim> claimed;  ///< a claim that is new, or is to be made again
  /// Whether the owner must be told even if nobody else claims the URL. Not for the first claim of
  /// a new work: it takes itself for the owner until it hears otherwise.
  bool needs_answer = false;
  /// By which the work's popularity is measured, in the record before and in `json`.
  std::optional<double> metric_before;
  std::optional<double> metric_after;
};

/// Applies a cleaned sighting to the record as last written (or to none). While an erase decision
/// holds, only `seen` takes it in: when, and which URL it claims.
///
/// @param newest_seen  the greatest time at which the newest sighting's very content was seen,
///                     where that is later than the record says: unchanged sightings are not
///                     written.
/// @param work         is normalised by this call.
/// @param json         the new record is appended when the effect says so.
Update apply_sighting(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                      std::string_view key, Work& work, const Stamp& stamp,
                      const UpdateContext& context, Arena& arena, std::string& json);

/// Applies the content of the newest sighting, seen at `at` (again later, or earlier than known).
/// It moves at most `created_on` and, once per `touch_after`, `last_seen_at`.
Update apply_repeat(const CatalogRecord& previous, std::optional<UtcTime> newest_seen, UtcTime at,
                    const UpdateContext& context, Arena& arena, std::string& json);

/// Applies the source's word that it no longer has the work, said at `at`.
Update apply_removal(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                     std::string_view key, UtcTime at, const UpdateContext& context, Arena& arena,
                     std::string& json);

/// Applies a decision. `takedown` blocks and leaves the content in the record, so that an undo
/// brings it back whole; `erase` drops it, and an undo of that forgets the newest sighting too, so
/// that the next one, changed or not, brings the content back; `sensitive` shows in `derived`;
/// `reemit` writes the record again, under a new revision, with `derived` as the rules in force
/// make it, and makes its claim again.
/// @return an update without effect also for a `reemit` of a work that is not known.
Update apply_decision(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                      const Decision& decision, const UpdateContext& context, Arena& arena,
                      std::string& json);

/// Applies the word of the URL's owner. Where the claim changes, by any event, the work is its own
/// owner until the next verdict.
/// @return nothing when it is about another URL than the one that the work claims: it came late.
std::optional<Update> apply_verdict(const CatalogRecord& previous,
                                    std::optional<UtcTime> newest_seen,
                                    const VerdictMessage& verdict, const UpdateContext& context,
                                    Arena& arena, std::string& json);

/// Applies the rules in force to a work that nothing else happened to.
/// @return an update without effect when `derived` stays what it is to a reader
///         (`is_derived_alike`), and with it the schemes of the URLs and the status, or
///         `is_damaged`.
Update apply_rules(const CatalogRecord& previous, std::optional<UtcTime> newest_seen,
                   const UpdateContext& context, Arena& arena, std::string& json);

}  // namespace freshet
