// What happens to a work besides its sightings and removals: decisions, verdicts on its URL, and
// the visits of a scan.
#include <algorithm>
#include <string>

#include "core/decision.hpp"
#include "core/hash.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/dedupe/event_checks.hpp"

namespace freshet {

void Dedupe::apply_decision(const RawMessage& message, const Tools& tools, DedupeOutput& output) {
  start_event();
  const auto refuse = [&](std::string_view provider, const Error& error) {
    ++sums_of_known(provider).decisions["dead_lettered"];
    output.dead_letter(error);
  };
  // A command that was carried out and is cleared from the topic. What was decided is no such: only
  // an undo ends it.
  if (const auto cleared =
          message.key && !message.value ? parse_decision_key(*message.key) : std::nullopt;
      cleared && cleared->kind == DecisionKind::reemit) {
    ++sums_of_known(provider_of(cleared->work_key)).decisions["unchanged"];
    output.dropped(cleared->work_key, "cleared");
    return;
  }
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
  // Only a decision that blocks can take the place of the one that was lost.
  if (const auto error = lost_block();
      error && decision->kind != DecisionKind::takedown && decision->kind != DecisionKind::erase) {
    return refuse(provider, *error);
  }
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
  if (is_unknown) {
    output.dropped(key, "unknown_work");
  }
}

void Dedupe::apply_verdict(const RawMessage& message, const Tools& tools, DedupeOutput& output) {
  start_event();
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
  const bool is_passed_over = damage_ || has_lost_block_;
  if (is_passed_over) {
    ++sums_of(provider).catalogue["passed_over"];
  }
  const auto update = previous && !is_passed_over
                          ? freshet::apply_verdict(*previous, newest_seen(entry, previous),
                                                   *verdict, context(tools), record_arena_, json_)
                          : std::nullopt;
  if (!update) {
    ++sums_of_known(provider).verdicts["ignored"];
    output.dropped(key, "verdict_ignored");
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
  start_event();
  const std::string_view json = as_batch_has_it(key, stored);
  const std::uint64_t hash = xxh3(key);
  const auto pass_over = [&] {
    ++sums_of(provider_of(key)).catalogue["passed_over"];
    return false;
  };
  // Most works stay as they are: only one that is to be written is read without trust.
  auto previous = parse_catalog_record(json, record_arena_);
  bool is_checked = false;
  if (!previous || previous->key != key) {
    previous = read_catalog_record(key, json, record_arena_);
    is_checked = true;
  }
  if (!previous || lacks_block(*previous)) {
    return pass_over();
  }
  const std::optional<CatalogRecord> record{std::move(*previous)};
  json_.clear();
  const Update update = apply_rules(*record, newest_seen(table_.find(hash), record), context(tools),
                                    record_arena_, json_);
  if (update.is_damaged) {
    return pass_over();
  }
  if (update.effect != Update::Effect::record) {
    return false;
  }
  if (!is_checked && !read_catalog_record(key, json, record_arena_)) {
    return pass_over();
  }
  if (!output.record(key, json_)) {
    return false;  // too large to be written again: it stays as it is
  }
  keep(key, hash, update, sums_of(provider_of(key)), output);
  return true;
}

Dedupe::Presence Dedupe::presence(std::string_view key, std::string_view stored,
                                  const DedupeRules& rules) {
  record_arena_.release();
  const auto head = head_of(key, as_batch_has_it(key, stored));
  if (!head || !head->newest) {
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

}  // namespace freshet
