#include <benchmark/benchmark.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "processors/clean/cleaner.hpp"
#include "producers/line_reader.hpp"
#include "producers/tsv_line.hpp"

// Clean alone, one thread: raw `work` in, cleaned `work` as bytes out.
namespace freshet {
namespace {

// Records such as providers give: a sentence of title, a few tags, a handful of meta_data. `odd`:
// of a hundred texts so many have escapes, quotes or markup and so cannot be passed on as they are.
std::vector<std::string> made_up_works(unsigned odd) {
  std::mt19937 random{42};
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  const std::vector<std::string> words{
      "river", "portrait", "of",     "a",    "woman",  "café", "evening", "landing", "bridge",
      "stone", "1887",     "garden", "with", "winter", "ruby", "münchen", "the",     "light"};
  const auto text = [&](unsigned count) {
    std::string out;
    for (unsigned i = 0; i < count; ++i) {
      out += (i == 0 ? "" : " ") + words[below(static_cast<unsigned>(words.size()))];
    }
    return below(100) < odd ? out + " \\\"x\\\" <b>y</b>\\n" : out;
  };
  std::vector<std::string> works;
  for (int i = 0; i < 5000; ++i) {
    const std::string id = std::to_string(100000 + i);
    const std::string host = "https://images" + std::to_string(below(20)) + ".example.org/";
    std::string work =
        R"({"media_type":"image","provider":"met","foreign_identifier":")" + id +
        R"(","foreign_landing_url":")" + host + "art/" + id + R"(","url":")" + host + "original/" +
        id + R"(.jpg","thumbnail":")" + host + "web/" + id + R"(.jpg","filesize":)" +
        std::to_string(below(9000000)) +
        R"(,"license_url":"https://creativecommons.org/publicdomain/zero/1.0/","creator":")" +
        text(3) + R"(","creator_url":")" + host + "artist/" + id + R"(","title":")" + text(7) +
        R"(","meta_data":{"date":"ca. 1887","medium":")" + text(6) +
        R"(","classification":"Paintings","credit_line":")" + text(9) + R"(","views":)" +
        std::to_string(below(100000)) + R"(},"tags":[)";
    for (std::size_t tags = 3 + below(6), t = 0; t < tags; ++t) {
      work += (t == 0 ? "\"" : ",\"") + text(1 + below(2)) + "\"";
    }
    works.push_back(work + R"(],"width":)" + std::to_string(below(6000)) + R"(,"height":)" +
                    std::to_string(below(6000)) + "}");
  }
  return works;
}

std::vector<std::string> real_works() {
  std::vector<std::string> works;
  const std::filesystem::path folder =
      std::filesystem::path{FRESHET_SOURCE_DIR} / ".." / "shared" / "fixtures" / "rows";
  if (!std::filesystem::exists(folder)) {
    return works;
  }
  for (const auto& [name, media_type] :
       {std::pair{"image.tsv", MediaType::image}, std::pair{"audio.tsv", MediaType::audio}}) {
    LineReader reader{folder / name, 1 << 20};
    for (LineReader::Line line; *reader.next(line);) {
      works.push_back(parse_tsv_line(line.text, media_type)->work);
    }
  }
  return works;
}

void clean_all(benchmark::State& state, const std::vector<std::string>& works) {
  if (works.empty()) {
    state.SkipWithError("no ../shared/fixtures beside this checkout");
    return;
  }
  Cleaner cleaner;
  Arena arena{1UL << 20};
  std::string out;
  std::size_t next = 0;
  std::int64_t bytes = 0;
  std::size_t in_batch = 0;
  for (auto _ : state) {
    const std::string& work = works[next];
    next = next + 1 == works.size() ? 0 : next + 1;
    const CleanResult result = cleaner.clean(work, arena);
    if (const auto* const cleaned = std::get_if<Work>(&result)) {
      append_work(out, *cleaned);
    } else {
      state.SkipWithError("a record of the benchmark was refused");
      break;
    }
    bytes += static_cast<std::int64_t>(work.size());
    if (++in_batch == 500) {  // as a transaction's batch would
      benchmark::DoNotOptimize(out.data());
      in_batch = 0;
      out.clear();
      arena.release();
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}

void BM_CleanMadeUp(benchmark::State& state) {
  clean_all(state, made_up_works(static_cast<unsigned>(state.range(0))));
}
BENCHMARK(BM_CleanMadeUp)->ArgName("odd_percent")->Arg(0)->Arg(3)->Arg(100);

void BM_CleanRealRows(benchmark::State& state) { clean_all(state, real_works()); }
BENCHMARK(BM_CleanRealRows);

}  // namespace
}  // namespace freshet
