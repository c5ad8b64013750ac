// Messages of sums, as partitions restore them and as they are added over partitions: pairs of
// lines, key and value.
#include "processors/sums/aggregate.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMostMessages = 16;

void check_answer(const PolicyAnswer& answer) {
  const std::string written = encode_policy_rule(answer.rule);
  const auto read = parse_policy_rule(answer.key, written);
  require(read.has_value(), "policy takes what is answered", written,
          read ? "" : read.error().message());
}

void check(std::string_view input) {
  PartitionSums sums;
  Totals all;
  Aggregate aggregate{1, {{"image:flickr", {"views", 0.85}}}};
  const Aggregate::Time start{};
  for (std::size_t i = 0; !input.empty() && i < kMostMessages; ++i) {
    const std::string_view key = take_line(input);
    const std::string_view value = take_line(input);
    aggregate.take(key, value, start);
    const auto at = parse_totals_key(key);
    const auto totals = parse_totals(value);
    if (!totals) {
      continue;
    }
    const std::string written = encode_totals(*totals);
    const auto again = parse_totals(written);
    require(again.has_value(), "sums read back", written, value);
    all.add(*totals);
    static_cast<void>(all.sum("dropped"));
    if (at) {
      require(encode_totals_key(*at).size() <= key.size(), "a key of sums is written", key);
      static_cast<void>(sums.restore(at->kind, at->provider, *totals));
    }
  }
  for (const std::string& scope : sums.counted_scopes()) {
    sums.change_metric(scope, 3.0, 1e18);
    sums.known_work_refused(scope, UtcTime::from_millis(1));
  }
  std::vector<std::pair<std::string, std::string>> changed;
  sums.append_changed(changed);
  for (const auto& [name, value] : changed) {
    require(parse_totals(value).has_value(), "changed sums read back", value);
  }
  sums.commit();
  // The first look waits; in an hour it is over.
  for (const std::chrono::hours later : {std::chrono::hours{0}, std::chrono::hours{1}}) {
    for (const PolicyAnswer& answer : aggregate.answers(Policy{}, start + later)) {
      check_answer(answer);
    }
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
