#include "processors/stages/dedupe/dedupe.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/key.hpp"
#include "core/record/finished_run.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"
#include "processors/record/json_text.hpp"
#include "processors/stages/dedupe/event_checks.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"
#include "processors/stages/dedupe/table_entry.hpp"

namespace freshet {
namespace {

constexpr std::size_t kScratchBytes = 128 * 1024;
constexpr std::chrono::microseconds kFutureLimit = std::chrono::hours{1};
template <class Identified>
bool makes_key(const Identified& work, std::string_view key) {
  const auto parsed = parse_work_key(key);
  return parsed && parsed->media_type == work.media_type && parsed->provider == work.provider &&
         parsed->foreign_identifier == work.foreign_identifier;
}

std::optional<Error> check_time(UtcTime fetched_at, UtcTime appended) {
  if (fetched_at > appended + kFutureLimit) {
    return Error{Errc::future_time, "seen.fetched_at", "future_time",
                 "fetched_at is more than an hour after the broker's time"};
  }
  if (fetched_at < kEarliestSighting || fetched_at > kLatestSighting) {
    return Error{Errc::invalid_value, "seen.fetched_at", "range", "fetched_at is before 1970"};
  }
  return std::nullopt;
}

}  // namespace

Dedupe::Dedupe(std::int32_t partition, std::int32_t partitions, RecordStore& store)
    : partition_{partition},
      partitions_{partitions},
      store_{store},
      scratch_(kScratchBytes),
      record_arena_{scratch_.data(), scratch_.size()} {}

// A record in the form that we write is found by its marks. Others may have written it in another
// form; then all of it is read. Nothing where it cannot be read.
std::optional<RecordHead> Dedupe::head_of(std::string_view key, std::string_view json) {
  if (auto head = read_record_head(json)) {
    return *head;
  }
  const auto record = read_catalog_record(key, json, record_arena_);
  if (!record) {
    return std::nullopt;
  }
  return RecordHead{record->status, record->seen.newest, record->seen.removed,
                    record->last_seen_at};
}

void Dedupe::begin(UtcTime batch_time) {
  FRESHET_CHECK(undo_.empty() && pending_.empty() && batch_counts_.empty());
  batch_time_ = batch_time;
}

void Dedupe::start_event() {
  record_arena_.release();
  damage_.reset();
  has_lost_block_ = false;
}

void Dedupe::apply(const RawMessage& message, const Tools& tools, DedupeOutput& output) {
  start_event();
  message_time_ = message.appended;
  if (const auto error = check_envelope(message, schema_header::kRaw)) {
    return refuse(message.key, *error, output);
  }
  apply_read(message, tools.reader.read(*message.value, record_arena_), tools, output);
}

void Dedupe::apply_read(const RawMessage& message, const Result<RawRecord>& raw, const Tools& tools,
                        DedupeOutput& output) {
  if (!raw) {
    return refuse(message.key, raw.error(), output);
  }
  message_time_ = std::min(raw->fetched_at, message.appended);
  if (const auto error = check_time(raw->fetched_at, message.appended)) {
    return refuse(message.key, *error, output);
  }
  switch (raw->kind) {
    case RawRecord::Kind::sighting:
      return sighting(message, *raw, tools, output);
    case RawRecord::Kind::removed:
      return removal(*message.key, *raw, tools, output);
    case RawRecord::Kind::run_finished:
      return run_finished(*message.key, *raw, output);
  }
}

// What a full run no longer saw is counted by a scan, behind the live traffic.
void Dedupe::run_finished(std::string_view key, const RawRecord& raw, DedupeOutput& output) {
  const auto run = read_finished_run(key, raw);
  if (!run) {
    return refuse(key, run.error(), output);
  }
  ++counts(run->provider).control;
  if (run->is_whole && sums_.run_finished(run->scope, run->started_at) && run->has_gaps) {
    sums_.known_work_refused(run->scope, run->started_at);
  }
}

void Dedupe::sighting(const RawMessage& message, const RawRecord& raw, const Tools& tools,
                      DedupeOutput& output) {
  const std::string_view key = *message.key;
  const std::uint64_t hash = xxh3(key);
  const Stamp stamp{raw.fetched_at, tools.rules_version,
                    content_hash(raw.body, tools.rules_version)};
  const auto entry = find_entry(key, hash);
  if (entry && entry->fingerprint == stamp.content_hash && stamp.content_hash != 0 &&
      raw.former_identifier.empty() && repeat(key, hash, *entry, raw.fetched_at, tools, output)) {
    return;
  }
  CleanResult cleaned = tools.clean(raw.body, record_arena_, Cleaned::sighting);
  if (const auto* error = std::get_if<Error>(&cleaned)) {
    if (raw.body_unchecked && error->errc() == Errc::malformed_payload) {
      // Perhaps a later form with a member behind `work`. A parser has to find where `work` ends.
      return apply_read(message, tools.reader.read_whole(*message.value, record_arena_), tools,
                        output);
    }
    return refuse(key, *error, output);
  }
  const auto* const dropped = std::get_if<Dropped>(&cleaned);
  if (dropped != nullptr ? !makes_key(*dropped, key) : !makes_key(std::get<Work>(cleaned), key)) {
    return refuse(key, Error{Errc::wrong_key, "key", "identity", "the content makes another key"},
                  output);
  }
  if (!entry && partition_for_key(key, partitions_) != partition_) {
    return refuse(key, Error{Errc::wrong_key, "key", "partition", "the key belongs elsewhere"},
                  output);
  }
  if (dropped != nullptr) {
    ++counts(dropped->provider).dropped[std::string{to_string(dropped->reason)}];
    output.dropped(key, to_string(dropped->reason));
    return;
  }
  Work& work = std::get<Work>(cleaned);
  const auto previous = find_record(key, entry.has_value());
  if (const auto error = lost_block()) {
    return refuse(key, *error, output);
  }
  json_.clear();
  UpdateContext with_more = context(tools);
  with_more.former_identifier = raw.former_identifier;
  with_more.earlier_work =
      previous ? cleaned_anew(*previous, tools, work.left_out) : std::string_view{};
  const Update update =
      apply_sighting(previous ? &*previous : nullptr, newest_seen(entry, previous), key, work,
                     stamp, with_more, record_arena_, json_);
  if (!finish(key, hash, update, false, output)) {
    return;
  }
  for (const LeftOut& value : work.left_out) {
    ++sums_of(work.provider).left_out[std::string{value.field}.append(".").append(value.rule)];
  }
}

// The work of a record that older rules made, as the present ones would have made it; empty where
// there is nothing to do. What today's rules leave out would otherwise stay for ever: a sighting
// that no longer has a value takes none away.
std::string_view Dedupe::cleaned_anew(const CatalogRecord& record, const Tools& tools,
                                      std::pmr::vector<LeftOut>& left_out) {
  if (record.work.empty() || !record.seen.newest ||
      record.seen.newest->rules >= tools.rules_version) {
    return {};
  }
  CleanResult cleaned = tools.clean(record.work, record_arena_, Cleaned::merged_work);
  auto* const work = std::get_if<Work>(&cleaned);
  if (work == nullptr) {
    return {};  // it is a work as it stands; the next sighting is judged by itself
  }
  if (auto known = parse_work(record.work, record_arena_)) {
    work->others = std::move(known->others);  // of what another version knows clean knows nothing
  }
  normalise(*work, record_arena_);
  left_out.insert(left_out.end(), work->left_out.begin(), work->left_out.end());
  std::string json;
  append_work(json, *work);
  return copy_to(record_arena_, json);
}

// Its bytes are those of a sighting that was cleaned before, so nothing is cleaned here. False when
// the record cannot be read: then the work has to be made anew of this content.
bool Dedupe::repeat(std::string_view key, std::uint64_t hash, const HotEntry& entry, UtcTime at,
                    const Tools& tools, DedupeOutput& output) {
  const auto unchanged = [&] {
    ++counts(provider_of(key)).unchanged;
    return true;
  };
  const auto touch_days = std::chrono::duration_cast<std::chrono::days>(tools.touch_after).count();
  if (at == entry.newest) {
    return unchanged();
  }
  if (at > entry.newest && days_since(entry.last_seen_day, at) < touch_days) {
    note_seen(key, hash, {entry.fingerprint, at, entry.last_seen_day});
    return unchanged();
  }
  // Earlier than known, removed at source, or time to pass `last_seen_at` on: see the record.
  const auto previous = find_record(key, true);
  if (damage_ || has_lost_block_ ||
      (previous && !previous->work.empty() && !parse_work(previous->work, record_arena_))) {
    return false;
  }
  if (!previous || !previous->seen.newest ||
      previous->seen.newest->content_hash != entry.fingerprint) {
    refuse(key, Error{Errc::wrong_key, "key", "identity", "the content makes another key"}, output);
    return true;
  }
  json_.clear();
  const Update update =
      apply_repeat(*previous, entry.newest, at, context(tools), record_arena_, json_);
  finish(key, hash, update, false, output);
  return true;
}

void Dedupe::removal(std::string_view key, const RawRecord& raw, const Tools& tools,
                     DedupeOutput& output) {
  // No content says here what the key may be: the stores would refuse what is no text.
  if (!parse_work_key(key) || !is_utf8(key) || key.find('\0') != std::string_view::npos ||
      partition_for_key(key, partitions_) != partition_) {
    return refuse(key, Error{Errc::wrong_key, "key", "identity", "not the key of a work here"},
                  output);
  }
  const std::uint64_t hash = xxh3(key);
  const auto entry = find_entry(key, hash);
  const auto previous = find_record(key, entry.has_value());
  if (const auto error = lost_block()) {
    return refuse(key, *error, output);
  }
  json_.clear();
  const Update update = apply_removal(previous ? &*previous : nullptr, newest_seen(entry, previous),
                                      key, raw.fetched_at, context(tools), record_arena_, json_);
  finish(key, hash, update, true, output);
}

// The table's time holds for this work only if it is about the content that the record has.
std::optional<UtcTime> Dedupe::newest_seen(const std::optional<HotEntry>& entry,
                                           const std::optional<CatalogRecord>& previous) const {
  if (entry && previous && previous->seen.newest &&
      previous->seen.newest->content_hash == entry->fingerprint) {
    return entry->newest;
  }
  return std::nullopt;
}

// The record as the batch has it, or as committed.
std::optional<std::string_view> Dedupe::find_json(std::string_view key) {
  if (pending_.find(key, pending_json_)) {
    return pending_json_;
  }
  if (stored_key_ == key && !key.empty()) {
    return stored_;
  }
  stored_key_.clear();
  if (!store_.get(key, stored_)) {
    return std::nullopt;
  }
  stored_key_ = key;
  return stored_;
}

std::string_view Dedupe::as_batch_has_it(std::string_view key, std::string_view stored) {
  return pending_.find(key, pending_json_) ? std::string_view{pending_json_} : stored;
}

// What is known of a work without a look at all of its record; nothing: there is no such work.
std::optional<HotEntry> Dedupe::find_entry(std::string_view key, std::uint64_t hash) {
  if (const auto entry = table_.find(hash); entry || table_.is_complete()) {
    return entry;
  }
  if (!parse_work_key(key)) {
    return std::nullopt;  // perhaps one of the store's own, under which there is no record
  }
  const auto json = find_json(key);
  if (!json) {
    return std::nullopt;
  }
  const auto head = head_of(key, *json);
  return head ? entry_of(*head) : HotEntry{};
}

// Where the record cannot be read, `damage_` says so, and what could be saved of it is returned.
std::optional<CatalogRecord> Dedupe::find_record(std::string_view key, bool may_exist) {
  damage_.reset();
  has_lost_block_ = false;
  if (!may_exist) {
    return std::nullopt;
  }
  const auto json = find_json(key);
  if (!json) {
    return std::nullopt;  // another work has this hash
  }
  found_json_ = *json;
  auto record = read_catalog_record(key, *json, record_arena_);
  if (record) {
    has_lost_block_ = lacks_block(*record);
    return std::move(*record);
  }
  SavedRecord saved = save_catalog_record(key, *json, batch_time_, record_arena_);
  damage_ = Damage{record.error(), saved.has_status, saved.found_work};
  has_lost_block_ = saved.has_lost_block;
  return std::move(saved.record);
}

// A blocked work whose record does not say by what is shown to nobody.
std::optional<Error> Dedupe::lost_block() const {
  if (!has_lost_block_) {
    return std::nullopt;
  }
  return Error{Errc::malformed_payload, "decisions", "lost",
               "the work is blocked by a decision that its record does not name: decide again"};
}

// False when it was refused: nothing changed.
bool Dedupe::finish(std::string_view key, std::uint64_t hash, const Update& update, bool control,
                    DedupeOutput& output) {
  if (update.effect == Update::Effect::record && !output.record(key, json_)) {
    refuse(key,
           Error{Errc::too_large, "", "catalog_max_bytes",
                 "the merged record would have " + std::to_string(json_.size()) + " bytes"},
           output);
    return false;
  }
  BatchCounts& sums = counts(provider_of(key));
  keep(key, hash, update, sums, output);
  if (control) {
    ++sums.control;
  } else if (update.effect != Update::Effect::record) {
    ++sums.unchanged;
  } else {
    ++(update.created ? sums.created : sums.merged);
  }
  return true;
}

// Brings what an update did into the table, the records and the counts of the batch.
void Dedupe::keep(std::string_view key, std::uint64_t hash, const Update& update, BatchCounts& sums,
                  DedupeOutput& output) {
  if (update.is_damaged && !damage_) {
    damage_ = Damage{{Errc::malformed_payload, "work", "form", "catalogue record: work is none"}};
  }
  if (damage_) {
    output.put_aside(key, found_json_, damage_->error);
    ++sums.catalogue["put_aside"];
  }
  const auto entry = entry_of(update.newest, update.last_seen_at, update.is_removed);
  if (!update.released.empty()) {
    output.release(key, update.released);
    ++sums.claims_released;
  }
  if (update.claimed) {
    output.claim(key, *update.claimed, update.needs_answer);
    ++sums.claims_made;
  }
  switch (update.effect) {
    case Update::Effect::none:
      break;
    case Update::Effect::seen_only:
      note_seen(key, hash, entry);
      break;
    case Update::Effect::record: {
      set_entry(hash, entry);
      pending_.set(key, json_);
      if (update.metric_before != update.metric_after) {
        sums_.change_metric(scope_of(key), update.metric_before, update.metric_after);
        note_metric(scope_of(key), update);
      }
      // Nobody knows as what a work was counted whose record does not say it any more.
      const auto before = damage_ && !damage_->has_status ? std::nullopt : update.before;
      if (before != update.after) {
        if (before) {
          --sums.works[static_cast<std::size_t>(*before)];
        }
        ++sums.works[static_cast<std::size_t>(update.after)];
      }
      break;
    }
  }
}

// Only what is new or gone: of a value that moved it is not known whether it was counted.
void Dedupe::note_metric(std::string_view scope, const Update& update) {
  if (estimates_ == nullptr) {
    return;
  }
  if (!update.metric_before) {
    estimates_->count(scope, *update.metric_after);
  } else if (!update.metric_after) {
    estimates_->forget(scope);
  }
}

void Dedupe::refuse(std::optional<std::string_view> key, const Error& error, DedupeOutput& output) {
  const std::string_view provider = key ? provider_of(*key) : kUnknownProvider;
  BatchCounts& sums = sums_of_known(provider);
  ++sums.received;
  ++sums.dead_lettered[std::string{to_string(error.errc())}];
  // The source has this work still, whatever is wrong with what it says of it now.
  if (key && find_entry(*key, xxh3(*key))) {
    sums_.known_work_refused(scope_of(*key), message_time_);
  }
  output.dead_letter(error);
}

// False when the work is past the limit of the table.
bool Dedupe::set_entry(std::uint64_t hash, const HotEntry& entry) {
  undo_.emplace_back(hash, table_.find(hash));
  return table_.set(hash, entry);
}

void Dedupe::note_seen(std::string_view key, std::uint64_t hash, const HotEntry& entry) {
  append_seen_entry(seen_entries_, {hash, entry.fingerprint, entry.newest});
  if (set_entry(hash, entry)) {
    return;
  }
  // Past the limit the stored record keeps the time. The topic has it in the entry alone.
  const auto json = find_json(key);
  if (!json) {
    return;
  }
  json_ = *json;
  if (set_newest(json_, entry.newest)) {
    pending_.set(key, json_);
  }
}

// Called once per raw record, since it counts `received`.
BatchCounts& Dedupe::counts(std::string_view provider) {
  BatchCounts& sums = sums_of(provider);
  ++sums.received;
  return sums;
}

BatchCounts& Dedupe::sums_of(std::string_view provider) {
  if (last_counts_ == nullptr || last_counts_->first != provider) {
    auto found = batch_counts_.find(provider);
    if (found == batch_counts_.end()) {
      found = batch_counts_.emplace(std::string{provider}, BatchCounts{}).first;
    }
    last_counts_ = &*found;
  }
  return last_counts_->second;
}

// Unknown providers share one counter: a key may name any.
BatchCounts& Dedupe::sums_of_known(std::string_view provider) {
  const bool known = totals_.contains(provider) || batch_counts_.contains(provider);
  return sums_of(known ? provider : kUnknownProvider);
}

UpdateContext Dedupe::context(const Tools& tools) {
  estimates_ = tools.estimates;
  return {batch_time_,
          tools.touch_after,
          tools.rules,
          {},
          {},
          damage_.has_value(),
          damage_ ? damage_->found_work : std::string_view{},
          tools.estimates};
}

std::vector<std::pair<std::string, std::string>> Dedupe::totals() const {
  std::vector<std::pair<std::string, std::string>> sums;
  for (const auto& [provider, counted] : batch_counts_) {
    const auto before = totals_.find(provider);
    Totals sum = before == totals_.end() ? Totals{} : before->second;
    counted.add_to(sum);
    sums.emplace_back(std::string{kSumsKind} + ":" + provider, encode_totals(sum));
  }
  sums_.append_changed(sums);
  return sums;
}

void Dedupe::commit() {
  for (const auto& [provider, counted] : batch_counts_) {
    counted.add_to(totals_[provider]);
  }
  sums_.commit();
  undo_.clear();
  rollback();
}

void Dedupe::rollback() {
  for (auto change = undo_.rbegin(); change != undo_.rend(); ++change) {
    if (change->second) {
      table_.set(change->first, *change->second);
    } else {
      table_.erase(change->first);
    }
  }
  undo_.clear();
  sums_.rollback();
  pending_.clear();
  stored_key_.clear();
  seen_entries_.clear();
  batch_counts_.clear();
  last_counts_ = nullptr;
}

}  // namespace freshet
