#include "processors/stages/urls/urls_stage.hpp"

#include <algorithm>
#include <iterator>

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "processors/record/url_claim.hpp"
#include "processors/stage_output.hpp"
#include "processors/stages/loop_tools.hpp"

namespace freshet {
namespace {

ClaimRecord claim_record(const TopicRecord& record) {
  return {.key = record.key,
          .value = record.value,
          .schema = record.schema,
          .offset = record.offset.value};
}

}  // namespace

// What the stage makes of one record, or of the batch at its end.
class UrlsStage::Output final : public UrlsOutput {
 public:
  /// @param record  nullptr: of the state, so there is no dead letter.
  Output(UrlsStage& stage, const StageRecord* record, StageOutput& output)
      : stage_{stage}, record_{record}, output_{output} {}

  void verdict(std::string_view work_key, const UrlHash& url, std::string_view owner) override {
    stage_.key_.clear();
    append_verdict_key(stage_.key_, work_key, url);
    stage_.value_.clear();
    append_verdict(stage_.value_, owner);
    output_.produce(
        {.topic = stage_.verdicts_topic_,
         .partition = kafka::Partition{partition_for_key(work_key, stage_.counts_.works)},
         .key = stage_.key_,
         .value = stage_.value_,
         .headers = &stage_.verdict_headers_,
         .timestamp = std::nullopt});
  }

  void dead_letter(const Error& error) override {
    FRESHET_CHECK(record_ != nullptr);
    output_.dead_letter(error, *record_);
  }

 private:
  UrlsStage& stage_;
  const StageRecord* record_;
  StageOutput& output_;
};

std::unique_ptr<Stage> UrlsStage::make(const StagePlace& place) {
  return place.number < place.counts.claims ? std::make_unique<UrlsStage>(place) : nullptr;
}

UrlsStage::UrlsStage(const StagePlace& place)
    : counts_{place.counts},
      verdicts_topic_{place.config.kafka.prefixed(topics::kUrlVerdicts)},
      verdict_headers_{schema_headers(schema_header::kUrlVerdict)},
      store_{place.state.claims(place.number)},
      urls_{place.number, place.counts.claims, *store_} {
  const ClaimsPosition stored = store_->position();
  next_ = stored.next;
  urls_.answer_all_before(stored.answer_all_before);
}

void UrlsStage::begin(const StageBatch& batch) { tools_ = batch.tools; }

void UrlsStage::apply(const StageRecord& record, StageOutput& output) {
  Output to{*this, &record, output};
  urls_.apply(claim_record(record), to);
}

void UrlsStage::finish(StageOutput& output) {
  Output to{*this, nullptr, output};
  urls_.finish(to);
}

void UrlsStage::append_totals(EncodedSums& sums) const {
  std::ranges::move(urls_.totals(), std::back_inserter(sums));
}

void UrlsStage::store(const CommittedBatch& batch) {
  if (const auto& next = batch.next[index_of(Input::claims)]) {
    next_.read_to(next->value);
    write();
  }
}

void UrlsStage::commit() {
  for (const auto& [provider, counted] : urls_.counted()) {
    tools_->urls.add(counted);
  }
  urls_.commit();
  tools_ = nullptr;
}

void UrlsStage::rollback() {
  urls_.rollback();
  tools_ = nullptr;
}

// What a committed batch changed, or what was restored, and where that ends.
void UrlsStage::write() {
  store_->write(urls_.changes(), {next_.next(), urls_.answer_all_before()});
}

void UrlsStage::forget() {
  store_->clear();
  next_ = {};
  urls_.answer_all_before(0);
}

void UrlsStage::restore_totals(std::string_view name, const Totals& totals) {
  urls_.restore_totals(name, totals);
}

// Never less than what an earlier restore asked for: the topic has only grown since.
void UrlsStage::begin_changelog(std::size_t, const ChangelogBounds& bounds) {
  if (bounds.position != bounds.target || bounds.position == 0) {
    urls_.answer_all_before(bounds.end);
  }
}

void UrlsStage::restore(std::size_t, const TopicRecord& record) {
  urls_.restore_claim(claim_record(record));
  next_.read_to(record.offset.value + 1);
  has_restored_ = true;
}

void UrlsStage::write_restored() {
  if (has_restored_) {
    write();
    urls_.commit();
    has_restored_ = false;
  }
}

void UrlsStage::end_changelog(std::size_t, const ChangelogBounds& bounds) {
  next_.read_to(bounds.target);
}

bool UrlsStage::end_restore(const KeepAlive&) {
  write();
  urls_.commit();
  return true;
}

void UrlsStage::save() { store_->flush(); }

}  // namespace freshet
