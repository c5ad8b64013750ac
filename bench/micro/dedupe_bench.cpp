// The parts of dedupe, each by itself: envelope and fingerprint, merge, catalogue records.

#include <benchmark/benchmark.h>

#include "bench/micro/samples.hpp"
#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/stages/dedupe/update.hpp"

namespace freshet {
namespace {

using bench::Sample;

struct Set {
  std::vector<Sample> first;
  std::vector<Sample> again;  ///< the same works, changed
  std::vector<std::string> records;
};

const UpdateContext& update_context() {
  static const UpdateContext context{UtcTime::from_millis(1'767'225'600'000), std::chrono::days{20},
                                     shipped_dedupe_rules()};
  return context;
}

// The catalogue record that a sighting makes; empty when clean does not pass it on.
std::string record_of(const Sample& sample, Cleaner& cleaner, RawReader& reader) {
  Arena arena;
  const auto raw = reader.read(sample.value, arena);
  FRESHET_CHECK(raw.has_value());
  CleanResult cleaned = cleaner.clean(raw->body, arena);
  std::string json;
  if (Work* work = std::get_if<Work>(&cleaned)) {
    const Stamp stamp{raw->fetched_at, kRulesVersion, content_hash(raw->body, kRulesVersion)};
    apply_sighting(nullptr, std::nullopt, sample.key, *work, stamp, update_context(), arena, json);
  }
  return json;
}

Set make_set(const std::vector<Sample>& samples) {
  Set set;
  Cleaner cleaner;
  RawReader reader;
  for (const Sample& sample : samples) {
    std::string record = record_of(sample, cleaner, reader);
    if (record.empty()) {
      continue;
    }
    set.first.push_back(sample);
    set.records.push_back(std::move(record));
    // A later sighting in which one member has another value, as most changes are.
    Arena arena;
    RawRecord changed = reader.read(sample.value, arena).value();
    std::string work{changed.body};
    const auto title = work.find(R"("title":")");
    if (title != std::string::npos) {
      work.insert(title + 9, "Anew ");
    }
    changed.fetched_at = changed.fetched_at + std::chrono::days{731};
    changed.body = work;
    set.again.push_back({sample.key, write_raw_record(changed)});
  }
  return set;
}

const Set& set_of(std::int64_t kind) {
  static const Set generated = make_set(bench::generated(20'000, simulate::StreamPart::load, 0));
  static const Set rows = make_set(bench::real_rows());
  return kind == 0 ? generated : rows;
}

// 0: generated, 1: real rows; skipped without these.
const Set* begin(benchmark::State& state) {
  const Set& set = set_of(state.range(0));
  state.SetLabel(state.range(0) == 0 ? "generated" : "real rows");
  if (set.first.empty()) {
    state.SkipWithError("no ../shared/fixtures beside this checkout");
    return nullptr;
  }
  return &set;
}

class Turn {
 public:
  explicit Turn(std::size_t size) : size_{size} {}
  std::size_t next() { return at_ = at_ + 1 == size_ ? 0 : at_ + 1; }

 private:
  std::size_t size_;
  std::size_t at_ = 0;
};

// What every sighting costs, also an unchanged one.
void envelope_and_fingerprint(benchmark::State& state) {
  const Set* set = begin(state);
  if (set == nullptr) {
    return;
  }
  RawReader reader;
  Arena arena;
  Turn turn{set->first.size()};
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const Sample& sample = set->first[turn.next()];
    const auto raw = reader.read(sample.value, arena);
    benchmark::DoNotOptimize(content_hash(raw->body, kRulesVersion) ^ xxh3(sample.key));
    bytes += static_cast<std::int64_t>(sample.value.size());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}
BENCHMARK(envelope_and_fingerprint)->Arg(0)->Arg(1);

// Envelopes in another form than ours are parsed whole.
void envelope_in_another_form(benchmark::State& state) {
  const Set* set = begin(state);
  if (set == nullptr) {
    return;
  }
  std::vector<std::string> values;
  for (const Sample& sample : set->first) {
    values.push_back("{ " + sample.value.substr(1));
  }
  RawReader reader;
  Arena arena;
  Turn turn{values.size()};
  for (auto _ : state) {
    benchmark::DoNotOptimize(reader.read(values[turn.next()], arena));
    arena.release();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(envelope_in_another_form)->Arg(0)->Arg(1);

// Clean and write a new work, or merge a changed one into its record: all of the per-record path
// but Kafka and RocksDB.
void run_updates(benchmark::State& state, const Set& set, bool with_previous) {
  Cleaner cleaner;
  RawReader reader;
  std::vector<std::byte> memory(256 * 1024);
  std::pmr::monotonic_buffer_resource arena{memory.data(), memory.size()};
  std::string json;
  Turn turn{set.first.size()};
  for (auto _ : state) {
    const std::size_t i = turn.next();
    const Sample& sample = with_previous ? set.again[i] : set.first[i];
    const auto raw = reader.read(sample.value, arena);
    CleanResult cleaned = cleaner.clean(raw->body, arena);
    const Stamp stamp{raw->fetched_at, kRulesVersion, content_hash(raw->body, kRulesVersion)};
    std::optional<CatalogRecord> previous;
    if (with_previous) {
      auto parsed = parse_catalog_record(set.records[i], arena);
      previous.emplace(std::move(*parsed));
    }
    json.clear();
    benchmark::DoNotOptimize(apply_sighting(previous ? &*previous : nullptr, std::nullopt,
                                            sample.key, std::get<Work>(cleaned), stamp,
                                            update_context(), arena, json));
    previous.reset();
    arena.release();
  }
  state.SetItemsProcessed(state.iterations());
}

void new_work(benchmark::State& state) {
  if (const Set* set = begin(state)) {
    run_updates(state, *set, false);
  }
}
BENCHMARK(new_work)->Arg(0)->Arg(1);

void changed_work(benchmark::State& state) {
  if (const Set* set = begin(state)) {
    run_updates(state, *set, true);
  }
}
BENCHMARK(changed_work)->Arg(0)->Arg(1);

void merge_alone(benchmark::State& state) {
  const Set* set = begin(state);
  if (set == nullptr) {
    return;
  }
  Cleaner cleaner;
  RawReader reader;
  Arena works;
  struct Pair {
    Work before;
    Work after;
    Stamp first;
    Stamp second;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < std::min<std::size_t>(set->first.size(), 2'000); ++i) {
    const auto clean = [&](const Sample& sample, Stamp& stamp) {
      const auto raw = reader.read(sample.value, works);
      stamp = {raw->fetched_at, kRulesVersion, content_hash(raw->body, kRulesVersion)};
      Work work = std::get<Work>(cleaner.clean(raw->body, works));
      normalise(work, works);
      return work;
    };
    Stamp first;
    Stamp second;
    Work before = clean(set->first[i], first);
    Work after = clean(set->again[i], second);
    pairs.push_back({std::move(before), std::move(after), first, second});
  }
  std::vector<std::byte> memory(256 * 1024);
  std::pmr::monotonic_buffer_resource arena{memory.data(), memory.size()};
  Turn turn{pairs.size()};
  for (auto _ : state) {
    const Pair& pair = pairs[turn.next()];
    {
      Work into{&arena};
      into = pair.before;
      std::optional<Stamp> newest = pair.first;
      OlderList older{&arena};
      merge(into, newest, older, pair.after, pair.second);
      benchmark::DoNotOptimize(into.url);
    }
    arena.release();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(merge_alone)->Arg(0)->Arg(1);

void catalogue_record_read(benchmark::State& state) {
  const Set* set = begin(state);
  if (set == nullptr) {
    return;
  }
  std::vector<std::byte> memory(256 * 1024);
  std::pmr::monotonic_buffer_resource arena{memory.data(), memory.size()};
  Turn turn{set->records.size()};
  for (auto _ : state) {
    {
      const auto record = parse_catalog_record(set->records[turn.next()], arena);
      benchmark::DoNotOptimize(parse_work(record->work, arena));
    }
    arena.release();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(catalogue_record_read)->Arg(0)->Arg(1);

void catalogue_record_written(benchmark::State& state) {
  const Set* set = begin(state);
  if (set == nullptr) {
    return;
  }
  Arena records;
  std::vector<CatalogRecord> parsed;
  std::vector<Work> works;
  for (std::size_t i = 0; i < std::min<std::size_t>(set->records.size(), 2'000); ++i) {
    parsed.push_back(*parse_catalog_record(set->records[i], records));
    works.push_back(*parse_work(parsed.back().work, records));
  }
  std::string work;
  std::string out;
  Turn turn{parsed.size()};
  for (auto _ : state) {
    const std::size_t i = turn.next();
    work.clear();
    out.clear();
    append_work(work, works[i]);
    append_catalog_record(out, parsed[i]);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(catalogue_record_written)->Arg(0)->Arg(1);

}  // namespace
}  // namespace freshet
