#include "processors/stages/dedupe/update.hpp"

#include <algorithm>
#include <set>

#include "core/check.hpp"
#include "core/key.hpp"
#include "processors/record/decisions.hpp"
#include "processors/record/json_slices.hpp"
#include "processors/record/json_text.hpp"
#include "processors/sums/partition_sums.hpp"

namespace freshet {
namespace {

UtcTime whole_millis(UtcTime time) { return UtcTime::from_millis(time.millis()); }

bool holds(const CatalogRecord& record, DecisionKind kind) {
  return record.decisions != kNoDecisions && is_decided(record.decisions, kind);
}

// Before the first sighting, and when an undo of `erase` has forgotten it, `created_on` of the
// record is no time at which anybody saw the work; in the second case it was, and stays.
bool was_sighted(const Seen& seen) { return seen.newest || !seen.url_hash.empty(); }

Status status_of(const CatalogRecord& record) {
  if (holds(record, DecisionKind::takedown) || holds(record, DecisionKind::erase)) {
    return Status::blocked;
  }
  // Perhaps by a kind that this version does not know: which of them block, the status says.
  if (record.status == Status::blocked && may_block(record.decisions)) {
    return Status::blocked;
  }
  if (record.work.empty() || is_removed(record.seen)) {
    return Status::removed_at_source;
  }
  return record.duplicate_of.empty() ? Status::live : Status::duplicate;
}

// What is known of the work: the record as last written, its newest time raised by what was seen
// since. Nothing where there is no record.
std::optional<CatalogRecord> raised(const CatalogRecord* previous,
                                    std::optional<UtcTime> newest_seen) {
  std::optional<CatalogRecord> known;
  if (previous != nullptr) {
    known.emplace(*previous);
    if (known->seen.newest && newest_seen && *newest_seen > known->seen.newest->fetched_at) {
      known->seen.newest->fetched_at = *newest_seen;
    }
  }
  return known;
}

CatalogRecord draft_of(const std::optional<CatalogRecord>& known, std::string_view key,
                       Arena& arena) {
  if (known) {
    return *known;
  }
  CatalogRecord draft{&arena};
  draft.key = key;
  draft.decisions = kNoDecisions;
  return draft;
}

bool same_seen(const Seen& a, const Seen& b) {
  return a.newest == b.newest && a.removed == b.removed && a.url_hash == b.url_hash &&
         std::ranges::equal(a.older, b.older);
}

// Whether the two differ in nothing but when their newest content was last seen.
bool differs_in_time_only(const Seen& a, const Seen& b) {
  return a.newest && b.newest && a.newest->rules == b.newest->rules &&
         a.newest->content_hash == b.newest->content_hash && a.removed == b.removed &&
         a.url_hash == b.url_hash && std::ranges::equal(a.older, b.older);
}

bool is_touch_due(const CatalogRecord& draft, const UpdateContext& context) {
  return draft.seen.newest &&
         (!draft.last_seen_at ||
          draft.seen.newest->fetched_at - *draft.last_seen_at >= context.touch_after);
}

std::optional<double> metric_of(const Work& work, const ScopeRules* scope) {
  if (scope == nullptr || !scope->metric) {
    return std::nullopt;
  }
  const auto found = std::ranges::find(work.meta_data, scope->metric->member, &Member::name);
  return found == work.meta_data.end() ? std::nullopt : metric_value(found->json);
}

// By which a work of the scope is scored now.
std::optional<double> constant_of(std::string_view work_key, const ScopeRules& scope,
                                  const UpdateContext& context) {
  if (context.estimates == nullptr) {
    return scope.constant;
  }
  return context.estimates->constant(scope_of(work_key), scope.metric->percentile, scope.constant,
                                     scope.constant_works);
}

// `derived` as the rules and the decisions in the draft make it.
void derive(CatalogRecord& draft, const Work* work, const UpdateContext& context, Arena& arena) {
  const UserReport report =
      holds(draft, DecisionKind::sensitive) ? UserReport::sensitive : UserReport::none;
  std::string text;
  if (work != nullptr) {
    const ScopeRules* const scope = context.rules.scope(draft.key);
    const auto metric = metric_of(*work, scope);
    append_derived(text, *work, report, context.rules, metric,
                   metric ? constant_of(draft.key, *scope, context) : std::nullopt);
  } else {
    append_derived_without_work(text, report, context.rules);
  }
  draft.derived = copy_to(arena, text);
}

// Nothing where it is no work, or not the one of this key: anybody may have written the record.
std::optional<Work> work_of(std::string_view work_key, std::string_view json, Arena& arena) {
  const auto key = parse_work_key(work_key);
  Result<Work> parsed = parse_work(json, arena);
  if (!key || !parsed || parsed->media_type != key->media_type ||
      parsed->provider != key->provider || parsed->foreign_identifier != key->foreign_identifier) {
    return std::nullopt;
  }
  return std::move(*parsed);
}

// Writes the work into the draft where the list of hosts in force gives one of its URLs another
// scheme. @return whether it does.
bool apply_schemes(CatalogRecord& draft, std::optional<Work>& work, const UpdateContext& context,
                   Arena& arena) {
  if (!work || !set_schemes(*work, context.rules.http_hosts, arena)) {
    return false;
  }
  std::string text;
  append_work(text, *work);
  draft.work = copy_to(arena, text);
  return true;
}

// A JSON list of UUIDs, sorted, with one more of them.
std::string with_identifier(std::string_view list, std::string_view uuid) {
  std::set<std::string> all{"\"" + std::string{uuid} + "\""};
  each_element_slice(list, [&](std::string_view element) {
    all.emplace(element);
    return true;
  });
  std::string out = "[";
  for (const std::string& element : all) {
    out += (out.size() > 1 ? "," : "") + element;
  }
  return out + "]";
}

// A full run that began at T, and whose removals nobody has to approve any more, says of each work
// that was not seen since that the source no longer has it: as a removal at T would. It holds for
// every update from then on, so that what comes late and old brings nothing back.
bool apply_removal_rule(Seen& seen, const ScopeRules* scope, UtcTime now) {
  if (scope == nullptr || !scope->removed_before || !seen.newest || is_removed(seen)) {
    return false;
  }
  const auto removed_before = scope->removed_before_at(now);
  if (!removed_before || seen.newest->fetched_at >= *removed_before) {
    return false;
  }
  seen.removed = removed_before;
  return true;
}

// What the popularity of a work is measured by, before an update and after it.
struct Metrics {
  std::optional<double> before;
  std::optional<double> after;
};

std::optional<double> metric_in(std::string_view work_json, const ScopeRules* scope) {
  return scope == nullptr || !scope->metric ? std::nullopt
                                            : metric_of_work(work_json, scope->metric->member);
}

// The work as the sums have counted it: as it stands in the record, readable or not.
std::string_view work_as_counted(const std::optional<CatalogRecord>& previous,
                                 const UpdateContext& context) {
  if (!previous) {
    return {};
  }
  return context.is_rescue ? context.found_work : previous->work;
}

enum class Revise { if_changed, always };

// What becomes of the claim. With another URL, or none, the verdict on the last one is void.
void set_claim(const std::optional<CatalogRecord>& previous, CatalogRecord& draft, Revise revise,
               Update& update) {
  const auto before = previous ? claim_of(*previous) : std::nullopt;
  const auto after = claim_of(draft);
  const bool moved = before && (!after || after->url_hash != before->url_hash);
  if (!after || moved) {
    draft.duplicate_of = {};
  }
  if (moved) {
    update.released = before->url_hash;
  }
  if (after && (after != before || revise == Revise::always)) {
    update.claimed = after;
    update.needs_answer = previous.has_value();
  }
}

// Sets status, revision and times of the draft by what differs from what was known, and writes it.
// `metrics` are looked up where they are not known.
Update finish(const std::optional<CatalogRecord>& previous, CatalogRecord& draft,
              const UpdateContext& context, std::string& json, Revise revise = Revise::if_changed,
              const std::optional<Metrics>& metrics = std::nullopt) {
  const ScopeRules* const scope = context.rules.scope(draft.key);
  apply_removal_rule(draft.seen, scope, context.batch_time);
  revise = context.is_rescue ? Revise::always : revise;
  Update update;
  set_claim(previous, draft, revise, update);
  draft.status = status_of(draft);
  update.created = !previous;
  const bool core_changed = !previous || context.is_rescue || draft.work != previous->work ||
                            draft.status != previous->status ||
                            draft.duplicate_of != previous->duplicate_of ||
                            draft.decisions != previous->decisions;
  update.revised =
      core_changed || revise == Revise::always || draft.created_on != previous->created_on ||
      draft.former_identifiers != previous->former_identifiers || is_touch_due(draft, context) ||
      !is_derived_alike(previous->derived, draft.derived);
  // Alone, neither another version of the policy nor a score that hardly moved makes a record. One
  // that is written for another reason has the newest score.
  if (!update.revised) {
    draft.derived = previous->derived;
  }
  if (previous) {
    update.before = previous->status;
  }
  if (update.revised) {
    draft.revision = next_revision(draft.revision, context.batch_time);
    if (draft.seen.newest) {
      draft.last_seen_at = whole_millis(draft.seen.newest->fetched_at);
    }
    if (core_changed) {
      draft.updated_on = whole_millis(context.batch_time);
    }
  }
  update.after = draft.status;
  update.newest = draft.seen.newest;
  update.last_seen_at = draft.last_seen_at;
  update.is_removed = is_removed(draft.seen);
  if (update.revised) {
    update.effect = Update::Effect::record;
  } else if (!same_seen(draft.seen, previous->seen)) {
    // A claim is made with the record that it can be made again from.
    const bool is_small = differs_in_time_only(draft.seen, previous->seen) && !update.claimed;
    update.effect = is_small ? Update::Effect::seen_only : Update::Effect::record;
  }
  if (update.effect == Update::Effect::record) {
    append_catalog_record(json, draft);
    const std::string_view counted = work_as_counted(previous, context);
    if (scope != nullptr && scope->metric && draft.work != counted) {
      update.metric_before = metrics ? metrics->before : metric_in(counted, scope);
      update.metric_after = metrics ? metrics->after : metric_in(draft.work, scope);
    }
  }
  return update;
}

}  // namespace

std::optional<UrlClaim> claim_of(const CatalogRecord& record) {
  const Seen& seen = record.seen;
  if (!seen.newest || is_removed(seen) || seen.url_hash.empty()) {
    return std::nullopt;
  }
  return UrlClaim{seen.url_hash, record.created_on};
}

Update apply_sighting(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                      std::string_view key, Work& work, const Stamp& stamp,
                      const UpdateContext& context, Arena& arena, std::string& json) {
  const std::optional<CatalogRecord> known = raised(previous, newest_seen);
  CatalogRecord draft = draft_of(known, key, arena);
  normalise(work, arena);
  const UtcTime first_seen = whole_millis(stamp.fetched_at);
  draft.created_on = was_sighted(draft.seen) ? std::min(draft.created_on, first_seen) : first_seen;
  if (!context.former_identifier.empty()) {
    draft.former_identifiers =
        copy_to(arena, with_identifier(draft.former_identifiers, context.former_identifier));
  }
  if (holds(draft, DecisionKind::erase)) {
    if (!draft.seen.newest || stamp > *draft.seen.newest) {
      draft.seen.newest = stamp;
      draft.seen.url_hash = copy_to(arena, url_hash(work.media_type, work.url, context.rules));
    }
    if (draft.derived.empty()) {
      derive(draft, nullptr, context, arena);
    }
    return finish(known, draft, context, json);
  }
  const ScopeRules* const scope = context.rules.scope(draft.key);
  Metrics metrics;
  Work* merged = &work;
  std::optional<Work> earlier;
  const bool is_recleaned = !context.earlier_work.empty();
  if (draft.seen.newest) {
    earlier = work_of(draft.key, is_recleaned ? context.earlier_work : draft.work, arena);
  }
  const bool is_damaged = draft.seen.newest && !earlier;
  const bool is_as_counted = earlier && !is_recleaned && !context.is_rescue;
  metrics.before = is_as_counted ? metric_of(*earlier, scope)
                                 : metric_in(work_as_counted(known, context), scope);
  if (earlier) {
    if (is_recleaned) {
      forget_absent(draft.seen.older, *earlier);
    }
    merge(*earlier, draft.seen.newest, draft.seen.older, work, stamp);
    merged = &*earlier;
  } else {
    draft.seen.older.clear();
    draft.seen.newest = stamp;
  }
  set_schemes(*merged, context.rules.http_hosts, arena);
  std::string text;
  text.reserve(2048);
  append_work(text, *merged);
  draft.work = copy_to(arena, text);
  derive(draft, merged, context, arena);
  if (!known || draft.work != known->work) {
    draft.seen.url_hash = copy_to(arena, url_hash(merged->media_type, merged->url, context.rules));
  }
  metrics.after = metric_of(*merged, scope);
  Update update = finish(known, draft, context, json,
                         is_damaged ? Revise::always : Revise::if_changed, metrics);
  update.is_damaged = is_damaged;
  return update;
}

Update apply_repeat(const CatalogRecord& previous, std::optional<UtcTime> newest_seen, UtcTime at,
                    const UpdateContext& context, Arena& arena, std::string& json) {
  const std::optional<CatalogRecord> known = raised(&previous, newest_seen);
  CatalogRecord draft = draft_of(known, previous.key, arena);
  FRESHET_CHECK(draft.seen.newest.has_value());
  draft.seen.newest->fetched_at = std::max(draft.seen.newest->fetched_at, at);
  draft.created_on = std::min(draft.created_on, whole_millis(at));
  return finish(known, draft, context, json);
}

Update apply_removal(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                     std::string_view key, UtcTime at, const UpdateContext& context, Arena& arena,
                     std::string& json) {
  const std::optional<CatalogRecord> known = raised(previous, newest_seen);
  CatalogRecord draft = draft_of(known, key, arena);
  if (!was_sighted(draft.seen)) {
    const UtcTime stand_in = whole_millis(at);
    draft.created_on = !known ? stand_in : std::min(draft.created_on, stand_in);
  }
  draft.seen.removed = std::max(draft.seen.removed.value_or(at), at);
  if (draft.derived.empty()) {
    derive(draft, nullptr, context, arena);
  }
  return finish(known, draft, context, json);
}

Update apply_decision(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                      const Decision& decision, const UpdateContext& context, Arena& arena,
                      std::string& json) {
  const std::optional<CatalogRecord> known = raised(previous, newest_seen);
  CatalogRecord draft = draft_of(known, decision.work_key, arena);
  const bool is_reemit = decision.kind == DecisionKind::reemit;
  if (is_reemit && !known) {
    return {};
  }
  if (!is_reemit) {
    const bool was_erased = holds(draft, DecisionKind::erase);
    draft.decisions = copy_to(arena, with_decision(draft.decisions, decision));
    const bool is_erased = holds(draft, DecisionKind::erase);
    if (is_erased) {
      draft.work = {};
      draft.seen.older.clear();
    } else if (was_erased) {
      draft.seen.newest.reset();
    }
    if (!known) {
      draft.created_on = decision.history.front().at;
    }
  }
  bool is_damaged = false;
  if (draft.derived.empty() || decision.kind != DecisionKind::takedown) {
    auto work = draft.work.empty() ? std::nullopt : work_of(draft.key, draft.work, arena);
    is_damaged = !draft.work.empty() && !work;
    if (is_damaged) {
      draft.work = {};
      draft.seen.older.clear();
      draft.seen.newest.reset();  // so that the next sighting counts, changed or not
    }
    apply_schemes(draft, work, context, arena);
    derive(draft, work ? &*work : nullptr, context, arena);
  }
  Update update = finish(known, draft, context, json,
                         is_reemit || is_damaged ? Revise::always : Revise::if_changed);
  update.is_damaged = is_damaged;
  return update;
}

std::optional<Update> apply_verdict(const CatalogRecord& previous,
                                    std::optional<UtcTime> newest_seen,
                                    const VerdictMessage& verdict, const UpdateContext& context,
                                    Arena& arena, std::string& json) {
  const std::optional<CatalogRecord> known = raised(&previous, newest_seen);
  const auto claim = claim_of(*known);
  if (!claim || claim->url_hash != verdict.url_hash) {
    return std::nullopt;
  }
  CatalogRecord draft = draft_of(known, previous.key, arena);
  draft.duplicate_of = verdict.owner == draft.key ? std::string_view{} : verdict.owner;
  return finish(known, draft, context, json);
}

Update apply_rules(const CatalogRecord& previous, std::optional<UtcTime> newest_seen,
                   const UpdateContext& context, Arena& arena, std::string& json) {
  const std::optional<CatalogRecord> known = raised(&previous, newest_seen);
  CatalogRecord draft = draft_of(known, previous.key, arena);
  auto work = draft.work.empty() ? std::nullopt : work_of(draft.key, draft.work, arena);
  if (!draft.work.empty() && !work) {
    Update update;
    update.is_damaged = true;
    return update;
  }
  const bool has_other_scheme = apply_schemes(draft, work, context, arena);
  derive(draft, work ? &*work : nullptr, context, arena);
  if (!has_other_scheme && is_derived_alike(previous.derived, draft.derived) &&
      !apply_removal_rule(draft.seen, context.rules.scope(draft.key), context.batch_time) &&
      status_of(draft) == previous.status) {
    return {};
  }
  return finish(known, draft, context, json);
}

}  // namespace freshet
