// The hot table: time of a look and of a first insert, and memory per work while it grows.

#include <benchmark/benchmark.h>

#include <algorithm>

#include "core/hash.hpp"
#include "processors/state/hot_table.hpp"

namespace freshet {
namespace {

std::uint64_t hash_of(std::uint64_t number) {
  return xxh3({reinterpret_cast<const char*>(&number), sizeof number});
}

HotEntry entry_of(std::uint64_t number) {
  return {hash_of(number + 1), UtcTime{static_cast<std::int64_t>(number)}, 1};
}

void table_insert(benchmark::State& state) {
  const auto works = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    HotTable table;
    for (std::uint64_t i = 0; i < works; ++i) {
      table.set(hash_of(i), entry_of(i));
    }
    benchmark::DoNotOptimize(table.size());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(table_insert)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// A sighting of a known work, in no order: a cache miss or two.
void table_find(benchmark::State& state) {
  const auto works = static_cast<std::uint64_t>(state.range(0));
  HotTable table;
  for (std::uint64_t i = 0; i < works; ++i) {
    table.set(hash_of(i), entry_of(i));
  }
  std::uint64_t number = 0;
  for (auto _ : state) {
    number = (number + 7'919) % works;
    benchmark::DoNotOptimize(table.find(hash_of(number)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(table_find)->Arg(100'000)->Arg(1'000'000)->Arg(5'000'000);

// Bytes per work from 1 M to the argument's millions of works, looked at every 10,000 works: the
// mean and the greatest. A segment that grows is there twice meanwhile; that copy is added.
void table_memory(benchmark::State& state) {
  constexpr std::uint64_t kMillion = 1'000'000;
  constexpr std::uint64_t kEvery = 10'000;
  const auto works = static_cast<std::uint64_t>(state.range(0)) * kMillion;
  double sum = 0;
  double most = 0;
  double most_growing = 0;
  double looks = 0;
  for (auto _ : state) {
    HotTable table;
    std::size_t before = table.bytes();
    for (std::uint64_t i = 0; i < works; ++i) {
      table.set(hash_of(i), entry_of(i));
      const bool look = (i + 1) % kEvery == 0;
      const std::size_t bytes = look || i % 16 == 0 ? table.bytes() : before;
      if (i < kMillion) {
        before = bytes;
        continue;
      }
      const auto count = static_cast<double>(i + 1);
      if (bytes != before) {
        // The old segment of a growth of 30 %: what came on top of it, divided by 0.3.
        const double old_segment = static_cast<double>(bytes - before) / 0.3;
        most_growing = std::max(most_growing, (static_cast<double>(bytes) + old_segment) / count);
        before = bytes;
      }
      if (look) {
        const double each = static_cast<double>(bytes) / count;
        sum += each;
        most = std::max(most, each);
        looks += 1;
      }
    }
  }
  state.counters["bytes_per_work_mean"] = looks == 0 ? 0 : sum / looks;
  state.counters["bytes_per_work_most"] = most;
  state.counters["bytes_per_work_peak_growing"] = most_growing;
}
BENCHMARK(table_memory)->Arg(20)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet
