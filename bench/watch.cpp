// Watches a consumer group work through a topic, and the process that does it.
//
// The window begins when the group's first commit is seen and ends when it has committed the end of
// the topic: start-up, joining and leaving are outside it, and what the first commit covers is not
// counted. Offsets are asked every 20 ms, so that a window of some seconds is known to a percent.
// Prints one JSON object.
// Usage: bench_watch TOPIC GROUP PARTITIONS PID TIMEOUT_SECONDS   (names without the prefix)

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "bench/environment.hpp"
#include "bench/proc.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"

namespace freshet {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Sample {
  Clock::time_point at;
  std::int64_t done = 0;
  double cpu = 0;
};

int watch(const std::string& topic, const std::string& group, int count, const std::string& pid,
          std::chrono::seconds timeout) {
  const Config config = bench::config_from_environment();
  std::vector<kafka::TopicPartition> partitions;
  for (std::int32_t i = 0; i < count; ++i) {
    partitions.push_back({config.kafka.prefixed(topic), kafka::Partition{i}});
  }
  kafka::Consumer consumer{config.kafka, kafka::ConsumerOptions{}};
  kafka::Admin admin{config.kafka};
  std::int64_t end = 0;
  for (const auto& at : partitions) {
    const auto marks = bench::patient_watermarks(consumer, at);
    if (!marks) {
      std::fprintf(stderr, "%s\n", marks.error().message().c_str());
      return 1;
    }
    end += marks->high.value;
  }
  const auto done = [&]() -> std::int64_t {
    std::int64_t sum = 0;
    if (const auto offsets = admin.group_offsets(config.kafka.prefixed(group), partitions)) {
      for (const auto& [at, offset] : *offsets) {
        sum += std::max<std::int64_t>(offset.value, 0);
      }
    }
    return sum;
  };
  const std::filesystem::path process = "/proc/" + pid;
  const std::int64_t begin = done();
  const auto started = Clock::now();
  const auto until = started + timeout;
  Sample first;
  Sample last;
  for (;;) {
    const Sample now{Clock::now(), done(), bench::cpu_seconds(process)};
    if (now.done > begin && first.done == 0) {
      first = now;
    }
    if (now.done > last.done) {
      last = now;
    }
    if (now.done >= end || now.at > until || kill(std::stoi(pid), 0) != 0) {
      break;
    }
    std::this_thread::sleep_for(20ms);
  }
  const std::chrono::duration<double> took = last.at - first.at;
  const std::chrono::duration<double> waited = (first.done > 0 ? first.at : Clock::now()) - started;
  std::printf(
      "{\"complete\": %s, \"waited_seconds\": %.3f, \"records\": %lld, \"seconds\": %.3f, "
      "\"cpu_seconds\": %.3f, "
      "\"rss_mb\": %.1f, \"peak_rss_mb\": %.1f}\n",
      last.done >= end ? "true" : "false", waited.count(),
      static_cast<long long>(last.done - first.done), took.count(), last.cpu - first.cpu,
      bench::status_megabytes(process, "VmRSS"), bench::status_megabytes(process, "VmHWM"));
  return last.done >= end ? 0 : 1;
}

}  // namespace
}  // namespace freshet

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "Usage: %s TOPIC GROUP PARTITIONS PID TIMEOUT_SECONDS\n", argv[0]);
    return 2;
  }
  return freshet::watch(argv[1], argv[2], std::atoi(argv[3]), argv[4],
                        std::chrono::seconds{std::atoi(argv[5])});
}
