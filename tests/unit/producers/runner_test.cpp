#include "producers/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/check.hpp"
#include "core/topics.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Lists numbers, a page of `{"ids": […], "next": cursor}`, for each of its fixed sets.
class Numbers final : public Provider {
 public:
  const ProviderSpec& spec() const override { return spec_; }
  Result<std::vector<Params>> fixed_sets(Run& /*run*/, Fetch& /*fetch*/) override { return sets; }
  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    return previous == nullptr
               ? Params{{"cursor", "0"}}
               : with_optional(previous->params, "cursor", previous->at_or_null("/next"));
  }
  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    if (item == "bad") {
      throw WrongShape{"a number is expected"};
    }
    if (item == "half") {
      emit.record(MediaType::image, fields(1));
      throw WrongShape{"the other half is missing"};
    }
    if (item == "detail") {
      const auto detail = fetch.get("https://api.example/detail");
      return detail ? emit.record(MediaType::image, fields(99)) : emit.no_detail(detail.error());
    }
    if (item == "two") {
      emit.record(MediaType::image, fields(201));
      return emit.record(MediaType::image, fields(202));
    }
    json::object made = fields(item);
    if (item == "large") {
      made["title"] = std::string(kRawMaxBytes, 'x');
    }
    emit.record(MediaType::image, std::move(made));
  }

  static json::object fields(const json::value& id) {
    return {{"foreign_identifier", id},
            {"foreign_landing_url", "https://x.org"},
            {"url", "https://x.org/i"}};
  }

  std::vector<Params> sets{Params{}};

 private:
  ProviderSpec spec_{.command = "numbers",
                     .title = "Numbers",
                     .providers = {{MediaType::image, "numbers_key"}},
                     .hosts = {"api.example"},
                     .endpoint = "https://api.example/list",
                     .items = "/ids",
                     .schedule = "daily",
                     .dated = Dated::optional,
                     .retries = 1};
};

struct Bench {
  std::map<std::string, std::string> pages;  // by query; anything else is an empty page
  std::vector<std::string> asked;
  test::FakeHttp http{[this](const http::Request& request) -> Result<http::Response> {
    const std::string query = http::encode_query(request.query);
    asked.push_back(query);
    const auto found = pages.find(request.url == "https://api.example/list" ? query : "detail");
    if (found == pages.end()) {
      return http::Response{200, {}, R"({"ids": []})", request.url};
    }
    if (found->second == "500" || found->second == "404") {
      return http::Response{std::stoi(found->second), {}, "", request.url};
    }
    return http::Response{200, {}, found->second, request.url};
  }};
  FakeClock clock;
  test::MemoryOutput output;
  std::stop_source stop;
  std::vector<Refusal> refusals;

  RunReport run(Provider& provider, const RunOptions& options = {}) {
    asked.clear();
    return run_provider(provider, options,
                        {.http = http,
                         .sleep = [](std::chrono::milliseconds) { return true; },
                         .clock = clock,
                         .output = output,
                         .stop = stop.get_token(),
                         .on_refusal = [this](const Refusal& r) { refusals.push_back(r); }});
  }
  RunReport run(const RunOptions& options = {}) {
    Numbers provider;
    return run(provider, options);
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const auto& record : output.records) {
      result.emplace_back(parse_work_key(record.sighting.key)->foreign_identifier);
    }
    return result;
  }
};

std::map<std::string, std::string> three_pages() {
  return {{"cursor=0", R"({"ids": [1, 2], "next": "a"})"},
          {"cursor=a", R"({"ids": [3], "next": "b"})"},
          {"cursor=b", R"({"ids": [4, 5]})"}};
}

