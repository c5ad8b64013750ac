#include "processors/stages/dedupe/update.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "processors/json_text.hpp"

namespace freshet {
namespace {

UtcTime whole_millis(UtcTime time) { return UtcTime::from_millis(time.millis()); }

bool is_decided(std::string_view decisions, std::string_view kind) {
  // Written by ourselves, compact: a decision that is not taken is a literal null.
  const std::string open = "\"" + std::string{kind} + "\":";
  const std::size_t at = decisions.find(open);
  return at != std::string_view::npos && decisions.substr(at + open.size(), 4) != "null";
}

Status status_of(const CatalogRecord& record) {
  if (record.decisions != kNoDecisions &&
      (is_decided(record.decisions, "takedown") || is_decided(record.decisions, "erase"))) {
    return Status::blocked;
  }
  const Seen& seen = record.seen;
  if (seen.removed && (!seen.newest || *seen.removed > seen.newest->fetched_at)) {
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

// Sets status, revision and times of the draft by what differs from what was known, and writes it.
Update finish(const std::optional<CatalogRecord>& previous, CatalogRecord& draft,
              const UpdateContext& context, std::string& json) {
  draft.status = status_of(draft);
  Update update;
  update.created = !previous;
  const bool core_changed =
      !previous || draft.work != previous->work || draft.status != previous->status ||
      draft.duplicate_of != previous->duplicate_of || draft.decisions != previous->decisions;
  update.revised = core_changed || draft.derived != previous->derived ||
                   draft.created_on != previous->created_on ||
                   draft.former_identifiers != previous->former_identifiers ||
                   is_touch_due(draft, context);
  if (previous) {
    update.before = previous->status;
  }
  if (update.revised) {
    draft.revision = std::max(draft.revision + 1, context.batch_time.millis());
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
  if (update.revised) {
    update.effect = Update::Effect::record;
  } else if (!same_seen(draft.seen, previous->seen)) {
    update.effect = differs_in_time_only(draft.seen, previous->seen) ? Update::Effect::seen_only
                                                                     : Update::Effect::record;
  }
  if (update.effect == Update::Effect::record) {
    append_catalog_record(json, draft);
  }
  return update;
}

}  // namespace

Update apply_sighting(const CatalogRecord* previous, std::optional<UtcTime> newest_seen,
                      std::string_view key, Work& work, const Stamp& stamp,
                      const UpdateContext& context, Arena& arena, std::string& json) {
  const std::optional<CatalogRecord> known = raised(previous, newest_seen);
  CatalogRecord draft = draft_of(known, key, arena);
  normalise(work, arena);
  const UtcTime first_seen = whole_millis(stamp.fetched_at);
  // Before the first sighting `created_on` is only a stand-in.
  draft.created_on = draft.seen.newest ? std::min(draft.created_on, first_seen) : first_seen;
  const Work* merged = &work;
  std::optional<Work> earlier;
  if (draft.seen.newest) {
    Result<Work> parsed = parse_work(draft.work, arena);
    FRESHET_CHECK(parsed.has_value());  // it was written by us and read whole before
    earlier.emplace(std::move(*parsed));
    merge(*earlier, draft.seen.newest, draft.seen.older, work, stamp);
    merged = &*earlier;
  } else {
    draft.seen.newest = stamp;
  }
  std::string text;
  text.reserve(2048);
  append_work(text, *merged);
  draft.work = copy_to(arena, text);
  text.clear();
  append_derived(text, *merged, context.rules);
  draft.derived = copy_to(arena, text);
  if (!known || draft.work != known->work) {
    draft.seen.url_hash = copy_to(arena, url_hash(merged->media_type, merged->url, context.rules));
  }
  return finish(known, draft, context, json);
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
  if (!draft.seen.newest) {
    const UtcTime stand_in = whole_millis(at);
    draft.created_on = !known ? stand_in : std::min(draft.created_on, stand_in);
  }
  draft.seen.removed = std::max(draft.seen.removed.value_or(at), at);
  if (draft.derived.empty()) {
    std::string text;
    append_derived_without_work(text);
    draft.derived = copy_to(arena, text);
  }
  return finish(known, draft, context, json);
}

}  // namespace freshet
