// The stage whole, over one partition with records in memory: what a processor does besides Kafka
// and RocksDB. Time is per sighting.

#include <benchmark/benchmark.h>

#include <unordered_map>

#include "bench/micro/samples.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/dedupe.hpp"

namespace freshet {
namespace {

using bench::Sample;
using simulate::StreamPart;

constexpr std::uint64_t kWorks = 20'000;
constexpr std::size_t kBatch = 5'000;

class MemoryStore final : public RecordStore {
 public:
  bool get(std::string_view key, std::string& value) override {
    const auto found = records_.find(std::string{key});
    if (found == records_.end()) {
      return false;
    }
    value = found->second;
    return true;
  }
  const std::unordered_map<std::string, std::string>& records() const { return records_; }
  void take(const Dedupe& dedupe) {
    for (const auto& [key, packed] : dedupe.pending().packed()) {
      RecordCodec::unpack(packed, records_[std::string{key}]);
    }
  }

 private:
  std::unordered_map<std::string, std::string> records_;
};

class Nowhere final : public DedupeOutput {
 public:
  bool record(std::string_view, std::string_view json) override {
    bytes += json.size();
    return true;
  }
  void claim(std::string_view, const UrlClaim&, bool) override {}
  void release(std::string_view, std::string_view) override {}
  void dead_letter(const Error&) override { ++dead_letters; }
  void put_aside(std::string_view, std::string_view, const Error&) override { ++dead_letters; }
  std::size_t bytes = 0;
  std::size_t dead_letters = 0;
};

struct Stage {
  MemoryStore store;
  Dedupe dedupe{0, 1, store};
  Cleaner cleaner;
  RawReader reader;
  Nowhere output;

  // `pause` stops the clock while records are stored, which the real store does elsewhere.
  template <class Pause, class Resume>
  void run(const std::vector<Sample>& samples, Pause pause, Resume resume) {
    const Dedupe::Tools tools{[this](std::string_view work, Arena& arena, Cleaned what) {
                                return cleaner.clean(work, arena, what);
                              },
                              reader, shipped_dedupe_rules(), std::chrono::days{20}};
    const UtcTime now = UtcTime::from_millis(1'767'225'600'000);
    for (std::size_t begin = 0; begin < samples.size(); begin += kBatch) {
      dedupe.begin(now);
      for (std::size_t i = begin; i < std::min(begin + kBatch, samples.size()); ++i) {
        dedupe.apply({samples[i].key, samples[i].value, schema_header::kRaw, now}, tools, output);
      }
      pause();
      store.take(dedupe);
      resume();
      dedupe.commit();
    }
  }
  void run(const std::vector<Sample>& samples) {
    run(samples, [] {}, [] {});
  }

  /// What a background scan does with each work, its record being read already.
  void review(const DedupeRules& rules) {
    const Dedupe::Tools tools{[this](std::string_view work, Arena& arena, Cleaned what) {
                                return cleaner.clean(work, arena, what);
                              },
                              reader, rules, std::chrono::days{20}};
    dedupe.begin(UtcTime::from_millis(1'767'225'600'000));
    for (const auto& [key, json] : store.records()) {
      benchmark::DoNotOptimize(dedupe.review(key, json, tools, output));
    }
    dedupe.rollback();
  }
};

void stage(benchmark::State& state, const std::vector<Sample>& before,
           const std::vector<Sample>& measured) {
  for (auto _ : state) {
    state.PauseTiming();
    {
      Stage stage;
      stage.run(before);
      state.ResumeTiming();
      stage.run(measured, [&] { state.PauseTiming(); }, [&] { state.ResumeTiming(); });
      state.PauseTiming();
      benchmark::DoNotOptimize(stage.output.bytes);
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(measured.size()));
}

void stage_first_load(benchmark::State& state) {
  static const auto load = bench::generated(kWorks, StreamPart::load, 0);
  stage(state, {}, load);
}
BENCHMARK(stage_first_load)->Unit(benchmark::kMillisecond);

// Of the sightings 80 % repeat what is known.
void stage_recrawl(benchmark::State& state) {
  static const auto load = bench::generated(kWorks, StreamPart::load, 0);
  static const auto again = bench::generated(kWorks, StreamPart::recrawl, 2);
  stage(state, load, again);
}
BENCHMARK(stage_recrawl)->Unit(benchmark::kMillisecond);

// A scan in which no work changes; the argument is how many sensitive terms there are.
void stage_scan(benchmark::State& state) {
  static const auto load = bench::generated(kWorks, StreamPart::load, 0);
  Stage stage;
  stage.run(load);
  DedupeRules rules = shipped_dedupe_rules();
  std::vector<std::string> terms;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    terms.push_back("term" + std::to_string(i));
  }
  rules.sensitive_terms = std::make_shared<const SensitiveTerms>(terms);
  for (auto _ : state) {
    stage.review(rules);
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(stage.store.records().size()));
}
BENCHMARK(stage_scan)->Arg(0)->Arg(2'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet
