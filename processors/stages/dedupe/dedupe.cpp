#include "processors/stages/dedupe/dedupe.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/decision.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/policy.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"
#include "processors/json_text.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"

namespace freshet {
namespace {

constexpr std::size_t kScratchBytes = 128 * 1024;
constexpr std::string_view kProcess = "process";  // kind of the sums over all records
constexpr std::chrono::microseconds kFutureLimit = std::chrono::hours{1};
// Where the provider of a record that cannot be used is not one that this partition knows, so that
// hostile keys do not become so many sums.
constexpr std::string_view kUnknownProvider = "unknown";

// A work that is removed at its source must come back, and claim its URL, with the next sighting,
// changed or not: as one whose `last_seen_at` is long overdue, it never takes the short way past
// its record.
HotEntry entry_of(const std::optional<Stamp>& newest, std::optional<UtcTime> last_seen_at,
                  bool is_removed) {
  if (!newest) {
    return {};
  }
  const bool passes = !is_removed && last_seen_at;
  return {newest->content_hash, newest->fetched_at,
          passes ? day_of(*last_seen_at) : long_before(newest->fetched_at)};
}

// `seen.newest` of a record; `seen` is its last member, and quotes inside texts are escaped.
constexpr std::string_view kNewest = R"(,"seen":{"newest":)";

// Puts another time where the newest sighting's stands; both have 27 characters.
void set_newest(char* json, std::size_t size, UtcTime newest) {
  const std::string_view text{json, size};
  const std::size_t at = text.rfind(kNewest);
  std::string time;
  append_time(time, newest, 6);
  const std::size_t begin = at + kNewest.size() + 2;  // behind `["`
  FRESHET_CHECK(at != std::string_view::npos && begin + time.size() < size &&
                text[begin + time.size()] == '"');
  time.copy(json + begin, time.size());
}

// One word for a work and one of its contents.
std::uint64_t seen_hash(std::uint64_t key_hash, std::uint64_t fingerprint) {
  const std::array<std::uint64_t, 2> words{key_hash, fingerprint};
  return xxh3({reinterpret_cast<const char*>(words.data()), sizeof words});
}

template <class Identified>
bool makes_key(const Identified& work, std::string_view key) {
  const auto parsed = parse_work_key(key);
  return parsed && parsed->media_type == work.media_type && parsed->provider == work.provider &&
         parsed->foreign_identifier == work.foreign_identifier;
}

std::string_view provider_of(std::string_view key) {
  const auto parsed = parse_work_key(key);
  return parsed ? parsed->provider : kUnknownProvider;
}

std::optional<Error> check_envelope(const RawMessage& message, std::string_view schema) {
  if (message.schema != schema) {
    return Error{Errc::unknown_schema, "schema", "header",
                 message.schema ? "schema header says " + std::string{*message.schema}
                                : std::string{"no schema header"}};
  }
  if (!message.key) {
    return Error{Errc::wrong_key, "key", "required", "record without a key"};
  }
  if (!message.value) {
    return Error{Errc::malformed_payload, "", "value", "record without a value"};
  }
  return std::nullopt;
}

struct FinishedRun {
  std::string_view scope;
  std::string_view provider;
  UtcTime started_at;
  bool is_whole = false;  ///< it asked the source for everything
  bool has_gaps = false;  ///< some of what it got could not be read
};

Result<FinishedRun> read_run_finished(std::string_view key, const RawRecord& raw) {
  constexpr std::string_view kRun = "run:";
  const auto invalid = [](const char* field, const char* rule, const char* what) {
    return Error{Errc::invalid_value, std::string{"run_finished."} + field, rule, what};
  };
  FinishedRun run;
  run.scope = key.substr(std::min(kRun.size(), key.size()));
  const std::size_t colon = run.scope.find(':');
  if (!key.starts_with(kRun) || colon == std::string_view::npos ||
      !parse_media_type(run.scope.substr(0, colon)) || colon + 1 == run.scope.size()) {
    return Error{Errc::wrong_key, "key", "run", "not run:<media type>:<provider>"};
  }
  run.provider = run.scope.substr(colon + 1);
  // What it removes is said in policy, where the provider has to be one.
  static const std::string kAnswer = encode_policy_rule(RemovalRule{});
  if (!parse_policy_rule(std::string{policy::kRemoval}.append(run.scope), kAnswer)) {
    return Error{Errc::wrong_key, "key", "run", "no provider can have this name"};
  }
  const auto body = parse_json(raw.body);
  const json::object* object = body ? body->if_object() : nullptr;
  if (object == nullptr) {
    return Error{Errc::malformed_payload, "run_finished", "json", "run_finished is no object"};
  }
  const auto text = [&](const char* name) -> std::optional<std::string_view> {
    const json::value* value = object->if_contains(name);
    return value != nullptr && value->is_string()
               ? std::optional{std::string_view{value->get_string()}}
               : std::nullopt;
  };
  if (text("media_type") != run.scope.substr(0, colon) || text("provider") != run.provider) {
    return Error{Errc::wrong_key, "key", "identity", "the run is of another provider"};
  }
  const auto started_at = parse_time(text("started_at").value_or(""));
  if (!started_at || *started_at < kEarliestSighting || *started_at > raw.fetched_at) {
    return invalid("started_at", "time",
                   "started_at is no time since 1970, or later than the run's end");
  }
  const json::value* complete = object->if_contains("complete");
  if (complete == nullptr || !complete->is_bool()) {
    return invalid("complete", "boolean", "complete is not true or false");
  }
  run.started_at = UtcTime::from_millis(started_at->millis());
  const json::value* date = object->if_contains("date");
  run.is_whole = complete->get_bool() && (date == nullptr || date->is_null());
  const json::value* rejected = object->if_contains("rejected");
  run.has_gaps = rejected != nullptr && !(rejected->is_int64() && rejected->get_int64() == 0);
  return run;
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

void BatchCounts::add_to(Totals& totals) const {
  const auto add = [&](std::string_view name, std::int64_t amount) {
    if (amount != 0) {
      totals.add(name, amount);
    }
  };
  add("received", received);
  add("created", created);
  add("merged", merged);
  add("unchanged", unchanged);
  add("control", control);
  for (std::size_t i = 0; i < kStatusCount; ++i) {
    add("works." + std::string{to_string(static_cast<Status>(i))}, works[i]);
  }
  for (const auto& [reason, amount] : dropped) {
    add("dropped." + reason, amount);
  }
  for (const auto& [reason, amount] : dead_lettered) {
    add("dead_lettered." + reason, amount);
  }
  for (const auto& [outcome, amount] : decisions) {
    add("decisions." + outcome, amount);
  }
  for (const auto& [outcome, amount] : verdicts) {
    add("verdicts." + outcome, amount);
  }
  add("claims.made", claims_made);
  add("claims.released", claims_released);
}

Result<RecordHead> read_record_head(std::string_view json) {
  // Quotes inside JSON strings are escaped, so no mark can stand in a text; `seen` is last.
  constexpr std::string_view kRemoved = R"(,"removed":)";
  constexpr std::string_view kLastSeen = R"(,"last_seen_at":)";
  constexpr std::string_view kStatus = R"(,"status":")";
  const Error error{Errc::malformed_payload, Retry::never, "not a catalogue record"};
  const std::size_t seen = json.rfind(kNewest);
  const std::size_t last = json.find(kLastSeen);
  const std::size_t status = json.find(kStatus);
  if (seen == std::string_view::npos || last == std::string_view::npos ||
      status == std::string_view::npos || !json.ends_with("}}")) {
    return error;
  }
  RecordHead head;
  const std::string_view name = json.substr(status + kStatus.size());
  const auto read = parse_status(name.substr(0, name.find('"')));
  if (!read) {
    return error;
  }
  head.status = *read;
  const std::string_view newest = json.substr(seen + kNewest.size());
  std::size_t end = newest.find(',');
  if (newest.starts_with('[')) {
    end = newest.find(']') + 1;
    head.newest = parse_stamp(newest.substr(0, end));
    if (!head.newest) {
      return error;
    }
  }
  const std::string_view removed = newest.substr(std::min(end, newest.size()));
  if (!removed.starts_with(kRemoved)) {
    return error;
  }
  if (removed[kRemoved.size()] == '"') {
    const std::string_view time_and_rest = removed.substr(kRemoved.size() + 1);
    head.removed = parse_time(time_and_rest.substr(0, time_and_rest.find('"')));
    if (!head.removed) {
      return error;
    }
  }
  const std::string_view time = json.substr(last + kLastSeen.size());
  if (time.starts_with('"')) {
    head.last_seen_at = parse_time(time.substr(1, time.find('"', 1) - 1));
    if (!head.last_seen_at) {
      return error;
    }
  }
  return head;
}

namespace {

HotEntry entry_of(const RecordHead& head) {
  const bool is_removed = head.newest && head.removed && *head.removed > head.newest->fetched_at;
  return entry_of(head.newest, head.last_seen_at, is_removed);
}

}  // namespace

Result<std::string_view> Dedupe::restore_record(std::string_view key, std::string_view json) {
  const auto head = read_record_head(json);
  if (!head) {
    return head.error();
  }
  stored_key_.clear();  // whoever restores is about to change the store
  const std::uint64_t hash = xxh3(key);
  HotEntry entry = entry_of(*head);
  // The record may be older than an entry that was seen already.
  if (const auto known = table_.find(hash); known && known->fingerprint == entry.fingerprint) {
    entry.newest = std::max(entry.newest, known->newest);
  }
  if (table_.set(hash, entry) || !store_.get(key, stored_)) {
    return json;
  }
  const auto stored = read_record_head(stored_);
  if (!stored || !stored->newest || stored->newest->content_hash != entry.fingerprint ||
      stored->newest->fetched_at <= entry.newest) {
    return json;
  }
  json_ = json;
  set_newest(json_.data(), json_.size(), stored->newest->fetched_at);
  return json_;
}

void Dedupe::restore_seen(std::uint64_t key_hash, std::uint64_t fingerprint, UtcTime fetched_at) {
  const auto known = table_.find(key_hash);
  if (known && known->fingerprint == fingerprint && fetched_at > known->newest) {
    table_.set(key_hash, {fingerprint, fetched_at, known->last_seen_day});
  } else if (!known && !table_.is_complete()) {
    const std::uint64_t seen = seen_hash(key_hash, fingerprint);
    const auto earlier = unsettled_seen_.find(seen);
    if (!earlier || fetched_at > earlier->newest) {
      unsettled_seen_.set(seen, {fingerprint, fetched_at, 0});
    }
  }
}

// Entries name works by their hash, which finds no record: so all records are looked through.
bool Dedupe::settle_seen(const EachRecord& each,
                         const std::function<void(std::string_view, std::string_view)>& write) {
  if (unsettled_seen_.size() == 0) {
    return true;
  }
  const bool is_whole = each({}, [&](std::string_view key, std::string_view json) {
    const auto head = read_record_head(json);
    if (!head || !head->newest) {
      return true;
    }
    const std::uint64_t hash = xxh3(key);
    const auto seen = unsettled_seen_.find(seen_hash(hash, head->newest->content_hash));
    if (seen && seen->fingerprint == head->newest->content_hash &&
        seen->newest > head->newest->fetched_at && !table_.find(hash)) {
      json_ = json;
      set_newest(json_.data(), json_.size(), seen->newest);
      write(key, json_);
    }
    return true;
  });
  if (is_whole) {
    unsettled_seen_.clear();
  }
  return is_whole;
}

void Dedupe::restore_totals(std::string_view name, const Totals& totals) {
  const std::size_t colon = std::min(name.find(':'), name.size());
  const std::string_view kind = name.substr(0, colon);
  const std::string_view provider = name.substr(std::min(colon + 1, name.size()));
  if (kind == kProcess) {
    totals_.insert_or_assign(std::string{provider}, totals);
  } else {
    sums_.restore(kind, provider, totals);
  }
}

bool Dedupe::count_metrics(const DedupeRules& rules, const EachRecord& each) {
  for (const std::string& scope : sums_.counted_scopes()) {
    const auto found = rules.scopes.find(scope);
    if (!sums_.metric(scope).empty() && (found == rules.scopes.end() || !found->second.metric)) {
      sums_.begin_count(scope, {});
    }
  }
  for (const auto& [scope, of_scope] : rules.scopes) {
    if (!of_scope.metric || sums_.metric(scope) == of_scope.metric->member) {
      continue;
    }
    const std::string& member = of_scope.metric->member;
    sums_.begin_count(scope, member);
    const bool is_whole = each(scope + ":", [&](std::string_view, std::string_view json) {
      record_arena_.release();
      const auto record = parse_catalog_record(json, record_arena_);
      const auto metric = record ? metric_of_work(record->work, member) : std::nullopt;
      if (metric) {
        sums_.count_work(scope, *metric);
      }
      return true;
    });
    if (!is_whole) {
      sums_.begin_count(scope, {});
      return false;
    }
  }
  return true;
}

void Dedupe::begin(UtcTime batch_time) {
  FRESHET_CHECK(undo_.empty() && pending_.empty() && batch_counts_.empty());
  batch_time_ = batch_time;
}

void Dedupe::apply(const RawMessage& message, const Tools& tools, DedupeOutput& output) {
  record_arena_.release();
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

// What a full run no longer saw is counted behind the live traffic, not here.
void Dedupe::run_finished(std::string_view key, const RawRecord& raw, DedupeOutput& output) {
  const auto run = read_run_finished(key, raw);
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
      raw.former_identifier.empty()) {
    return repeat(key, hash, *entry, raw.fetched_at, tools, output);
  }
  CleanResult cleaned = tools.clean(raw.body, record_arena_);
  if (const auto* error = std::get_if<Error>(&cleaned)) {
    if (raw.is_cut && error->errc() == Errc::malformed_payload) {
      // Perhaps a later form, with a member behind `work`: only a parser knows where that ends.
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
    return;
  }
  Work& work = std::get<Work>(cleaned);
  const auto previous = find_record(key, entry.has_value());
  json_.clear();
  UpdateContext with_former = context(tools);
  with_former.former_identifier = raw.former_identifier;
  const Update update =
      apply_sighting(previous ? &*previous : nullptr, newest_seen(entry, previous), key, work,
                     stamp, with_former, record_arena_, json_);
  finish(key, hash, update, false, output);
}

// The content is known to be good: its bytes are those of a sighting that was cleaned before.
void Dedupe::repeat(std::string_view key, std::uint64_t hash, const HotEntry& entry, UtcTime at,
                    const Tools& tools, DedupeOutput& output) {
  const auto unchanged = [&] { ++counts(provider_of(key)).unchanged; };
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
  if (!previous || !previous->seen.newest ||
      previous->seen.newest->content_hash != entry.fingerprint) {
    return refuse(key, Error{Errc::wrong_key, "key", "identity", "the content makes another key"},
                  output);
  }
  json_.clear();
  const Update update =
      apply_repeat(*previous, entry.newest, at, context(tools), record_arena_, json_);
  finish(key, hash, update, false, output);
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
  json_.clear();
  const Update update = apply_removal(previous ? &*previous : nullptr, newest_seen(entry, previous),
                                      key, raw.fetched_at, context(tools), record_arena_, json_);
  finish(key, hash, update, true, output);
}

void Dedupe::apply_decision(const RawMessage& message, const Tools& tools, DedupeOutput& output) {
  record_arena_.release();
  const auto refuse = [&](std::string_view provider, const Error& error) {
    ++sums_of_known(provider).decisions["dead_lettered"];
    output.dead_letter(error);
  };
  if (const auto error = check_envelope(message, schema_header::kDecision)) {
    return refuse(kUnknownProvider, *error);
  }
  const auto decision = parse_decision(*message.key, *message.value);
  if (!decision) {
    return refuse(provider_of(*message.key), decision.error());
  }
  const std::string_view key = decision->work_key;
  const std::string_view provider = provider_of(key);
  if (partition_for_key(key, partitions_) != partition_) {
    return refuse(provider, Error{Errc::wrong_key, "key", "partition",
                                  "the work of the decision belongs elsewhere"});
  }
  const std::uint64_t hash = xxh3(key);
  const auto entry = find_entry(key, hash);
  const auto previous = find_record(key, entry.has_value());
  json_.clear();
  const Update update =
      freshet::apply_decision(previous ? &*previous : nullptr, newest_seen(entry, previous),
                              *decision, context(tools), record_arena_, json_);
  const bool is_written = update.effect == Update::Effect::record;
  if (is_written && !output.record(key, json_)) {
    return refuse(provider, Error{Errc::too_large, "", "catalog_max_bytes",
                                  "the record with the decision would be too large"});
  }
  BatchCounts& sums = sums_of(provider);
  keep(key, hash, update, sums, output);
  const bool is_unknown = decision->kind == DecisionKind::reemit && !previous;
  ++sums.decisions[is_written ? "applied" : is_unknown ? "unknown_work" : "unchanged"];
}

void Dedupe::apply_verdict(const RawMessage& message, const Tools& tools, DedupeOutput& output) {
  record_arena_.release();
  const auto refuse = [&](std::string_view provider, const Error& error) {
    ++sums_of_known(provider).verdicts["dead_lettered"];
    output.dead_letter(error);
  };
  if (const auto error = check_envelope(message, schema_header::kUrlVerdict)) {
    return refuse(kUnknownProvider, *error);
  }
  const auto verdict = parse_verdict(*message.key, *message.value);
  if (!verdict) {
    return refuse(kUnknownProvider, verdict.error());
  }
  const std::string_view key = verdict->work_key;
  const std::string_view provider = provider_of(key);
  if (partition_for_key(key, partitions_) != partition_) {
    return refuse(provider, Error{Errc::wrong_key, "key", "partition",
                                  "the work of the verdict belongs elsewhere"});
  }
  const std::uint64_t hash = xxh3(key);
  const auto entry = find_entry(key, hash);
  const auto previous = find_record(key, entry.has_value());
  json_.clear();
  const auto update = previous
                          ? freshet::apply_verdict(*previous, newest_seen(entry, previous),
                                                   *verdict, context(tools), record_arena_, json_)
                          : std::nullopt;
  if (!update) {
    ++sums_of_known(provider).verdicts["ignored"];
    return;
  }
  const bool is_written = update->effect == Update::Effect::record;
  if (is_written && !output.record(key, json_)) {
    return refuse(provider, Error{Errc::too_large, "", "catalog_max_bytes",
                                  "the record with the URL's owner would be too large"});
  }
  BatchCounts& sums = sums_of(provider);
  keep(key, hash, *update, sums, output);
  ++sums.verdicts[is_written ? "applied" : "unchanged"];
}

bool Dedupe::review(std::string_view key, std::string_view stored, const Tools& tools,
                    DedupeOutput& output) {
  record_arena_.release();
  auto previous = parse_catalog_record(as_batch_has_it(key, stored), record_arena_);
  FRESHET_CHECK(previous.has_value());  // it was read when it was restored, or written by us
  const std::uint64_t hash = xxh3(key);
  const std::optional<CatalogRecord> record{std::move(*previous)};
  json_.clear();
  const Update update = apply_rules(*record, newest_seen(table_.find(hash), record), context(tools),
                                    record_arena_, json_);
  if (update.effect != Update::Effect::record || !output.record(key, json_)) {
    return false;  // too large to be written again: it stays as it is
  }
  keep(key, hash, update, sums_of(provider_of(key)), output);
  return true;
}

Dedupe::Presence Dedupe::presence(std::string_view key, std::string_view stored,
                                  const DedupeRules& rules) {
  const auto head = read_record_head(as_batch_has_it(key, stored));
  FRESHET_CHECK(head.has_value());  // it was read when it was restored, or written by us
  if (!head->newest) {
    return {};
  }
  UtcTime seen_at = head->newest->fetched_at;
  const auto entry = table_.find(xxh3(key));
  if (entry && entry->fingerprint == head->newest->content_hash) {
    seen_at = std::max(seen_at, entry->newest);
  }
  // A rule may not yet have come to this work.
  const ScopeRules* const scope = rules.scope(key);
  const auto rule = scope != nullptr ? scope->removed_before_at(batch_time_) : std::nullopt;
  const bool is_gone = (head->removed && *head->removed > seen_at) || (rule && *rule > seen_at);
  return {!is_gone, seen_at};
}

void Dedupe::run_counted(std::string_view scope, UtcTime started_at, std::int64_t known,
                         std::int64_t missing) {
  sums_.run_counted(scope, started_at, known, missing);
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
  const auto head = read_record_head(*json);
  FRESHET_CHECK(head.has_value());  // it was read when it was restored, or written by us
  return entry_of(*head);
}

std::optional<CatalogRecord> Dedupe::find_record(std::string_view key, bool may_exist) {
  if (!may_exist) {
    return std::nullopt;
  }
  const auto json = find_json(key);
  if (!json) {
    return std::nullopt;  // another work has this hash
  }
  auto record = parse_catalog_record(*json, record_arena_);
  FRESHET_CHECK(record.has_value());  // it was read when it was restored, or written by us
  return std::move(*record);
}

void Dedupe::finish(std::string_view key, std::uint64_t hash, const Update& update, bool control,
                    DedupeOutput& output) {
  if (update.effect == Update::Effect::record && !output.record(key, json_)) {
    return refuse(key,
                  Error{Errc::too_large, "", "catalog_max_bytes",
                        "the merged record would have " + std::to_string(json_.size()) + " bytes"},
                  output);
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
}

// What an update did, in the table and among the records of the batch.
void Dedupe::keep(std::string_view key, std::uint64_t hash, const Update& update, BatchCounts& sums,
                  DedupeOutput& output) {
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
      }
      if (update.before != update.after) {
        if (update.before) {
          --sums.works[static_cast<std::size_t>(*update.before)];
        }
        ++sums.works[static_cast<std::size_t>(update.after)];
      }
      break;
    }
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
  FRESHET_CHECK(json.has_value());
  json_ = *json;
  set_newest(json_.data(), json_.size(), entry.newest);
  pending_.set(key, json_);
}

// One call per raw record: it is what `received` counts.
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

// For what may be about a provider that there is not: it is not to become a sum of its own.
BatchCounts& Dedupe::sums_of_known(std::string_view provider) {
  const bool known = totals_.contains(provider) || batch_counts_.contains(provider);
  return sums_of(known ? provider : kUnknownProvider);
}

UpdateContext Dedupe::context(const Tools& tools) const {
  return {batch_time_, tools.touch_after, tools.rules};
}

std::vector<std::pair<std::string, std::string>> Dedupe::totals() const {
  std::vector<std::pair<std::string, std::string>> sums;
  for (const auto& [provider, counted] : batch_counts_) {
    const auto before = totals_.find(provider);
    Totals sum = before == totals_.end() ? Totals{} : before->second;
    counted.add_to(sum);
    sums.emplace_back(std::string{kProcess} + ":" + provider, encode_totals(sum));
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
