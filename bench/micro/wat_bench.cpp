#include <benchmark/benchmark.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/crawl/warc_reader.hpp"
#include "producers/common_crawl/wat.hpp"
#include "tests/support/crawl_files.hpp"

// Reading WAT files, one thread, against decompressing the same bytes and nothing else. The file is
// FRESHET_WAT where that names one, such as a real one of the Common Crawl; else a made-up one.
namespace freshet {
namespace {

std::string made_up() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "freshet-bench-wat";
  // About as many pages of the web link to a licence: one in fifty.
  test::write_crawl(folder, "CC-MAIN-2024-10", 1, 20'000, 50);
  std::ostringstream text;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    if (entry.path().string().ends_with(".wat.gz")) {
      text << std::ifstream{entry.path(), std::ios::binary}.rdbuf();
    }
  }
  std::filesystem::remove_all(folder);
  return text.str();
}

const std::string& wat() {
  static const std::string bytes = [] {
    const char* const path = std::getenv("FRESHET_WAT");
    if (path == nullptr) {
      return made_up();
    }
    std::ostringstream text;
    text << std::ifstream{path, std::ios::binary}.rdbuf();
    return text.str();
  }();
  return bytes;
}

// What gunzip does: members one after the other into one buffer, with their check sums.
void decompress(benchmark::State& state) {
  std::vector<char> out(256U << 10U);
  std::size_t inflated = 0;
  for (auto _ : state) {
    z_stream stream{};
    inflateInit2(&stream, 15 + 16);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(wat().data()));
    stream.avail_in = static_cast<uInt>(wat().size());
    while (stream.avail_in > 0) {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      const int result = inflate(&stream, Z_NO_FLUSH);
      inflated += out.size() - stream.avail_out;
      if (result == Z_STREAM_END) {
        inflateReset(&stream);
      } else if (result != Z_OK) {
        state.SkipWithError("damaged");
        break;
      }
    }
    inflateEnd(&stream);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(inflated));
}
BENCHMARK(decompress)->Unit(benchmark::kMillisecond);

void read_records(benchmark::State& state) {
  std::size_t inflated = 0;
  for (auto _ : state) {
    MemorySource source{wat()};
    WarcReader reader{source};
    while (*reader.next() != WarcReader::Next::end) {
    }
    inflated += reader.inflated_bytes();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(inflated));
}
BENCHMARK(read_records)->Unit(benchmark::kMillisecond);

void find_pages(benchmark::State& state) {
  std::size_t inflated = 0;
  std::int64_t pages = 0;
  std::int64_t records = 0;
  WatReader wat_reader;
  for (auto _ : state) {
    MemorySource source{wat()};
    WarcReader reader{source};
    for (auto next = reader.next(); *next != WarcReader::Next::end; next = reader.next()) {
      if (*next == WarcReader::Next::record) {
        ++records;
        const CrawlVerdict verdict = wat_reader.read(reader.record(), "crawl-data/x/segments/1");
        if (const auto* page = std::get_if<CrawledPage>(&verdict)) {
          benchmark::DoNotOptimize(encode_page(*page));
          ++pages;
        }
      }
    }
    inflated += reader.inflated_bytes();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(inflated));
  state.counters["pages_of_records"] =
      records == 0 ? 0 : static_cast<double>(pages) / static_cast<double>(records);
}
BENCHMARK(find_pages)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet
