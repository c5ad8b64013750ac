#include "processors/stages/dedupe/dedupe_stage.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/policy_scans.hpp"
#include "processors/stages/dedupe/run_count.hpp"
#include "processors/stages/loop_tools.hpp"
#include "processors/stages/policy_rules.hpp"

namespace freshet {

bool DedupeStage::claims_sums(std::string_view kind) {
  return kind == Dedupe::kSumsKind || PartitionSums::is_ours(kind);
}

std::unique_ptr<Stage> DedupeStage::make(const StagePlace& place) {
  return std::make_unique<DedupeStage>(place);
}

DedupeStage::DedupeStage(const StagePlace& place)
    : number_{place.number},
      touch_after_{std::chrono::days{place.config.process.touch_after_days}},
      stored_{place.stored},
      topics_{place.config.kafka, place.counts},
      dedupe_{place.number, place.counts.works, place.stored.store()},
      scan_{place.stored.store()} {
  dedupe_.table().limit(place.table_bytes);
}

void DedupeStage::begin(const StageBatch& batch) {
  batch_ = batch;
  tools_.emplace(Dedupe::Tools{
      [&cleaner = batch.tools->cleaner](std::string_view work, Arena& arena, Cleaned what) {
        return cleaner.clean(work, arena, what);
      },
      batch.tools->reader, batch.rules->rules, touch_after_, kRulesVersion,
      &batch.tools->estimates});
  records_sent_ = 0;
  dedupe_.begin(batch.time);
}

void DedupeStage::apply(const StageRecord& record, StageOutput& output) {
  const RawMessage message{record.key, record.value, record.schema, record.appended};
  CatalogOutput to{topics_, record.partition, &record, output, records_sent_};
  switch (record.input) {
    case Input::raw:
      return dedupe_.apply(message, *tools_, to);
    case Input::decisions:
      return dedupe_.apply_decision(message, *tools_, to);
    case Input::verdicts:
      return dedupe_.apply_verdict(message, *tools_, to);
    default:
      FRESHET_CHECK(false);  // an input of another stage
  }
}

void DedupeStage::finish(StageOutput& output) {
  if (dedupe_.seen_entries().empty()) {
    return;
  }
  const std::string key = std::to_string(number_);
  output.produce({.topic = topics_.seen,
                  .partition = kafka::Partition{number_},
                  .key = key,
                  .value = dedupe_.seen_entries(),
                  .headers = &topics_.seen_headers,
                  .timestamp = std::nullopt});
}

void DedupeStage::append_totals(EncodedSums& sums) const {
  std::ranges::move(dedupe_.totals(), std::back_inserter(sums));
}

void DedupeStage::store(const CommittedBatch& batch) {
  ChangelogPositions& at = stored_.positions();
  at.catalog.sent(records_sent_);
  at.written_until(batch.now_ms);
  at.seen.sent(dedupe_.seen_entries().empty() ? 0 : 1);
  const auto& pending = dedupe_.pending().packed();
  if (!pending.empty()) {
    // In the order of the keys an insertion begins where the one before it ended.
    std::vector<std::pair<std::string_view, std::string_view>> records{pending.begin(),
                                                                       pending.end()};
    std::ranges::sort(records, {}, [](const auto& record) { return record.first; });
    stored_.write(records, RecordForm::packed);
  }
  scan_.commit();
}

void DedupeStage::commit() {
  for (const auto& [provider, counted] : dedupe_.counted()) {
    batch_.tools->dedupe.add(counted);
  }
  dedupe_.commit();
  tools_.reset();
  batch_ = {};
}

void DedupeStage::rollback() {
  dedupe_.rollback();
  scan_.rollback();
  tools_.reset();
  batch_ = {};
}

void DedupeStage::add_sizes(StageSizes& sizes) const {
  sizes.works += dedupe_.table().size();
  sizes.table_bytes += dedupe_.table().bytes();
  sizes.scan_jobs += scan_.jobs();
}

// What a state of policy asks to be scanned is asked for once.
void DedupeStage::look_for_work(const std::shared_ptr<const RuleSet>& rules) {
  if (scanned_for_ != rules) {
    scanned_for_ = rules;
    for (ScanJob& job : scans_of(*rules->state->policy)) {
      scan_.request(std::move(job));
    }
  }
  for (ScanJob& job : run_counts_of(dedupe_.sums())) {
    scan_.request(std::move(job));
  }
}

BackgroundWork::Slice DedupeStage::work(const std::function<bool()>& has_time,
                                        std::int64_t most_written, StageOutput& output) {
  CatalogOutput to{topics_, kafka::Partition{number_}, nullptr, output, records_sent_};
  ScanBatch batch{dedupe_, *tools_, to};
  return scan_.run(has_time, batch, most_written);
}

}  // namespace freshet
