// Messages of policy and decisions: the first line is the key, the second the header `version` of
// one that takes a value back, the rest the value.
#include "core/decision.hpp"
#include "core/policy_log.hpp"
#include "core/topics.hpp"
#include "processors/record/catalog_record.hpp"
#include "processors/record/decisions.hpp"
#include "processors/record/json_slices.hpp"
#include "processors/stages/dedupe/rules.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

constexpr UtcTime kNow = UtcTime::from_millis(1'790'000'000'000);

void check_policy(std::string_view key, std::string_view version, std::string_view value) {
  if (const auto read = parse_policy_value(key, value)) {
    const std::string written = encode_policy_value(*read);
    require_json(written, "a value of policy is written as JSON");
    const auto again = parse_policy_value(key, written);
    require(again && encode_policy_value(*again) == written, "a value of policy reads back",
            written, value);
  }
  PolicyLog log;
  const auto error = log.apply({.key = key,
                                .value = value,
                                .schema = schema_header::kPolicy,
                                .version = {},
                                .appended = kNow,
                                .offset = 1});
  require(error.has_value() == log.policy().values().empty(), "a value is in force or refused");
  require(next_policy_version(log.policy(), kNow) > log.policy().version(),
          "there is a later version");
  if (!error) {
    const DedupeRules rules = overlaid(shipped_dedupe_rules(), log.policy(), nullptr);
    std::string derived;
    append_derived_without_work(derived, UserReport::sensitive, rules);
    require_json(derived, "`derived` is JSON");
  }
  log.apply({.key = key,
             .value = {},
             .schema = schema_header::kPolicy,
             .version = version,
             .appended = kNow,
             .offset = 2});
  require(next_policy_version(log.policy(), kNow) > log.policy().version(),
          "there is a later version");
}

void check_decision(std::string_view key, std::string_view value) {
  const auto read = parse_decision(key, value);
  if (!read) {
    return;
  }
  const std::string written = encode_decision(*read);
  require_json(written, "a decision is written as JSON");
  const auto again = parse_decision(key, written);
  require(again && encode_decision(*again) == written, "a decision reads back", written, value);
  if (read->kind == DecisionKind::reemit) {
    return;
  }
  const std::string once = with_decision(kNoDecisions, *read);
  require(is_compact_json(once), "`decisions` is JSON", once);
  require(is_decided(once, read->kind) == read->active(), "the last line holds", once);
  require(with_decision(once, *read) == once, "a decision taken in twice is there once", once);
}

void check(std::string_view input) {
  const std::string_view key = take_line(input);
  const std::string_view version = take_line(input);
  check_policy(key, version, input);
  check_decision(key, input);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
