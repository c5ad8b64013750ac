#include "sinks/targets/source_visibility.hpp"

#include <gtest/gtest.h>

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
}

}  // namespace
}  // namespace freshet
