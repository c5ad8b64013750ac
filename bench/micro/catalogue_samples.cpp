#include "bench/micro/catalogue_samples.hpp"

#include "core/topics.hpp"
#include "processors/stages/dedupe/dedupe.hpp"

namespace freshet::bench {
namespace {

class NoRecords final : public RecordStore {
 public:
  bool get(std::string_view, std::string&) override { return false; }
};

class Collect final : public DedupeOutput {
 public:
  bool record(std::string_view key, std::string_view json) override {
    records.push_back({std::string{key}, std::string{json}});
    return true;
  }
  void claim(std::string_view, const UrlClaim&, bool) override {}
  void release(std::string_view, std::string_view) override {}
  void dead_letter(const Error&) override {}
  void put_aside(std::string_view, std::string_view, const Error&) override {}
  std::vector<Sample> records;
};

}  // namespace

std::vector<Sample> catalogue_of(const std::vector<Sample>& sightings) {
  NoRecords store;
  Dedupe dedupe{0, 1, store};
  Cleaner cleaner;
  RawReader reader;
  Collect collect;
  const Dedupe::Tools tools{[&](std::string_view work, Arena& arena, Cleaned what) {
                              return cleaner.clean(work, arena, what);
                            },
                            reader, shipped_dedupe_rules(), std::chrono::days{20}};
  const UtcTime now = UtcTime::from_millis(1'795'000'000'000);
  dedupe.begin(now);
  for (const Sample& sighting : sightings) {
    dedupe.apply({sighting.key, sighting.value, schema_header::kRaw, now}, tools, collect);
  }
  dedupe.commit();
  return std::move(collect.records);
}

}  // namespace freshet::bench
