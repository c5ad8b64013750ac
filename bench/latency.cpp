// Latency of the catalogue at the load that somebody else makes: for the first record of each work,
// the time from the broker's append of its sighting to (a) the broker's append of the record, (b)
// the moment a read_committed consumer has it, which the commit decides. As a base line, the time
// from append to receipt of the sightings themselves, which is what the same consumer costs by
// itself. All clocks are this machine's. Reads from the topics' ends on, until nothing came for
// three seconds; works that were sighted before are left out: to see one again writes no record,
// and what is written of it later is a new score. Prints one JSON object.
// Usage: bench_latency PARTITIONS WARM_UP_RECORDS

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bench/environment.hpp"
#include "core/kafka/consumer.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

double at_share(std::vector<double>& millis, double share) {
  if (millis.empty()) {
    return 0;
  }
  const auto nth = static_cast<std::size_t>(share * static_cast<double>(millis.size() - 1));
  std::nth_element(millis.begin(), millis.begin() + static_cast<std::ptrdiff_t>(nth), millis.end());
  return millis[nth];
}

void print(const char* name, std::vector<double>& millis, const char* behind) {
  std::printf("\"%s\": {\"p50_ms\": %.1f, \"p99_ms\": %.1f, \"most_ms\": %.1f}%s", name,
              at_share(millis, 0.5), at_share(millis, 0.99), at_share(millis, 1), behind);
}

int measure(int partitions, std::size_t warm_up) {
  const Config config = bench::config_from_environment();
  const std::string raw = config.kafka.prefixed(topics::kRaw);
  kafka::Consumer consumer{config.kafka, kafka::ConsumerOptions{}};
  std::vector<kafka::TopicPartitionOffset> from;
  std::vector<kafka::Offset> ends(static_cast<std::size_t>(partitions));  // of the sightings
  for (const std::string& topic : {raw, config.kafka.prefixed(topics::kCatalog)}) {
    for (std::int32_t i = 0; i < partitions; ++i) {
      const kafka::TopicPartition at{topic, kafka::Partition{i}};
      const auto marks = bench::patient_watermarks(consumer, at);
      if (!marks) {
        std::fprintf(stderr, "%s\n", marks.error().message().c_str());
        return 1;
      }
      from.push_back({at, topic == raw ? marks->low : marks->high});
      if (topic == raw) {
        ends[static_cast<std::size_t>(i)] = marks->high;
      }
    }
  }
  if (const auto assigned = consumer.assign(from); !assigned) {
    std::fprintf(stderr, "%s\n", assigned.error().message().c_str());
    return 1;
  }
  std::fprintf(stderr, "ready\n");
  struct Record {
    std::int64_t appended;
    double received;
  };
  std::unordered_set<std::string> known;
  std::unordered_map<std::string, Record> sightings;
  std::vector<std::pair<std::string, Record>> records;
  std::vector<double> base;
  for (auto last = std::chrono::steady_clock::now();
       records.empty() || std::chrono::steady_clock::now() - last < 3s;) {
    const auto polled = consumer.poll(100ms, 5'000);
    if (!polled || polled->messages.empty()) {
      if (std::chrono::steady_clock::now() - last > 60s) {
        break;
      }
      continue;
    }
    last = std::chrono::steady_clock::now();
    const double now = static_cast<double>(SystemClock{}.now().micros) / 1000;
    for (const kafka::Message& message : polled->messages) {
      const Record record{message.timestamp().millis(), now};
      const std::string key{message.key().value_or("")};
      if (message.topic() != raw) {
        records.emplace_back(key, record);
      } else if (message.offset() < ends[static_cast<std::size_t>(message.partition().value)]) {
        known.insert(key);
      } else {
        sightings[key] = record;
        base.push_back(now - static_cast<double>(record.appended));
      }
    }
  }
  std::vector<double> appended;
  std::vector<double> received;
  for (std::size_t i = 0; i < records.size(); ++i) {
    // The first record is what the sighting made: later ones are verdicts and new scores.
    const auto sighting = sightings.extract(records[i].first);
    if (sighting && i >= warm_up && !known.contains(records[i].first)) {
      const auto since = static_cast<double>(sighting.mapped().appended);
      appended.push_back(static_cast<double>(records[i].second.appended) - since);
      received.push_back(records[i].second.received - since);
    }
  }
  std::printf("{\"records\": %zu, ", received.size());
  print("to_append", appended, ", ");
  print("to_committed_reader", received, ", ");
  print("raw_to_reader", base, "}\n");
  return received.empty() ? 1 : 0;
}

}  // namespace
}  // namespace freshet

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "Usage: %s PARTITIONS WARM_UP_RECORDS\n", argv[0]);
    return 2;
  }
  return freshet::measure(std::atoi(argv[1]), static_cast<std::size_t>(std::atoi(argv[2])));
}
