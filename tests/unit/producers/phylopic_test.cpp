#include <fmt/format.h>
#include <gtest/gtest.h>

#include "producers/registry.hpp"
#include "producers/runner.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

constexpr int kPages = 15;

std::string page(std::string_view build, int number) {
  return fmt::format(
      R"({{"_embedded":{{"items":[{{"uuid":"{1}","_links":{{"self":{{"href":"/{1}?build={0}"}},)"
      R"("sourceFile":{{"href":"https://images.phylopic.org/{1}.svg"}}}}}}]}}}})",
      build, number);
}

/// Build 7 is gone after its page 12; the images of build 8 are the same.
struct Source {
  bool has_newer = true;
  int pages_of_7 = 0;
  int pages_of_8 = 0;

  Result<http::Response> answer(const http::Request& request) {
    const auto build = param_at(request.query, "build");
    const auto number = static_cast<int>(param_number(request.query, "page", 0));
    if (!build) {
      const bool is_newer = has_newer && pages_of_7 > 0;
      return http::Response{
          200, {}, fmt::format(R"({{"build":{},"totalPages":{}}})", is_newer ? 8 : 7, kPages), ""};
    }
    if (*build == "7" && number > 12) {
      return http::Response{410, {}, "{}", ""};
    }
    ++(*build == "7" ? pages_of_7 : pages_of_8);
    return http::Response{200, {}, page(*build, number), ""};
  }
};

RunReport run(Source& source, test::MemoryOutput& output) {
  test::FakeHttp http{[&](const http::Request& request) { return source.answer(request); }};
  const FakeClock clock;
  return run_provider(*find_provider("phylopic")->make(), {},
                      {.http = http,
                       .sleep = [](std::chrono::milliseconds) { return true; },
                       .clock = clock,
                       .output = output});
}

TEST(PhyloPic, ReadsTheNewBuildFromItsStartWhereTheOldOneIsGone) {
  Source source;
  test::MemoryOutput output;
  const RunReport report = run(source, output);
  EXPECT_EQ(report.exit_code(), 0) << report.state.error;
  EXPECT_TRUE(report.is_complete);
  EXPECT_EQ(source.pages_of_7, 13);
  EXPECT_EQ(source.pages_of_8, kPages);
  EXPECT_EQ(output.records.size(), 13U + kPages);
}

TEST(PhyloPic, FailsWhereTheBuildIsGoneAndNoOtherIsThere) {
  Source source{.has_newer = false};
  test::MemoryOutput output;
  const RunReport report = run(source, output);
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_NE(report.state.error.find("HTTP 410"), std::string::npos) << report.state.error;
}

}  // namespace
}  // namespace freshet
