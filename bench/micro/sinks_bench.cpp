// Encoders of the sinks: a catalogue record to a row of binary COPY and to two lines of a bulk.

#include <benchmark/benchmark.h>

#include "bench/micro/catalogue_samples.hpp"
#include "core/topics.hpp"
#include "sinks/targets/bulk.hpp"
#include "sinks/targets/copy_rows.hpp"

namespace freshet {
namespace {

using bench::Sample;

const std::vector<Sample>& records_of(std::int64_t kind) {
  static const auto generated =
      bench::catalogue_of(bench::generated(20'000, simulate::StreamPart::load, 0));
  static const auto rows = bench::catalogue_of(bench::real_rows());
  return kind == 0 ? generated : rows;
}

template <class Encode>
void run(benchmark::State& state, Encode encode) {
  const std::vector<Sample>& records = records_of(state.range(0));
  state.SetLabel(state.range(0) == 0 ? "generated" : "real rows");
  if (records.empty()) {
    state.SkipWithError("no ../shared/fixtures beside this checkout");
    return;
  }
  CatalogDecoder decoder;
  std::string out;
  std::size_t next = 0;
  std::int64_t bytes = 0;
  std::int64_t refused = 0;
  for (auto _ : state) {
    const Sample& record = records[next];
    next = next + 1 == records.size() ? 0 : next + 1;
    const auto decoded =
        decoder.decode({record.key, record.value, schema_header::kCatalog, {}, {}});
    out.clear();
    if (decoded) {
      encode(out, **decoded);
    } else {
      ++refused;
    }
    benchmark::DoNotOptimize(out.data());
    bytes += static_cast<std::int64_t>(record.value.size());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
  state.counters["refused"] = static_cast<double>(refused);
}

void decode_alone(benchmark::State& state) {
  run(state, [](std::string&, const StoreRecord&) {});
}
BENCHMARK(decode_alone)->Arg(0)->Arg(1);

void postgres_row(benchmark::State& state) { run(state, append_row); }
BENCHMARK(postgres_row)->Arg(0)->Arg(1);

void elasticsearch_document(benchmark::State& state) {
  run(state,
      [](std::string& out, const StoreRecord& record) { append_bulk_item(out, record, "bench-"); });
}
BENCHMARK(elasticsearch_document)->Arg(0)->Arg(1);

}  // namespace
}  // namespace freshet
