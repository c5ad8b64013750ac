#include "sinks/targets/source_visibility.hpp"

#include <gtest/gtest.h>

#include "core/policy_log.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

TEST(SourceVisibility, IsWhatPolicySaysOfSourcesAlone) {
  PolicyLog log;
  EXPECT_EQ(encode_source_visibility(log.policy()), "[]");
  const auto say = [&](std::string_view key, std::string_view version, std::string_view rule) {
    const std::string value =
        R"({"version":)" + std::string{version} +
        R"(,"at":"2026-11-21T00:00:00.000Z","by":"A \"B\"","why":"b","rule":)" + std::string{rule} +
        "}";
    ASSERT_FALSE(log.apply({.key = key,
                            .value = value,
                            .schema = schema_header::kPolicy,
                            .version = std::nullopt,
                            .appended = UtcTime{1'795'220'451'256'000}}));
  };
  say("source:a:b", "1", R"({"hidden":true})");
  say("source:met", "2", R"({"hidden":false})");
  say("sensitive_terms", "3", R"({"terms":["bird"]})");
  EXPECT_EQ(
      encode_source_visibility(log.policy()),
      R"([{"source":"a:b","hidden":true,"at":"2026-11-21T00:00:00.000Z","by":"A \"B\"","why":"b","version":1},)"
      R"({"source":"met","hidden":false,"at":"2026-11-21T00:00:00.000Z","by":"A \"B\"","why":"b","version":2}])");
  say("source:A:B", "4", R"({"hidden":false})");
  EXPECT_EQ(encode_source_visibility(log.policy()).find(R"("source":"a:b")"), std::string::npos)
      << "a source has one row, as it was said last";
  EXPECT_NE(encode_source_visibility(log.policy()).find(R"("source":"A:B","hidden":false)"),
            std::string::npos);
}

// A row made by hand goes when policy speaks of its source in another case, also where the database
// does not know what another case is (collation C).
TEST(SourceVisibility, PolicySpeaksOfARowInWhateverCase) {
  PolicyLog log;
  const std::vector<std::string> rows{"ÉCOLE", "a \"b\"", "école", "Met"};
  EXPECT_EQ(encode_spoken_of(log.policy(), rows), "[]");
  for (const std::string_view key : {"source:école", "source:A \"B\""}) {
    ASSERT_FALSE(log.apply(
        {.key = key,
         .value =
             R"({"version":1,"at":"2026-11-21T00:00:00.000Z","by":"A","why":"b","rule":{"hidden":true}})",
         .schema = schema_header::kPolicy,
         .version = std::nullopt,
         .appended = UtcTime{1'795'220'451'256'000}}));
  }
  EXPECT_EQ(encode_spoken_of(log.policy(), rows), R"(["ÉCOLE","a \"b\"","école"])");
}

}  // namespace
}  // namespace freshet