TEST(Runner, FollowsTheCursorToTheEndAndSaysSo) {
  Bench bench;
  bench.pages = three_pages();
  const RunReport report = bench.run();
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0", "cursor=a", "cursor=b"));
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "3", "4", "5"));
  ASSERT_EQ(bench.output.finished.size(), 1U);
  EXPECT_EQ(bench.output.finished[0].first, "run:image:numbers_key");
  EXPECT_THAT(
      bench.output.finished[0].second,
      HasSubstr(
          R"("run_finished":{"media_type":"image","provider":"numbers_key","started_at":"2026-11-21T00:00:00.000Z","complete":true})"));
  const Totals& totals = bench.output.totals.at("numbers_key");
  EXPECT_EQ(totals.at("listed"), 5);
  EXPECT_EQ(totals.at("emitted"), 5);
  EXPECT_EQ(totals.at("pages"), 3);
  EXPECT_EQ(totals.at("requests"), 3);
  EXPECT_EQ(bench.output.states.back().outcome, RunOutcome::finished);
  EXPECT_FALSE(bench.output.states.back().cursor);
}

TEST(Runner, GivesEverySightingALaterTime) {
  Bench bench;
  bench.pages = three_pages();
  bench.run();
  std::string before;
  for (const auto& record : bench.output.records) {
    const json::value value = json::parse(record.value);
    const std::string time{value.at("seen").at("fetched_at").as_string()};
    EXPECT_LT(before, time);
    before = time;
  }
  EXPECT_EQ(before, "2026-11-21T00:00:00.000004Z");
}

TEST(Runner, RunsTheLoopForEachFixedSet) {
  Bench bench;
  bench.pages = {{"cursor=0&s=1", R"({"ids": [1], "next": "a"})"},
                 {"cursor=0&s=2", R"({"ids": [2]})"}};
  Numbers provider;
  provider.sets = {{{"s", "1"}}, {{"s", "2"}}};
  bench.run(provider);
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0&s=1", "cursor=a&s=1", "cursor=0&s=2"));
}

TEST(Runner, InitialParamsStartAtTheSetTheyContain) {
  Bench bench;
  bench.pages = {{"cursor=k&s=2", R"({"ids": [2], "next": "m"})"}};
  Numbers provider;
  provider.sets = {{{"s", "1"}}, {{"s", "2"}}, {{"s", "3"}}};
  const auto report = bench.run(provider, {.initial_params = Params{{"cursor", "k"}, {"s", "2"}}});
  EXPECT_THAT(bench.asked, ElementsAre("cursor=k&s=2", "cursor=m&s=2", "cursor=0&s=3"));
  EXPECT_FALSE(report.is_complete);
}

TEST(Runner, OnlyParamsAreAskedForAndNothingElse) {
  Bench bench;
  bench.pages = three_pages();
  const auto report =
      bench.run({.only_params = {{{"cursor", "b"}}, {{"cursor", "z"}}, {{"cursor", "0"}}}});
  EXPECT_THAT(bench.asked, ElementsAre("cursor=b", "cursor=z", "cursor=0"));
  EXPECT_FALSE(report.is_complete);
}

TEST(Runner, AdditionalParamsLieOverEveryRequest) {
  Bench bench;
  bench.run({.additional_params = {{"cursor", "q"}, {"x", "1"}}});
  EXPECT_THAT(bench.asked, ElementsAre("cursor=q&x=1"));
}

TEST(Runner, LimitEndsInTheMiddleOfWhatOneRawRecordMakes) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": ["two", 3], "next": "a"})"}};
  const auto report = bench.run({.limit = 1});
  EXPECT_THAT(bench.ids(), ElementsAre("201"));
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_FALSE(report.is_complete);
}

TEST(Runner, MaxPagesCountsListRequests) {
  Bench bench;
  bench.pages = three_pages();
  const auto report = bench.run({.max_pages = 2});
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_THAT(bench.output.finished, IsEmpty());
}

