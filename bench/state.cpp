// The state of a process by itself, without Kafka: works are written for the first time at random
// keys, each with a claim that nobody made before, then works are read and written anew. Prints one
// JSON object: per second, microseconds of processor time per work of the loops and of RocksDB's
// threads, megabytes on disk and of anonymous memory.
// Usage: bench_state DIRECTORY WORKS CHANGES [SECONDS [PARTITIONS [LOOPS]]]: with SECONDS it rests
// as long at the end, and says what is on disk then.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "bench/micro/catalogue_samples.hpp"
#include "bench/proc.hpp"
#include "core/hash.hpp"
#include "core/stop.hpp"
#include "processors/state/record_codec.hpp"
#include "processors/state/state_store.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kCommit = 2'000;  // works of a loop: a tenth of a second's
constexpr std::uint64_t kSamples = 2'000;

struct Plan {
  std::uint64_t works;
  std::uint64_t changes;
  unsigned rest_seconds;
  std::int32_t partitions;
  unsigned loops;
};

std::uint64_t hash_of(std::uint64_t number) {
  return xxh3({reinterpret_cast<const char*>(&number), sizeof number});
}

std::string key_of(std::uint64_t work) {
  return "image:flickr:" + std::to_string(hash_of(work) % 100'000'000'000);
}

std::string url_of(std::uint64_t work) {
  const std::uint64_t halves[] = {hash_of(~work), hash_of(work)};
  return {reinterpret_cast<const char*>(halves), sizeof halves};
}

const fs::path kSelf = "/proc/self";

// Seconds of processor time of RocksDB's threads, by name.
std::map<std::string, double> background_time() {
  std::map<std::string, double> spent;
  for (const auto& task : fs::directory_iterator{kSelf / "task"}) {
    std::string name;
    if (std::ifstream in{task.path() / "comm"};
        std::getline(in, name) && name.starts_with("rocksdb")) {
      spent[name] += bench::cpu_seconds(task.path());
    }
  }
  return spent;
}

long megabytes_of(const fs::path& directory) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator{directory}) {
    std::error_code gone;
    const std::uintmax_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    bytes += gone ? 0 : size;
  }
  return static_cast<long>(bytes >> 20U);
}

class Loop {
 public:
  Loop(StateStore& state, const Plan& plan, unsigned number, const std::vector<std::string>& packed)
      : plan_{plan}, number_{number}, packed_{packed} {
    for (std::int32_t p = static_cast<std::int32_t>(number); p < plan.partitions;
         p += static_cast<std::int32_t>(plan.loops)) {
      partitions_.push_back({state.partition(p), state.claims(p), {}, {}});
    }
  }

  void first_load() {
    std::string found;
    for (std::uint64_t work = number_; work < plan_.works; work += plan_.loops) {
      Partition& to = partition_of(work);
      std::string url = url_of(work);
      if (to.claims->get(url, found)) {
        std::fprintf(stderr, "a claim that nobody made\n");
      }
      to.urls.emplace_back(std::move(url), std::string(8, '\1') + key_of(work));
      put(to, work);
    }
    commit();
  }

  void changes() {
    std::mt19937_64 random{number_};
    std::string json;
    for (std::uint64_t i = 0; i < plan_.changes / plan_.loops; ++i) {
      const std::uint64_t work = random() % (plan_.works / plan_.loops) * plan_.loops + number_;
      Partition& to = partition_of(work);
      if (!to.records->get(key_of(work), json)) {
        std::fprintf(stderr, "a work that is gone\n");
      }
      put(to, work);
    }
    commit();
  }

 private:
  struct Partition {
    std::unique_ptr<PartitionStore> records;
    std::unique_ptr<PartitionClaims> claims;
    std::vector<std::pair<std::string, std::string_view>> works;
    std::vector<std::pair<std::string, std::optional<std::string>>> urls;
  };

  Partition& partition_of(std::uint64_t work) {
    return partitions_[hash_of(work + 1) % partitions_.size()];
  }

  void put(Partition& to, std::uint64_t work) {
    to.works.emplace_back(key_of(work), packed_[work % packed_.size()]);
    if (++pending_ == kCommit) {
      commit();
    }
  }

