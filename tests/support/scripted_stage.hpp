#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "processors/registry.hpp"
#include "processors/stage.hpp"
#include "processors/stage_output.hpp"

namespace freshet::test {

/// What a test tells the scripted stages, and what they were asked to do.
struct Script {
  std::vector<std::string> calls;  ///< `name/partition call`, in their order
  std::map<std::int32_t, std::vector<std::pair<std::string, std::string>>>
      totals;                                       ///< by partition
  std::map<std::int32_t, int> background;           ///< steps that are left, by partition
  std::map<std::int32_t, std::int64_t> positions;   ///< of the changelog, by partition
  std::map<std::int32_t, NextOffsets> stored;       ///< what `store` was told
  std::optional<std::int64_t> bytes_kept_by_apply;  ///< told to the output with each record
  bool is_loaded = true;                            ///< what `load` says
  bool ends_restore = true;                         ///< what `end_restore` says

  /// The calls of one partition, without those of others.
  std::vector<std::string> of(std::int32_t number) const {
    std::vector<std::string> list;
    const std::string place = "/" + std::to_string(number) + " ";
    for (const std::string& call : calls) {
      if (call.find(place) != std::string::npos) {
        list.push_back(call);
      }
    }
    return list;
  }
};

/// Stages that do what a script says, and write down what they are asked: for what drives stages.
class ScriptedStage final : public Stage, public BackgroundWork {
 public:
  /// The script of all that are made from here on. One test at a time.
  static inline Script* script = nullptr;

  ScriptedStage(std::string name, std::int32_t number) : name_{std::move(name)}, number_{number} {}

  void begin(const StageBatch&) override { note("begin"); }
  void apply(const StageRecord& record, StageOutput& output) override {
    note("apply " + std::string{topic_of(record.input)} + "@" +
         std::to_string(record.offset.value) + " " + std::string{record.value.value_or("-")});
    if (script->bytes_kept_by_apply) {
      output.keep(static_cast<std::uint64_t>(*script->bytes_kept_by_apply));
    }
  }
  void finish(StageOutput&) override { note("finish"); }
  void append_totals(EncodedSums& sums) const override {
    const auto found = script->totals.find(number_);
    if (name_ == "one" && found != script->totals.end()) {
      sums.insert(sums.end(), found->second.begin(), found->second.end());
    }
  }
  void store(const CommittedBatch& batch) override {
    note("store");
    script->stored[number_] = batch.next;
  }
  void commit() override { note("commit"); }
  void rollback() override { note("rollback"); }
  BackgroundWork* background() override { return name_ == "one" ? this : nullptr; }

  bool load(const KeepAlive&) override {
    note("load");
    return script->is_loaded;
  }
  void forget() override {
    note("forget");
    script->positions[number_] = 0;
  }
  std::int64_t position(std::size_t) const override { return script->positions[number_]; }
  std::optional<std::int64_t> newest_read_ms(std::size_t) const override { return std::nullopt; }
  void restore_totals(std::string_view name, const Totals&) override {
    note("totals " + std::string{name});
  }
  void begin_changelog(std::size_t, const ChangelogBounds& bounds) override {
    note("begin_changelog " + std::to_string(bounds.position) + " to " +
         std::to_string(bounds.target) + " of " + std::to_string(bounds.end));
  }
  void restore(std::size_t, const TopicRecord& record) override {
    note("restore " + std::string{record.key.value_or("-")});
    read_to_ = record.offset.value + 1;
  }
  void write_restored() override { script->positions[number_] = std::max(position(0), read_to_); }
  void end_changelog(std::size_t, const ChangelogBounds& bounds) override {
    note("end_changelog");
    script->positions[number_] = std::max(position(0), bounds.target);
  }
  bool end_restore(const KeepAlive&) override {
    note("end_restore");
    return script->ends_restore;
  }
  void save() override { note("save"); }

  void look_for_work(const std::shared_ptr<const RuleSet>&) override {}
  bool has_work() const override { return script->background[number_] > 0; }
  /// Each step writes a record.
  Slice work(const std::function<bool()>& has_time, std::int64_t most_written,
             StageOutput&) override {
    Slice slice;
    do {
      note("work");
      --script->background[number_];
      ++slice.works;
      ++slice.written;
    } while (has_work() && slice.written < most_written && has_time());
    return slice;
  }

 private:
  void note(const std::string& call) {
    script->calls.push_back(name_ + "/" + std::to_string(number_) + " " + call);
  }

  const std::string name_;
  const std::int32_t number_;
  std::int64_t read_to_ = 0;
};

inline constexpr std::array kOneInputs{Input::raw, Input::decisions};
inline constexpr std::array kOneChangelogs{Changelog{.topic = topics::kCatalog}};
inline constexpr std::array kTwoInputs{Input::claims, Input::verdicts};
inline constexpr std::array kTwoChangelogs{Changelog{
    .topic = topics::kUrlClaims, .until = Changelog::Until::taken, .turn = Changelog::Turn::last}};

/// Stage `one` takes sightings and decisions, and has background work; `two` takes the rest.
inline constexpr std::array kScriptedStages{
    StageSpec{.name = "one",
              .inputs = kOneInputs,
              .changelogs = kOneChangelogs,
              .claims_sums = [](std::string_view) { return false; },
              .make = [](const StagePlace& place) -> std::unique_ptr<Stage> {
                return std::make_unique<ScriptedStage>("one", place.number);
              }},
    StageSpec{.name = "two",
              .inputs = kTwoInputs,
              .changelogs = kTwoChangelogs,
              .claims_sums = [](std::string_view) { return false; },
              .make = [](const StagePlace& place) -> std::unique_ptr<Stage> {
                return std::make_unique<ScriptedStage>("two", place.number);
              }},
};

}  // namespace freshet::test
