// How `Dedupe` gets its state back: the table from records and seen entries, and the sums.
#include <algorithm>

#include "core/hash.hpp"
#include "core/key.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/dedupe/table_entry.hpp"
#include "processors/state/record_codec.hpp"

namespace freshet {

Result<std::string_view> Dedupe::restore_record(std::string_view key, std::string_view json) {
  // Under other keys the store has things of its own.
  if (!parse_work_key(key)) {
    return Error{Errc::wrong_key, "key", "form", "catalogue record: not the key of a work"};
  }
  if (json.size() > RecordCodec::kMostBytes) {
    return Error{Errc::too_large, "", "catalog_max_bytes", "catalogue record: too large"};
  }
  record_arena_.release();
  const auto head = head_of(key, json);
  stored_key_.clear();  // whoever restores is about to change the store
  const std::uint64_t hash = xxh3(key);
  // A record that cannot be read has an entry too: the next event finds it, and mends it.
  HotEntry entry = head ? entry_of(*head) : HotEntry{};
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
  return set_newest(json_, stored->newest->fetched_at) ? std::string_view{json_} : json;
}

void Dedupe::restore_seen(std::uint64_t key_hash, std::uint64_t fingerprint, UtcTime fetched_at) {
  if (!is_sighting_time(fetched_at)) {
    return;  // 64 bits may say anything
  }
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
    record_arena_.release();
    const auto head = head_of(key, json);
    if (!head || !head->newest) {
      return true;
    }
    const std::uint64_t hash = xxh3(key);
    const auto seen = unsettled_seen_.find(seen_hash(hash, head->newest->content_hash));
    if (seen && seen->fingerprint == head->newest->content_hash &&
        seen->newest > head->newest->fetched_at && !table_.find(hash)) {
      json_ = json;
      if (set_newest(json_, seen->newest)) {
        write(key, json_);
      }
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
  if (kind == kSumsKind) {
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
    const bool is_whole = each(scope + ":", [&](std::string_view key, std::string_view json) {
      record_arena_.release();
      const auto record = parse_catalog_record(json, record_arena_);
      const std::string_view work =
          record ? record->work
                 : save_catalog_record(key, json, batch_time_, record_arena_).found_work;
      const auto metric = metric_of_work(work, member);
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

}  // namespace freshet