TEST(Runner, OneBadRawRecordIsPutAsideWholeAndItsNeighboursPass) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1, "bad", "half", 2]})"}};
  const auto report = bench.run();
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2"));
  ASSERT_EQ(bench.output.rejections.size(), 2U);
  const Rejection& rejection = bench.output.rejections[0];
  EXPECT_EQ(rejection.error.errc(), Errc::malformed_payload);
  EXPECT_EQ(rejection.value, "\"bad\"");
  EXPECT_EQ(rejection.url, "https://api.example/list?cursor=0");
  EXPECT_EQ(rejection.item, 2);
  EXPECT_FALSE(rejection.key);
  EXPECT_EQ(report.exit_code(), 0);
  // A work whose record could not be read is not gone: who reads this has to think of it.
  EXPECT_TRUE(report.is_complete);
  ASSERT_EQ(bench.output.finished.size(), 1U);
  EXPECT_THAT(bench.output.finished[0].second, HasSubstr(R"("complete":true,"rejected":2}})"));
  EXPECT_EQ(bench.output.totals.at("numbers_key").at("rejected.malformed_payload"), 2);
}

TEST(Runner, CountsWhatLacksIdentifierLandingPageOrUrl) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [null, "", 0, "  ", 7]})"}};
  bench.run();
  EXPECT_THAT(bench.ids(), ElementsAre("7"));
  const Totals& totals = bench.output.totals.at("numbers_key");
  EXPECT_EQ(totals.at("dropped.missing_foreign_identifier"), 3);
  EXPECT_EQ(totals.at("rejected.invalid_value"), 1);
  EXPECT_EQ(totals.at("listed"), 5);
  ASSERT_EQ(bench.refusals.size(), 4U);
  EXPECT_EQ(bench.refusals[3].outcome, "rejected");
  EXPECT_EQ(bench.refusals[3].field, "foreign_identifier");
}

TEST(Runner, PutsAsideWhatTheTopicCannotHold) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": ["large", 2]})"}};
  bench.run();
  EXPECT_THAT(bench.ids(), ElementsAre("2"));
  ASSERT_EQ(bench.output.rejections.size(), 1U);
  EXPECT_EQ(bench.output.rejections[0].error.errc(), Errc::too_large);
  EXPECT_EQ(bench.output.rejections[0].key, "image:numbers_key:large");
}

TEST(Runner, ADetailThatIsGoneIsADropAndOneThatFailsARejection) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": ["detail", 2]})"}, {"detail", "404"}};
  EXPECT_TRUE(bench.run().is_complete);
  EXPECT_EQ(bench.output.totals.at("numbers_key").at("dropped.detail_gone"), 1);
  bench.pages["detail"] = "500";
  bench.run();
  EXPECT_THAT(bench.output.finished.back().second, HasSubstr(R"("rejected":1)"));
  EXPECT_EQ(bench.output.totals.at("numbers_key").at("rejected.http_status"), 1);
}

TEST(Runner, EndsWhenTheSourceIsAwayInsteadOfPuttingEverythingAside) {
  Bench bench;
  std::string ids = "\"detail\"";
  for (int i = 0; i < 30; ++i) {
    ids += ", \"detail\"";
  }
  bench.pages = {{"cursor=0", R"({"ids": [)" + ids + "]}"}, {"detail", "500"}};
  const auto report = bench.run();
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_EQ(bench.output.rejections.size(), 10U);
}

TEST(Runner, AFailedPageFailsTheRunAndTheNextRunGoesOnThere) {
  Bench bench;
  bench.pages = three_pages();
  bench.pages["cursor=a"] = "500";
  const auto failed = bench.run();
  EXPECT_EQ(failed.exit_code(), 1);
  EXPECT_THAT(failed.state.error, HasSubstr("HTTP 500"));
  EXPECT_THAT(failed.state.error, HasSubstr(R"({"cursor":"a"})"));
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0", "cursor=a", "cursor=a"));  // one retry
  bench.pages["cursor=a"] = three_pages()["cursor=a"];
  const auto resumed = bench.run();
  EXPECT_THAT(bench.asked, ElementsAre("cursor=a", "cursor=b"));
  EXPECT_EQ(resumed.state.run_id, failed.state.run_id);
  EXPECT_TRUE(resumed.is_complete);
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(resumed.state.counts.at("emitted"), 5);
  // And a run that had finished starts anew.
  bench.run();
  EXPECT_EQ(bench.asked.front(), "cursor=0");
}

