#include "ownership_world.hpp"

#include <algorithm>
#include <set>

namespace freshet {

const Log::Record* Log::next(std::int64_t from) const {
  const auto found = std::ranges::lower_bound(records_, from, {}, &Record::offset);
  return found == records_.end() ? nullptr : &*found;
}

void Log::compact(Random& random) {
  const bool all = random.one_in(2);
  std::set<std::string> later;
  std::vector<Record> kept;
  for (auto it = records_.rbegin(); it != records_.rend(); ++it) {
    if (later.insert(it->key).second || (!all && random.one_in(2))) {
      kept.push_back(std::move(*it));
    }
  }
  std::ranges::reverse(kept);
  records_ = std::move(kept);
}

OwnershipWorld::OwnershipWorld(Random& random, std::int32_t partitions,
                               std::int32_t claim_partitions)
    : random_{random},
      partitions_{partitions},
      claim_partitions_{claim_partitions},
      now_{1'900'000'000'000'000} {
  for (std::int32_t number = 0; number < partitions; ++number) {
    loops_.emplace_back(number, partitions);
    if (number < claim_partitions) {
      loops_.back().claims = std::make_unique<Claims>(number, claim_partitions);
    }
  }
}

void OwnershipWorld::send(const Raw& raw) {
  const std::string& work_key = raw.is_decision ? raw.work_key : raw.key;
  loops_[static_cast<std::size_t>(partition_for_key(work_key, partitions_))].raw.push_back(raw);
}

bool OwnershipWorld::has_work(const Loop& loop) const {
  return loop.next_raw < loop.raw.size() || loop.verdicts.next(loop.next_verdict) != nullptr ||
         (loop.claims && loop.claims->log.next(loop.claims->next) != nullptr);
}

bool OwnershipWorld::take_raw(Loop& loop, Taken& taken) {
  if (taken.next_raw == loop.raw.size()) {
    return false;
  }
  const Raw& raw = loop.raw[taken.next_raw++];
  if (raw.is_decision) {
    loop.works->decide(raw.key, raw.value);
  } else {
    loop.works->apply(raw.key, raw.value, {4'000'000'000'000'000}, raw.rules);
  }
  return true;
}

bool OwnershipWorld::take_claim(Loop& loop, Taken& taken, ListVerdicts& out) {
  const Log::Record* record = loop.claims ? loop.claims->log.next(taken.next_claim) : nullptr;
  if (record == nullptr) {
    return false;
  }
  taken.next_claim = record->offset + 1;
  loop.claims->urls->apply({record->key, record->value, schema_header::kUrlClaim, record->offset},
                           out);
  return true;
}

bool OwnershipWorld::take_verdict(Loop& loop, Taken& taken) {
  const Log::Record* record = loop.verdicts.next(taken.next_verdict);
  if (record == nullptr) {
    return false;
  }
  taken.next_verdict = record->offset + 1;
  loop.works->rule(record->key, *record->value);
  return true;
}

void OwnershipWorld::begin(Loop& loop) {
  loop.works->begin(UtcTime{now_ += 1000 * (random_.below(3))});
}

void OwnershipWorld::commit(Loop& loop, const Taken& taken, ListVerdicts& out) {
  const std::size_t sent = loop.works->claims.size();
  loop.works->commit();
  for (std::size_t i = sent; i < loop.works->claims.size(); ++i) {
    const auto& [key, value] = loop.works->claims[i];
    const auto at = partition_for_key(claim_partition_key(key), claim_partitions_);
    loops_[static_cast<std::size_t>(at)].claims->log.append(key, value);
  }
  for (const Verdict& verdict : out.verdicts) {
    std::string key;
    append_verdict_key(key, verdict.work_key, *parse_url_hash(verdict.url));
    std::string value;
    append_verdict(value, verdict.owner);
    const auto at = partition_for_key(verdict.work_key, partitions_);
    loops_[static_cast<std::size_t>(at)].verdicts.append(key, value);
    ++verdicts_sent_;
  }
  letters_ += out.letters.size();
  loop.next_raw = taken.next_raw;
  loop.next_verdict = taken.next_verdict;
  if (loop.claims) {
    Claims& claims = *loop.claims;
    claims.earlier_entries = claims.store.entries;
    claims.earlier_position = claims.position;
    claims.store.write(claims.urls->changes());
    claims.urls->commit();
    claims.next = taken.next_claim;
    claims.position = {claims.next, claims.urls->answer_all_before()};
  }
}

void OwnershipWorld::abort(Loop& loop) {
  loop.works->abort();
  if (loop.claims) {
    loop.claims->urls->rollback();
  }
}

void OwnershipWorld::random_batch(Loop& loop, bool may_abort) {
  begin(loop);
  Taken taken{loop.next_raw, loop.claims ? loop.claims->next : 0, loop.next_verdict};
  ListVerdicts out;
  for (int i = 1 + random_.below(5); i > 0; --i) {
    switch (random_.below(3)) {
      case 0:
        take_raw(loop, taken);
        break;
      case 1:
        take_claim(loop, taken, out);
        break;
      default:
        take_verdict(loop, taken);
    }
  }
  if (loop.claims) {
    loop.claims->urls->finish(out);
  }
  if (may_abort && random_.one_in(6)) {
    abort(loop);
  } else {
    commit(loop, taken, out);
  }
}

void OwnershipWorld::run() {
  for (;;) {
    std::vector<std::int32_t> busy;
    for (std::int32_t number = 0; number < partitions_; ++number) {
      if (has_work(loops_[static_cast<std::size_t>(number)])) {
        busy.push_back(number);
      }
    }
    if (busy.empty()) {
      return;
    }
    const std::int32_t number = random_.of(busy);
    random_batch(loops_[static_cast<std::size_t>(number)], true);
    if (random_.one_in(10)) {
      compact();
    }
    if (random_.one_in(8)) {
      restore(number, random_.one_in(2));
    }
  }
}

void OwnershipWorld::restore(std::int32_t number, bool works_too) {
  Loop& loop = loops_[static_cast<std::size_t>(number)];
  if (works_too) {
    loop.works->restore();
  }
  if (!loop.claims) {
    return;
  }
  Claims& claims = *loop.claims;
  switch (random_.below(3)) {
    case 0:
      claims.store.entries.clear();
      claims.position = {};
      break;
    case 1:  // the last commit had not come to the disk
      claims.store.entries = claims.earlier_entries;
      claims.position = claims.earlier_position;
      break;
    default:
      break;
  }
  restore_claims(number);
}

// As processors/catalogue/restore.cpp does it: [position, committed) silently; what follows tells
// all, up to where the topic ends now, if anything had to be read.
void OwnershipWorld::restore_claims(std::int32_t number) {
  Claims& claims = *loops_[static_cast<std::size_t>(number)].claims;
  claims.urls = std::make_unique<Urls>(number, claim_partitions_, claims.store);
  const std::int64_t position = claims.position.next;
  const bool is_exact = position == claims.next && position != 0;
  claims.urls->answer_all_before(is_exact ? claims.position.answer_all_before : claims.log.end());
  for (const Log::Record* record = claims.log.next(position);
       record != nullptr && record->offset < claims.next;
       record = claims.log.next(record->offset + 1)) {
    claims.urls->restore_claim(
        {record->key, record->value, schema_header::kUrlClaim, record->offset});
  }
  claims.store.write(claims.urls->changes());
  claims.urls->commit();
  claims.position = {claims.next, claims.urls->answer_all_before()};
  claims.earlier_entries = claims.store.entries;
  claims.earlier_position = claims.position;
}

void OwnershipWorld::step(std::int32_t number, Only only) {
  Loop& loop = loops_[static_cast<std::size_t>(number)];
  begin(loop);
  Taken taken{loop.next_raw, loop.claims ? loop.claims->next : 0, loop.next_verdict};
  ListVerdicts out;
  while (only == Only::raw      ? take_raw(loop, taken)
         : only == Only::claims ? take_claim(loop, taken, out)
                                : take_verdict(loop, taken)) {
  }
  if (loop.claims) {
    loop.claims->urls->finish(out);
  }
  commit(loop, taken, out);
}

void OwnershipWorld::step_all(Only only) {
  for (std::int32_t number = 0; number < partitions_; ++number) {
    step(number, only);
  }
}

void OwnershipWorld::run_without_accidents() {
  while (std::ranges::any_of(loops_, [&](const Loop& loop) { return has_work(loop); })) {
    step_all(Only::raw);
    step_all(Only::claims);
    step_all(Only::verdicts);
  }
}

void OwnershipWorld::compact() {
  for (Loop& loop : loops_) {
    loop.verdicts.compact(random_);
    if (loop.claims) {
      loop.claims->log.compact(random_);
    }
  }
}

void OwnershipWorld::wipe(std::int32_t number) {
  Loop& loop = loops_[static_cast<std::size_t>(number)];
  loop.works->restore();
  if (loop.claims) {
    loop.claims->store.entries.clear();
    loop.claims->position = {};
    restore_claims(number);
  }
}

std::optional<std::string> OwnershipWorld::record(const std::string& key) {
  const auto at = static_cast<std::size_t>(partition_for_key(key, partitions_));
  std::string json;
  return loops_[at].works->store.get(key, json) ? std::optional{json} : std::nullopt;
}

std::size_t OwnershipWorld::records_written() const {
  std::size_t count = 0;
  for (const Loop& loop : loops_) {
    count += loop.works->catalogue.size();
  }
  return count;
}

std::size_t OwnershipWorld::dead_letters() const {
  std::size_t count = letters_;
  for (const Loop& loop : loops_) {
    count += loop.works->out.letters.size();
  }
  return count;
}

}  // namespace freshet
