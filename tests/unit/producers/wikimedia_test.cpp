#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

// A file with so many uses that its batch would never be complete: after 100 answers at the same
// place the batch is given up, and comes again without the uses.
TEST(WikimediaCommons, GivesUpABatchThatDoesNotEndAndKeepsTheCount) {
  int with_usage = 0;
  std::vector<http::Query> without_usage;
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    const std::string page =
        R"("query":{"pages":{"1":{"pageid":1,"globalusage":[{"wiki":"a"}],"imageinfo":[{"mediatype":"BITMAP","url":"https://u/a.jpg","descriptionshorturl":"https://c/1","extmetadata":{"ObjectName":{"value":"a"}}}]}}})";
    if (param_at(request.query, "prop") == "imageinfo") {
      without_usage.push_back(request.query);
      std::string bare = page;
      bare.erase(bare.find(R"("globalusage":[{"wiki":"a"}],)"), 29);
      return http::Response{200, {}, R"({"batchcomplete":"",)" + bare + "}", request.url};
    }
    ++with_usage;
    return http::Response{200,
                          {},
                          R"({"continue":{"gaicontinue":"x|a.jpg","gucontinue":")" +
                              std::to_string(with_usage) +
                              R"(","continue":"gaicontinue||imageinfo"},)" + page + "}",
                          request.url};
  }};
  const auto provider = find_provider("wikimedia_commons")->make();
  test::MemoryOutput output;
  const FakeClock clock;
  const auto report = run_provider(*provider, {.date = "2026-11-20"},
                                   {.http = http,
                                    .sleep = [](std::chrono::milliseconds) { return true; },
                                    .clock = clock,
                                    .output = output});
  EXPECT_EQ(report.exit_code(), 0) << report.state.error;
  EXPECT_EQ(with_usage, 100);
  ASSERT_EQ(without_usage.size(), 1U);
  EXPECT_EQ(param_at(without_usage[0], "gaicontinue"), "x|a.jpg");
  EXPECT_EQ(param_at(without_usage[0], "continue"), "gaicontinue||");
  EXPECT_FALSE(param_at(without_usage[0], "gucontinue"));
  ASSERT_EQ(output.records.size(), 2U);
  for (const auto& record : output.records) {
    EXPECT_EQ(json::parse(record.sighting.work).at("meta_data").at("global_usage_count"), 100);
  }
}

TEST(WikimediaCommons, ReadsTheLastWholeDayWhereNoneIsNamed) {
  test::FakeHttp http{[](const http::Request& request) -> Result<http::Response> {
    EXPECT_EQ(param_at(request.query, "gaistart"), "1795132800");  // 2026-11-20
    EXPECT_EQ(param_at(request.query, "gaiend"), "1795219200");
    return http::Response{200, {}, R"({"batchcomplete":""})", request.url};
  }};
  const auto provider = find_provider("wikimedia_commons")->make();
  test::MemoryOutput output;
  const FakeClock clock;
  const auto report = run_provider(*provider, {},
                                   {.http = http,
                                    .sleep = [](std::chrono::milliseconds) { return true; },
                                    .clock = clock,
                                    .output = output});
  EXPECT_EQ(report.state.date, "2026-11-20");
  EXPECT_EQ(http.requests.size(), 1U);
}

}  // namespace
}  // namespace freshet