  void commit() {
    pending_ = 0;
    for (Partition& p : partitions_) {
      std::sort(p.works.begin(), p.works.end());
      const std::vector<std::pair<std::string_view, std::string_view>> records(p.works.begin(),
                                                                               p.works.end());
      ChangelogPositions at;
      at.catalog = ++commits_;
      p.records->write(records, RecordForm::packed, {}, at);
      std::sort(p.urls.begin(), p.urls.end());
      p.claims->write(p.urls, {commits_, 0});
      p.works.clear();
      p.urls.clear();
    }
  }

  const Plan& plan_;
  unsigned number_;
  const std::vector<std::string>& packed_;
  std::vector<Partition> partitions_;
  std::uint64_t pending_ = 0;
  std::int64_t commits_ = 0;
};

// What one part of the run took, for so many works.
class Stopwatch {
 public:
  void print(const char* name, std::uint64_t works, const fs::path& directory) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double micros = 1e6 / static_cast<double>(works);
    const double all = bench::cpu_seconds(kSelf) - all_;
    double background = 0;
    std::printf("\"%s\": {\"per_second\": %.0f, \"disk_mb\": %ld, \"rss_anon_mb\": %.0f", name,
                static_cast<double>(works) / seconds, megabytes_of(directory),
                bench::status_megabytes(kSelf, "RssAnon"));
    for (const auto& [thread, so_far] : background_time()) {
      const auto earlier = background_.find(thread);
      const double spent = so_far - (earlier == background_.end() ? 0 : earlier->second);
      background += spent;
      std::printf(", \"%s_us\": %.2f", thread.c_str(), spent * micros);
    }
    std::printf(", \"loops_us\": %.2f, \"all_us\": %.2f}", (all - background) * micros,
                all * micros);
  }

 private:
  Clock::time_point start_ = Clock::now();
  std::map<std::string, double> background_ = background_time();
  double all_ = bench::cpu_seconds(kSelf);
};

// As a process does.
void tend(StateStore& state, const std::stop_token& stop) {
  while (!wait_for_stop(stop, std::chrono::seconds{5})) {
    state.tend();
  }
}

void run(StateStore& state, std::vector<Loop>& loops, void (Loop::*part)()) {
  const std::jthread tending{[&](const std::stop_token& stop) { tend(state, stop); }};
  std::vector<std::jthread> threads;
  for (Loop& loop : loops) {
    threads.emplace_back(part, &loop);
  }
}

void measure(const fs::path& directory, const Plan& plan) {
  std::vector<std::string> packed;
  RecordCodec codec;
  for (const bench::Sample& record :
       bench::catalogue_of(bench::generated(kSamples, simulate::StreamPart::load, 0))) {
    packed.emplace_back(codec.pack(record.value));
  }
  StateStore state{directory, UtcTime::from_millis(1'795'000'000'000)};
  std::vector<Loop> loops;
  for (unsigned i = 0; i < plan.loops; ++i) {
    loops.emplace_back(state, plan, i, packed);
  }
  const Stopwatch load;
  run(state, loops, &Loop::first_load);
  std::printf("{");
  load.print("load", plan.works, directory);
  std::fflush(stdout);
  const Stopwatch changes;
  run(state, loops, &Loop::changes);
  std::printf(",\n ");
  changes.print("changes", plan.changes, directory);
  if (plan.rest_seconds > 0) {
    const std::jthread tending{[&](const std::stop_token& stop) { tend(state, stop); }};
    std::this_thread::sleep_for(std::chrono::seconds{plan.rest_seconds});
    std::printf(",\n \"rested\": {\"disk_mb\": %ld}", megabytes_of(directory));
  }
  std::printf("}\n");
}

}  // namespace
}  // namespace freshet

namespace {

int usage() {
  std::fprintf(stderr,
               "usage: bench_state DIRECTORY WORKS CHANGES [SECONDS [PARTITIONS [LOOPS]]]\n"
               "DIRECTORY must not be there yet; no fewer works and partitions than loops\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    return usage();
  }
  const auto number = [&](int at, long otherwise) {
    return at < argc ? std::atol(argv[at]) : otherwise;
  };
  const freshet::Plan plan{
      static_cast<std::uint64_t>(number(2, 0)), static_cast<std::uint64_t>(number(3, 0)),
      static_cast<unsigned>(number(4, 0)), static_cast<std::int32_t>(number(5, 8)),
      static_cast<unsigned>(number(6, 2))};
  const bool is_new = !std::filesystem::exists(argv[1]);
  if (!is_new || plan.loops == 0 || plan.partitions < static_cast<std::int32_t>(plan.loops) ||
      plan.works < plan.loops) {
    return usage();
  }
  freshet::measure(argv[1], plan);
}
