// Replies to a bulk request: the first byte says how many records it had.
#include "sinks/targets/bulk.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const auto sent = static_cast<std::size_t>(static_cast<std::uint8_t>(input.front()) % 8);
  const auto report = read_bulk_response(input.substr(1), sent);
  if (!report) {
    require(report.error().retry() == Retry::after_backoff, "an odd reply is asked for again");
    return;
  }
  require(report->written + report->stale + report->rejected.size() == sent,
          "each record is accounted for once");
  std::size_t next = 0;
  for (const Rejected& rejected : report->rejected) {
    require(rejected.index >= next && rejected.index < sent, "refused records are in order");
    next = rejected.index + 1;
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
