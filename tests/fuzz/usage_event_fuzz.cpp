// Events of usage, as a browser sends them and as they stand on the topic: what is taken can be
// written and read again, and what a sink makes of it is a row.
#include "core/usage/event.hpp"
#include "sinks/usage/facts.hpp"
#include "sinks/usage/usage_rows.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_stored(const usage::Event& event) {
  const std::string value = usage::encode_event(event);
  const auto again = usage::read_event(value);
  require(again.has_value(), "what was written can be read");
  require(usage::encode_event(*again) == value, "reading and writing changes nothing");
  std::string row;
  usage::append_row(row, *again);
  require(row.ends_with('\n') && row.find('\n') == row.size() - 1, "a row is a line");
  require(row.find('\0') == std::string::npos, "PostgreSQL holds no NUL");
  usage::Facts facts;
  facts.add(*again);
  for (const auto& [key, count] : facts.rollups) {
    require(count > 0 && key.label.size() < 2'100, "a sum fits its index");
  }
}

void check(std::string_view bytes) {
  constexpr UtcTime kNow{1'795'220'451'256'000};
  if (const auto stored = usage::read_event(bytes)) {
    check_stored(*stored);
  }
  if (const auto parsed = parse_json(bytes)) {
    if (auto sent = usage::read_sent_event(*parsed, kNow)) {
      sent->agent = "unknown";
      check_stored(*sent);
    }
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
