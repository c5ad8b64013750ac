// Any bytes as the record that the state has of a work, then an event: nothing ends the process,
// what is written is a record, and its revision is one that sinks take. A line in front of the
// record is a message of `media.seen.v1`. One of the eight kinds of event an input, chosen by its
// hash: all of them for each would cost eight times as much and find the same.
#include <map>

#include "core/hash.hpp"
#include "core/topics.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::string_view kKey = "image:met:1";
constexpr UtcTime kNow = UtcTime::from_millis(1'790'000'000'000);
constexpr std::string_view kWork =
    R"({"media_type":"image","provider":"met","foreign_identifier":"1","foreign_landing_url":"https://l.org","url":"https://u.org/b.jpg","license":"by","license_version":"4.0","title":"new"})";

class OneRecord final : public RecordStore {
 public:
  bool get(std::string_view key, std::string& value) override {
    value = json;
    return key == kKey;
  }
  std::string json;
};

class Checked final : public DedupeOutput {
 public:
  Checked(std::string_view before, bool is_sighting) : before_{before}, is_sighting_{is_sighting} {}
  bool record(std::string_view key, std::string_view json) override {
    require(key == kKey, "records are of the work");
    Arena arena;
    const auto read = read_catalog_record(key, json, arena);
    require(read.has_value(), "what is written can be read", json,
            read ? "" : read.error().message());
    require_json(json, "what is written is JSON");
    require(read_record_head(json).has_value(), "what is written has a head", json);
    // A removal or a takedown need not look at the work.
    require(!is_sighting_ || read->work.empty() || parse_work(read->work, arena),
            "what a sighting writes has a work", json);
    return true;
  }
  void claim(std::string_view, const UrlClaim& claim, bool) override {
    require(claim.created_on.micros >= 0, "a claim is of a time that claims may have");
  }
  void release(std::string_view, std::string_view) override {}
  void dead_letter(const Error&) override {}
  void put_aside(std::string_view key, std::string_view bytes, const Error& error) override {
    require(key == kKey && bytes == before_ && error.retry() == Retry::never,
            "the record is put aside whole");
  }

 private:
  std::string_view before_;
  bool is_sighting_;
};

Dedupe::Tools tools(RawReader& reader) {
  return {[](std::string_view work, Arena& arena, Cleaned) -> CleanResult {
            auto parsed = parse_work(work, arena);
            require(parsed.has_value(), "our sighting is one");
            return std::move(*parsed);
          },
          reader, shipped_dedupe_rules(), std::chrono::days{20}, 1};
}

void check(std::string_view input) {
  static RawReader reader;
  static OneRecord store;
  static Dedupe dedupe{0, 1, store};
  static const Dedupe::Tools with = tools(reader);
  static const std::string kSighting =
      write_raw_record({.fetched_at = parse_time("2026-11-21T00:19:33.000001Z").value(),
                        .run_id = "r",
                        .body = kWork});
  std::string_view record = input;
  const std::string_view seen = take_line(record);
  const auto event = [&](const auto& apply, bool is_sighting = false) {
    dedupe.table().clear();
    store.json = record;
    if (!dedupe.restore_record(kKey, record)) {
      return;
    }
    each_seen_entry(seen, [&](const SeenEntry& entry) {
      dedupe.restore_seen(xxh3(kKey), entry.fingerprint, entry.fetched_at);
    });
    Checked output{store.json, is_sighting};
    dedupe.begin(kNow);
    apply(output);
    dedupe.rollback();
  };
  const auto raw = [&](std::string_view value) {
    event(
        [&](Checked& output) {
          dedupe.apply({kKey, value, schema_header::kRaw, kNow + std::chrono::days{365}}, with,
                       output);
        },
        value == kSighting);
  };
  const auto decide = [&](DecisionKind kind) {
    const Decision decision{
        std::string{kKey},
        kind,
        {{kNow, "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11", std::string{to_string(kind)}, "me", "so"}}};
    event([&](Checked& output) {
      dedupe.apply_decision({make_decision_key(kKey, kind), encode_decision(decision),
                             schema_header::kDecision, kNow},
                            with, output);
    });
  };
  switch (xxh3(input) % 8) {
    case 0:
      return raw(kSighting);
    case 1:
      return raw(R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"removed":{"reason":"gone"}})");
    case 2:
      return decide(DecisionKind::takedown);
    case 3:
      return decide(DecisionKind::sensitive);
    case 4:
      return decide(DecisionKind::erase);
    case 5:
      return decide(DecisionKind::reemit);
    case 6:
      return event([&](Checked& output) { dedupe.review(kKey, store.json, with, output); });
    default:
      return event(
          [&](Checked&) { static_cast<void>(dedupe.presence(kKey, store.json, with.rules)); });
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
