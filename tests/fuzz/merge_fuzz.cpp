// Up to four sightings of one work, one per line: a digit that says when it was fetched, then the
// raw `work`. They are cleaned, merged in every order (of four sightings six orders, chosen by
// hash), and handed to the sinks: the record must be the same each time, and the stores must be
// able to take it.
#include <algorithm>
#include <vector>

#include "core/hash.hpp"
#include "core/topics.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/stages/dedupe/update.hpp"
#include "sinks/store_record.hpp"
#include "sinks/targets/bulk.hpp"
#include "sinks/targets/copy_rows.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMostSightings = 4;
constexpr std::int64_t kBase = 1'790'000'000'000'000;

struct Fetched {
  Stamp stamp;
  Work work;
};

std::vector<Fetched> read(std::string_view input, std::string& key, Arena& arena) {
  static Cleaner cleaner;
  std::vector<Fetched> list;
  while (!input.empty() && list.size() < kMostSightings) {
    const std::string_view line = take_line(input);
    if (line.empty()) {
      continue;
    }
    const std::string_view raw = line.substr(1);
    CleanResult cleaned = cleaner.clean(raw, arena);
    auto* const work = std::get_if<Work>(&cleaned);
    if (work == nullptr) {
      continue;
    }
    const std::string its_key =
        make_work_key(work->media_type, work->provider, work->foreign_identifier);
    const auto parts = parse_work_key(its_key);
    if (!parts || parts->provider != work->provider || (!key.empty() && its_key != key)) {
      continue;  // dedupe refuses keys that do not lead back to the work
    }
    key = its_key;
    // Few times, so that two sightings often have the same.
    const UtcTime at{kBase + (line.front() % 4) * 700'001};
    list.push_back({{at, kRulesVersion, content_hash(raw, kRulesVersion)}, std::move(*work)});
  }
  return list;
}

// A record as dedupe keeps it between two sightings: as text, and when it was last seen.
struct Kept {
  std::string json;
  std::optional<UtcTime> newest_seen;
};

void apply(Kept& kept, const std::string& key, const Fetched& fetched, Arena& arena) {
  const UpdateContext context{UtcTime{kBase}, std::chrono::days{20}, shipped_dedupe_rules()};
  std::optional<CatalogRecord> previous;
  if (!kept.json.empty()) {
    auto parsed = parse_catalog_record(kept.json, arena);
    require(parsed.has_value(), "a record that we wrote reads back", kept.json);
    previous.emplace(std::move(*parsed));
  }
  std::string json;
  Update update;
  if (previous && previous->seen.newest &&
      previous->seen.newest->content_hash == fetched.stamp.content_hash) {
    update =
        apply_repeat(*previous, kept.newest_seen, fetched.stamp.fetched_at, context, arena, json);
  } else {
    Work work = fetched.work;
    update = apply_sighting(previous ? &*previous : nullptr, kept.newest_seen, key, work,
                            fetched.stamp, context, arena, json);
  }
  if (update.effect == Update::Effect::record) {
    kept.json = std::move(json);
  }
  kept.newest_seen = update.newest->fetched_at;
}

// What must not depend on the order: everything but revision, updated_on and last_seen_at.
std::string comparable(const Kept& kept, Arena& arena) {
  auto record = parse_catalog_record(kept.json, arena);
  require(record.has_value(), "a record that we wrote reads back", kept.json);
  std::string unchanged;
  append_catalog_record(unchanged, *record);
  require(unchanged == kept.json, "a record that was read is written alike", unchanged, kept.json);
  record->revision = 1;
  record->updated_on = {};
  record->last_seen_at.reset();
  record->seen.newest->fetched_at = *kept.newest_seen;
  std::string text;
  append_catalog_record(text, *record);
  return text;
}

void check_sinks(const std::string& key, const std::string& json) {
  static CatalogDecoder decoder;
  const auto record = decoder.decode({key, json, schema_header::kCatalog, {}, {}});
  require(record.has_value(), "the sinks take what clean lets pass",
          record ? "" : record.error().message(), json);
  std::string lines;
  append_bulk_item(lines, **record, "");
  std::string_view rest = lines;
  require_json(take_line(rest), "the action of a bulk item is JSON");
  require_json(take_line(rest), "the document of a bulk item is JSON");
  std::string row;
  append_row(row, **record);
}

void check(std::string_view input) {
  Arena arena;
  std::string key;
  const std::vector<Fetched> sightings = read(input, key, arena);
  if (sightings.empty()) {
    return;
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    order.push_back(i);
  }
  constexpr std::size_t kAllOrders = 3;
  const std::uint64_t turn = xxh3(input) % 4;
  std::uint64_t number = 0;
  std::string first;
  do {
    if (order.size() > kAllOrders && number++ % 4 != turn) {
      continue;
    }
    Arena round;
    Kept kept;
    for (const std::size_t i : order) {
      apply(kept, key, sightings[i], round);
    }
    const std::string text = comparable(kept, round);
    if (first.empty()) {
      first = text;
      require_json(kept.json, "a record is JSON");
      check_sinks(key, kept.json);
    }
    require(text == first, "the order of arrival does not matter", text, first);
    apply(kept, key, sightings[order.front()], round);
    const std::string repeated = comparable(kept, round);
    require(repeated == first, "a repeat changes nothing", repeated, first);
  } while (std::ranges::next_permutation(order).found);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
