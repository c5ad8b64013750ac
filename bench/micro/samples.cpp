#include "bench/micro/samples.hpp"

#include <array>
#include <fstream>
#include <utility>

#include "core/check.hpp"
#include "core/record/envelope.hpp"
#include "producers/tsv_line.hpp"

namespace freshet::bench {

std::vector<Sample> generated(std::uint64_t works, simulate::StreamPart part, double recrawl,
                              simulate::WorkOrder order) {
  simulate::GeneratorOptions options;
  options.works = works;
  options.recrawl = recrawl;
  options.dirty = 0;
  options.part = part;
  options.order = order;
  simulate::Generator generator{options};
  std::vector<Sample> samples;
  for (simulate::RawSighting raw; generator.next(raw);) {
    samples.push_back({std::string{raw.key}, std::string{raw.value}});
  }
  return samples;
}

std::vector<Sample> real_rows() {
  constexpr std::array kFiles{std::pair{"image.tsv", MediaType::image},
                              std::pair{"audio.tsv", MediaType::audio}};
  std::vector<Sample> samples;
  for (const auto& [name, media_type] : kFiles) {
    std::ifstream file{std::string{FRESHET_SOURCE_DIR} + "/../shared/fixtures/rows/" + name};
    for (std::string line; std::getline(file, line);) {
      if (const auto row = parse_tsv_line(line, media_type)) {
        samples.push_back(
            {row->key,
             write_raw_record({.fetched_at = parse_time("2026-01-01T00:00:00.000001Z").value(),
                               .run_id = "rows",
                               .body = row->work})});
      }
    }
  }
  return samples;
}

std::vector<std::string> works_of(const std::vector<Sample>& samples) {
  RawReader reader;
  std::vector<std::string> works;
  for (const Sample& sample : samples) {
    Arena arena;
    const auto raw = reader.read(sample.value, arena);
    FRESHET_CHECK(raw.has_value());
    works.emplace_back(raw->body);
  }
  return works;
}

}  // namespace freshet::bench
