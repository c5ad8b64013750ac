// Catalogue records as the processor reads its own back.
#include "processors/record/catalog_record.hpp"
#include "processors/stages/dedupe/dedupe.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_head(const CatalogRecord& record, std::string_view json) {
  // The head is found by its marks, which only well-formed JSON keeps out of texts.
  if (record.former_identifiers != "[]" || !parse_json(json)) {
    return;
  }
  const auto head = read_record_head(json);
  require(head.has_value(), "the head of a record is found", json);
  require(head->status == record.status && head->newest == record.seen.newest &&
              head->last_seen_at == record.last_seen_at,
          "the head says what the record says", json);
}

void check(std::string_view json) {
  Arena arena;
  static_cast<void>(read_record_head(json));
  static_cast<void>(parse_work(json, arena));
  const auto record = parse_catalog_record(json, arena);
  if (!record) {
    return;
  }
  if (!record->work.empty()) {
    static_cast<void>(parse_work(record->work, arena));
  }
  std::string written;
  append_catalog_record(written, *record);
  const auto again = parse_catalog_record(written, arena);
  require(again.has_value(), "a record that we wrote reads back", written, json);
  std::string rewritten;
  append_catalog_record(rewritten, *again);
  require(rewritten == written, "a record that was read is written alike", rewritten, written);
  check_head(*again, written);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
