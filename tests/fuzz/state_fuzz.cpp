// What a process reads back from its disk: the first byte says as what. `t`: a saved table, to
// which the checksum is added, since no fuzzer guesses it; `T`: without; `r`: a packed record; else
// positions and notes of scans.
#include <cstring>
#include <map>
#include <sstream>

#include "core/hash.hpp"
#include "core/record/envelope.hpp"
#include "processors/stages/dedupe/scan.hpp"
#include "processors/state/positions.hpp"
#include "processors/state/record_codec.hpp"
#include "processors/state/table_file.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_table(std::string_view input, bool has_sum) {
  std::string file{input};
  if (has_sum) {
    constexpr std::size_t kHeader = 64;
    std::uint64_t sum = xxh3(input.substr(0, kHeader), 0);
    sum = xxh3(input.size() > kHeader ? input.substr(kHeader) : std::string_view{}, sum);
    file.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  }
  HotTable table;
  table.limit(1U << 20U);
  std::istringstream in{file};
  const auto at = read_table(in, file.size(), 0, table);
  std::size_t entries = 0;
  table.each([&](std::uint64_t hash, const HotEntry& entry) {
    ++entries;
    require(table.find(hash) == entry, "what is in a table is found");
    require(entry.newest >= kEarliestSighting && entry.newest <= kLatestSighting,
            "a table has times of sightings");
  });
  require(entries == table.size() && (at || entries == 0), "a table is whole, or empty");
}

void check_packed(std::string_view input) {
  static RecordCodec codec;
  std::string json;
  if (!RecordCodec::unpack(input, json)) {
    return;
  }
  const std::string packed{codec.pack(json)};
  std::string again;
  require(RecordCodec::unpack(packed, again) && again == json, "a packed record is unpacked");
}

class Notes final : public ScanStore {
 public:
  explicit Notes(std::string_view text) { kept.emplace("scan:policy", text); }
  void each_from(std::string_view, std::string_view,
                 const std::function<bool(std::string_view, std::string_view)>&) override {}
  std::map<std::string, std::string> notes() override { return kept; }
  void write_notes(const std::vector<std::pair<std::string, std::string>>&) override {}
  std::map<std::string, std::string> kept;
};

void check_texts(std::string_view input) {
  if (const auto at = decode_positions(input)) {
    require(decode_positions(encode_positions(*at)) == at, "positions read back", input);
    require(at->catalog >= 0 && at->seen >= 0 && at->totals >= 0, "no position is negative", input);
  }
  if (const auto at = decode_claims_position(input)) {
    require(decode_claims_position(encode_position(*at)) == at, "a position reads back", input);
  }
  Notes notes{input};
  Scan scan{notes};
  scan.load();
  scan.request({"policy", "", "17", std::make_shared<ReviewVisitor>()});
}

void check(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const std::string_view rest = input.substr(1);
  switch (input.front()) {
    case 't':
    case 'T':
      return check_table(rest, input.front() == 't');
    case 'r':
      return check_packed(rest);
    default:
      return check_texts(input);
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
