// The envelope of raw records: what the scanner cuts and what the parser reads must agree, or clean
// must refuse what was cut.
#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/record/stamp.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_stamp(const RawRecord& record) {
  const Stamp stamp{record.fetched_at, kRulesVersion, content_hash(record.body, kRulesVersion)};
  if (stamp.fetched_at < kEarliestSighting || stamp.fetched_at > kLatestSighting) {
    return;  // dedupe refuses these times
  }
  std::string text;
  append_stamp(text, stamp);
  require(parse_stamp(text) == stamp, "a stamp reads back", text);
}

void check(std::string_view value) {
  static RawReader reader;
  static Cleaner cleaner;
  Arena arena;
  const auto as_it_is = reader.read(value, arena);
  // White space in front is no matter in JSON, but the scanner leaves it to the parser.
  const std::string spaced = ' ' + std::string{value};
  const auto parsed = reader.read(spaced, arena);
  if (as_it_is) {
    check_stamp(*as_it_is);
  }
  if (parsed) {
    require(as_it_is.has_value(), "the scanner takes what the parser takes");
    require(as_it_is->kind == parsed->kind && as_it_is->fetched_at == parsed->fetched_at,
            "scanner and parser read the same envelope");
  }
  if (as_it_is && (!parsed || as_it_is->body != parsed->body)) {
    require(as_it_is->kind == RawRecord::Kind::sighting, "only sightings are cut");
    require(std::holds_alternative<Error>(cleaner.clean(as_it_is->body, arena)),
            "what was cut wrongly is not accepted", as_it_is->body);
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