TEST(Runner, RestartIgnoresACursor) {
  Bench bench;
  bench.pages = three_pages();
  bench.pages["cursor=b"] = "500";
  bench.run();
  bench.run({.restart = true});
  EXPECT_EQ(bench.asked.front(), "cursor=0");
}

TEST(Runner, ACursorOfAnotherDateIsNotUsed) {
  Bench bench;
  bench.pages = three_pages();
  bench.pages["cursor=b"] = "500";
  bench.run({.date = "2026-11-19"});
  bench.run({.date = "2026-11-20"});
  EXPECT_EQ(bench.asked.front(), "cursor=0");
}

TEST(Runner, ADatedRunNeverSaysThatItSawEverything) {
  Bench bench;
  bench.pages = three_pages();
  const auto report = bench.run({.date = "2026-11-20"});
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_THAT(bench.output.finished, IsEmpty());
}

TEST(Runner, SkippedErrorsAreReportedAtTheEnd) {
  Bench bench;
  bench.pages = {{"cursor=0&s=1", "500"}, {"cursor=0&s=2", R"({"ids": [2]})"}};
  Numbers provider;
  provider.sets = {{{"s", "1"}}, {{"s", "2"}}};
  const auto report = bench.run(provider, {.skip_errors = true});
  EXPECT_THAT(bench.ids(), ElementsAre("2"));
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(report.state.error, HasSubstr("1 batches were skipped"));
  EXPECT_FALSE(report.is_complete);
}

TEST(Runner, AnErrorMemberIsNoAnswer) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"error": "busy", "ids": [1]})"}};
  EXPECT_EQ(bench.run().exit_code(), 1);
  EXPECT_EQ(bench.asked.size(), 2U);
  EXPECT_THAT(bench.ids(), IsEmpty());
}

TEST(Runner, DeliveryFailureKeepsTheCursorAtTheLastAcknowledgedPage) {
  Bench bench;
  bench.pages = three_pages();
  bench.output.checkpoints_left = 2;  // of the start and the first page
  const auto failed = bench.run();
  EXPECT_EQ(failed.exit_code(), 1);
  EXPECT_THAT(failed.state.error, HasSubstr("delivery failed"));
  EXPECT_EQ(bench.output.totals.at("numbers_key").at("emitted"), 2) << "only what was acknowledged";
  bench.output.checkpoints_left = -1;
  EXPECT_TRUE(bench.run().is_complete);
  EXPECT_THAT(bench.asked, ElementsAre("cursor=a", "cursor=b"));
}

TEST(Runner, AStopKeepsThePlaceWithinAPage) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1, 2, 3, 4]})"}};
  bench.output.on_sighting = [&] {
    if (bench.output.records.size() == 1) {
      bench.stop.request_stop();
    }
  };
  const auto stopped = bench.run();
  EXPECT_EQ(stopped.exit_code(), 1);
  EXPECT_EQ(stopped.state.outcome, RunOutcome::stopped);
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2"));
  bench.stop = std::stop_source{};
  const auto resumed = bench.run();
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "3", "4"));
  EXPECT_TRUE(resumed.is_complete);
}

TEST(Runner, APageThatHasChangedIsReadFromItsStart) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1, 2, 3, 4]})"}};
  bench.output.on_sighting = [&] {
    if (bench.output.records.size() == 1) {
      bench.stop.request_stop();
    }
  };
  bench.run();
  bench.stop = std::stop_source{};
  bench.pages = {{"cursor=0", R"({"ids": [9, 1, 2, 3, 4]})"}};
  bench.run();
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "9", "1", "2", "3", "4"));
}

TEST(Runner, RefusesOptionsThatTheProviderCannotUse) {
  Bench bench;
  EXPECT_THROW(bench.run({.date = "21 November"}), StartupError);
  EXPECT_THROW(bench.run({.slice = std::pair{UtcTime{0}, UtcTime{1}}}), StartupError);
}

}  // namespace
}  // namespace freshet
