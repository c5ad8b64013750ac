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
  ProviderSpec spec_{.command = "numbers",
                     .title = "Numbers",
                     .providers = {{MediaType::image, "numbers_key"}},
                     .hosts = {"api.example"},
                     .endpoint = "https://api.example/list",
                     .answer = {.list = "/ids"},
                     .schedule = "daily",
                     .dated = Dated::optional,
                     .retries = 1};
};

/// Lists numbers by pages of two, counted on until a page is empty.
class Counted final : public Provider {
 public:
  Counted() {
    spec_ = Numbers{}.spec();
    spec_.paging = Paging::counted;
    spec_.batch_limit = 2;
  }
  const ProviderSpec& spec() const override { return spec_; }
  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    const auto page = previous == nullptr ? 0 : param_number(previous->params, "page", 0) + 1;
    return Params{{"page", std::to_string(page)}};
  }
  void expand(const json::value& item, Fetch& /*fetch*/, Emit& emit) override {
    emit.record(MediaType::image, Numbers::fields(item));
  }
  ProviderSpec spec_;
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
    if (found->second.size() == 3) {  // a status
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

// One value that JSON cannot hold costs neither its page nor those behind it.
TEST(Runner, MendsWhatJsonCannotHoldAndCountsIt) {
  Bench bench;
  bench.pages = {{"cursor=0", "\xEF\xBB\xBF{\"ids\": [1, \"half \\ud83d pair\"], \"next\": \"a\"}"},
                 {"cursor=a", "{\"ids\": [NaN, 1e400, \"caf\xE9\", 3], \"next\": \"b\"}"},
                 {"cursor=b", "{\"ids\": [\"detail\", 4]}"},
                 {"detail", "{\"x\": Infinity}"}};
  const RunReport report = bench.run();
  EXPECT_EQ(report.exit_code(), 0) << report.state.error;
  EXPECT_TRUE(report.is_complete);
  EXPECT_THAT(bench.ids(),
              ElementsAre("1", "half \xEF\xBF\xBD pair", "caf\xEF\xBF\xBD", "3", "99", "4"));
  EXPECT_EQ(report.state.counts.at("mended"), 6);
  EXPECT_EQ(bench.output.totals.at("numbers_key").at("mended"), 6);
  EXPECT_EQ(parse_run_state(encode_run_state(report.state))->counts.at("mended"), 6);
  EXPECT_EQ(report.state.counts.at("listed"), 8);
  EXPECT_EQ(report.state.counts.at("emitted"), 6);
  EXPECT_EQ(report.state.counts.at("dropped.missing_foreign_identifier"), 2);
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

std::string details(int count) {
  std::string ids = "\"detail\"";
  for (int i = 1; i < count; ++i) {
    ids += ", \"detail\"";
  }
  return ids;
}

class Refusals : public ::testing::TestWithParam<std::string> {};

// Whatever its status: ten in a row end the run before the first of them.
TEST_P(Refusals, TenInARowEndTheRunAndAreAskedForAgain) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1, )" + details(30) + "]}"}, {"detail", GetParam()}};
  const auto report = bench.run();
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(bench.output.rejections, IsEmpty());
  EXPECT_THAT(bench.output.finished, IsEmpty());
  EXPECT_EQ(report.state.counts.at("listed"), 1);
  ASSERT_TRUE(report.state.cursor);
  EXPECT_EQ(report.state.cursor->next, (Params{{"cursor", "0"}}));
  EXPECT_EQ(report.state.cursor->item, 1);
  const bool is_tried_again = GetParam() != "401" && GetParam() != "403" && GetParam() != "404";
  EXPECT_EQ(bench.asked.size(), is_tried_again ? 21U : 11U);

  bench.pages["detail"] = "{}";
  const auto resumed = bench.run();
  EXPECT_TRUE(resumed.is_complete);
  EXPECT_EQ(resumed.state.counts.at("emitted"), 31);
}

INSTANTIATE_TEST_SUITE_P(Of, Refusals,
                         ::testing::Values("500", "429", "401", "403", "404",
                                           "<html>who are you?</html>", R"({"error": "limit"})"));

TEST(Runner, RefusalsOnSeveralPagesAreInARow) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": ["detail", "detail"], "next": "1"})"}, {"detail", "403"}};
  for (int page = 1; page < 9; ++page) {
    bench.pages["cursor=" + std::to_string(page)] =
        R"({"ids": ["detail", "detail"], "next": ")" + std::to_string(page + 1) + "\"}";
  }
  const auto report = bench.run();
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_EQ(report.state.counts.at("pages"), 5);
  ASSERT_TRUE(report.state.cursor);
  EXPECT_EQ(report.state.cursor->next, (Params{{"cursor", "0"}}));
  EXPECT_EQ(report.state.cursor->item, 0);
}

TEST(Runner, ARefusedRecordIsPutAsideWhenTheSourceAnswersAgain) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1, "detail", 2]})"}, {"detail", "403"}};
  const auto report = bench.run();
  EXPECT_EQ(report.exit_code(), 0);
  ASSERT_EQ(bench.output.rejections.size(), 1U);
  EXPECT_EQ(bench.output.rejections[0].item, 2);
  EXPECT_EQ(report.state.counts.at("listed"), 3);
}

// Once the source has shown that it has some, clusters of records that are gone are ordinary.
TEST(Runner, ManyThatAreGoneAmongOthersAreDrops) {
  Bench bench;
  int asked = 0;
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    if (request.url == "https://api.example/list") {
      return http::Response{200, {}, R"({"ids": [)" + details(60) + "]}", request.url};
    }
    return ++asked == 1 ? http::Response{200, {}, "{}", request.url}
                        : http::Response{404, {}, "", request.url};
  }};
  Numbers provider;
  const auto report = run_provider(provider, {},
                                   {.http = http,
                                    .sleep = [](std::chrono::milliseconds) { return true; },
                                    .clock = bench.clock,
                                    .output = bench.output});
  EXPECT_EQ(report.exit_code(), 0) << report.state.error;
  EXPECT_EQ(report.state.counts.at("dropped.detail_gone"), 59);
}

/// One page of records that take a request each; those in [from, to) are gone.
struct Cluster {
  Cluster(int size_, int from_, int to_) : size{size_}, from{from_}, to{to_} {}

  Bench bench;
  int size;
  int from;
  int to;
  int asked = 0;

  RunReport run(const RunOptions& options = {}, int stop_at = -1) {
    bench.stop = std::stop_source{};
    asked = 0;
    int next = 0;
    if (!bench.output.states.empty() && bench.output.states.back().cursor) {
      next = static_cast<int>(bench.output.states.back().cursor->item);
    }
    test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
      if (request.url == "https://api.example/list") {
        return http::Response{200, {}, R"({"ids": [)" + details(size) + "]}", request.url};
      }
      if (next == stop_at) {
        bench.stop.request_stop();
      }
      ++asked;
      const bool is_gone = next >= from && next < to;
      ++next;
      return is_gone ? http::Response{404, {}, "", request.url}
                     : http::Response{200, {}, "{}", request.url};
    }};
    Numbers provider;
    return run_provider(provider, options,
                        {.http = http,
                         .sleep = [](std::chrono::milliseconds) { return true; },
                         .clock = bench.clock,
                         .output = bench.output,
                         .stop = bench.stop.get_token()});
  }
};

// That the source has answered is of the run, not of the process that asked.
TEST(Runner, ARunThatWasStoppedAmongGoneRecordsPassesThemWhenItGoesOn) {
  Cluster source{40, 20, 35};
  const auto stopped = source.run({}, 25);
  EXPECT_EQ(stopped.state.outcome, RunOutcome::stopped);
  ASSERT_TRUE(stopped.state.cursor);
  EXPECT_EQ(stopped.state.cursor->item, 20);
  const auto resumed = source.run();
  EXPECT_EQ(source.asked, 20);
  EXPECT_TRUE(resumed.is_complete) << resumed.state.error;
  EXPECT_EQ(resumed.state.counts.at("dropped.detail_gone"), 15);
  EXPECT_EQ(resumed.state.counts.at("emitted"), 25);
}

TEST(Runner, ALongClusterIsBelievedWhenTheSourceAnswersBehindIt) {
  Cluster source{1'100, 20, 1'019};
  const auto report = source.run();
  EXPECT_TRUE(report.is_complete) << report.state.error;
  EXPECT_EQ(report.state.counts.at("dropped.detail_gone"), 999);
  EXPECT_EQ(report.state.counts.at("emitted"), 101);
}

TEST(Runner, AtTheEndOfTheListALongClusterIsNotBelieved) {
  Cluster source{320, 220, 320};
  const auto report = source.run();
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(report.state.error, HasSubstr("--skip-errors"));
  EXPECT_THAT(source.bench.output.finished, IsEmpty());
  ASSERT_TRUE(report.state.cursor);
  EXPECT_EQ(report.state.cursor->item, 220);
  EXPECT_EQ(report.state.counts.at("dropped.detail_gone"), 0) << "they are asked for again";
  source.to = 319;
  EXPECT_TRUE(source.run().is_complete);
}

// A cluster without end ends every run; an operator can read what lies behind it.
TEST(Runner, SkipErrorsPassesAnyClusterAndTheRunIsNotComplete) {
  Cluster source{1'700, 5, 1'605};
  EXPECT_EQ(source.run().exit_code(), 1);
  EXPECT_EQ(source.asked, 1'005);
  EXPECT_EQ(source.run().exit_code(), 1);
  EXPECT_EQ(source.asked, 1'000);
  const auto skipped = source.run({.skip_errors = true});
  EXPECT_EQ(skipped.exit_code(), 1);
  EXPECT_EQ(skipped.skipped_errors.size(), 1U);
  EXPECT_FALSE(skipped.is_complete);
  EXPECT_EQ(skipped.state.outcome, RunOutcome::finished);
  EXPECT_EQ(skipped.state.counts.at("emitted"), 100);
  EXPECT_EQ(skipped.state.counts.at("dropped.detail_gone"), 1'600);
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

class NoAnswer : public ::testing::TestWithParam<std::string> {};

TEST_P(NoAnswer, IsAskedForAgainAndThenFailsTheRunAtThatPage) {
  Bench bench;
  bench.pages = three_pages();
  bench.pages["cursor=a"] = GetParam();
  Numbers provider;
  provider.spec_.answer = {.list = "/ids", .status = "/status", .success = "OK"};
  const auto report = bench.run(provider);
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(report.state.error, HasSubstr("no answer"));
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0", "cursor=a", "cursor=a"));
  EXPECT_THAT(bench.output.finished, IsEmpty());
  ASSERT_TRUE(report.state.cursor);
  EXPECT_EQ(report.state.cursor->next, (Params{{"cursor", "a"}}));
}

INSTANTIATE_TEST_SUITE_P(Of, NoAnswer,
                         ::testing::Values(R"({"status": "failed", "ids": []})",
                                           R"({"status": 503, "ids": [7]})",
                                           R"({"message": "Unauthorized"})", R"({"ids": null})",
                                           R"({"ids": {"0": 1}})", R"({"ids": "none"})", "[]",
                                           "null", "true", "\"busy\"", "<html></html>",
                                           R"({"error": {"code": 1}, "ids": []})"));

struct TotalRow {
  const char* name;
  const char* page;
  bool is_complete;
};
class Announced : public ::testing::TestWithParam<TotalRow> {};

TEST_P(Announced, DecidesWhetherASetIsWhole) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1, 2], "total": 4, "next": "a"})"},
                 {"cursor=a", GetParam().page}};
  Numbers provider;
  provider.spec_.answer.total = "/total";
  const auto report = bench.run(provider);
  EXPECT_EQ(report.is_complete, GetParam().is_complete) << report.state.error;
  EXPECT_EQ(report.exit_code(), GetParam().is_complete ? 0 : 1);
  if (GetParam().is_complete) {
    return;
  }
  ASSERT_TRUE(report.state.cursor);
  EXPECT_EQ(report.state.cursor->next, (Params{{"cursor", "a"}}));
  // What the source holds back comes with the next run, or is not there for good.
  EXPECT_EQ(bench.run(provider, {.accept_fewer = true}).exit_code(),
            report.state.error.find("no answer") == std::string::npos ? 0 : 1);
  bench.pages["cursor=a"] = R"({"ids": [3, 4], "total": 4})";
  EXPECT_TRUE(bench.run(provider, {.restart = true}).is_complete);
}

// A total that stays too high costs the run's end, not the sets behind it, nor the next runs.
TEST(Runner, ATotalThatIsNeverReachedStopsNoProvider) {
  Bench bench;
  bench.pages = {{"cursor=0&s=1", R"({"ids": [1, 2], "total": 3})"},
                 {"cursor=0&s=2", R"({"ids": [4], "total": 1})"}};
  Numbers provider;
  provider.spec_.answer.total = "/total";
  provider.sets = {{{"s", "1"}}, {{"s", "2"}}};
  const auto doubtful = bench.run(provider);
  EXPECT_EQ(doubtful.exit_code(), 1);
  EXPECT_THAT(doubtful.state.error, HasSubstr("--accept-fewer"));
  EXPECT_THAT(doubtful.state.error, HasSubstr("--restart"));
  const auto again = bench.run(provider);
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0&s=1", "cursor=0&s=2"));
  EXPECT_EQ(again.exit_code(), 1);
  EXPECT_THAT(again.state.error, HasSubstr("announced 3 records and named 2"));
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "4"));
  EXPECT_THAT(bench.output.finished, IsEmpty());
  EXPECT_EQ(bench.run(provider).exit_code(), 1);
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0&s=1")) << "it begins anew";
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "4", "1", "2"));
  EXPECT_TRUE(bench.run(provider, {.accept_fewer = true}).is_complete);
}

// Both doubts at once: the first look at the last page is no second one.
TEST(Runner, AnEmptyPageBeforeTheTotalIsAskedForAgain) {
  Bench bench;
  bench.pages = {{"page=0", R"({"ids": [1, 2], "total": 3})"}};
  Counted provider;
  provider.spec_.answer = {.list = "/ids", .total = "/total"};
  bench.pages["page=1"] = R"({"ids": [], "total": 3})";
  const auto doubtful = bench.run(provider);
  EXPECT_EQ(doubtful.state.outcome, RunOutcome::failed);
  bench.pages["page=1"] = R"({"ids": [3], "total": 3})";
  bench.pages["page=2"] = R"({"ids": [], "total": 3})";
  EXPECT_TRUE(bench.run(provider).is_complete);
  EXPECT_THAT(bench.asked, ElementsAre("page=1", "page=2"));
}

INSTANTIATE_TEST_SUITE_P(
    Totals, Announced,
    ::testing::Values(TotalRow{"Reached", R"({"ids": [3, 4], "total": 4})", true},
                      TotalRow{"Text", R"({"ids": [3, 4], "total": "4"})", true},
                      TotalRow{"Short", R"({"ids": [3], "total": 4})", false},
                      TotalRow{"Empty", R"({"ids": [], "total": 4})", false},
                      TotalRow{"TakenBack", R"({"ids": [], "total": 0})", false},
                      TotalRow{"RemovedMeanwhile", R"({"ids": [3], "total": 3})", true},
                      TotalRow{"AddedMeanwhile", R"({"ids": [3, 4], "total": 5})", true},
                      TotalRow{"NotThere", R"({"ids": [3, 4]})", false},
                      TotalRow{"NoCount", R"({"ids": [3, 4], "total": -1})", false}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Runner, NoRecordsAtAllAreAnAnswerWhereTheTotalSaysSo) {
  Bench bench;
  Numbers provider;
  provider.spec_.answer.total = "/total";
  for (const char* page :
       {R"({"ids": [], "total": 0})", R"({"ids": null, "total": 0})", R"({"total": "0"})"}) {
    bench.pages = {{"cursor=0", page}};
    EXPECT_EQ(bench.run(provider, {.date = "2026-11-20"}).exit_code(), 0) << page;
  }
  // But a full run that finds nothing would remove everything.
  EXPECT_EQ(bench.run(provider).exit_code(), 1);
  EXPECT_THAT(bench.output.finished, IsEmpty());
  EXPECT_TRUE(bench.run(provider, {.accept_fewer = true}).is_complete);
}

TEST(Runner, AnEmptyPageThatNamesANextIsNoEnd) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1], "next": "a"})"},
                 {"cursor=a", R"({"ids": [], "next": "b"})"},
                 {"cursor=b", R"({"ids": [2]})"}};
  EXPECT_TRUE(bench.run().is_complete);
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2"));
}

TEST(Runner, CountedPagesEndWithAnEmptyOneBehindAShortOne) {
  Bench bench;
  bench.pages = {{"page=0", R"({"ids": [1, 2]})"}, {"page=1", R"({"ids": [3]})"}};
  Counted provider;
  EXPECT_TRUE(bench.run(provider).is_complete);
  EXPECT_THAT(bench.asked, ElementsAre("page=0", "page=1", "page=2"));
}

// The source gives two a page where ten are asked for: a page of two is a full one there.
TEST(Runner, AFullPageIsAsLargeAsTheSourceMakesIt) {
  Bench bench;
  bench.pages = {{"page=0", R"({"ids": [1, 2]})"},
                 {"page=1", R"({"ids": [3, 4]})"},
                 {"page=2", R"({"ids": [5]})"}};
  Counted provider;
  provider.spec_.batch_limit = 10;
  ASSERT_TRUE(bench.run(provider).is_complete);
  bench.pages.erase("page=2");
  EXPECT_EQ(bench.run(provider).exit_code(), 1);
}

// Two full pages and then nothing: an end, unless the last full run had more.
TEST(Runner, AnEmptyPageBehindAFullOneIsBelievedAsFarAsTheLastFullRunBearsItOut) {
  Bench bench;
  const std::map<std::string, std::string> whole = {{"page=0", R"({"ids": [1, 2]})"},
                                                    {"page=1", R"({"ids": [3, 4]})"},
                                                    {"page=2", R"({"ids": [5]})"}};
  Counted provider;
  bench.pages = whole;
  ASSERT_TRUE(bench.run(provider).is_complete);
  bench.pages.erase("page=2");
  const auto doubtful = bench.run(provider);
  EXPECT_EQ(doubtful.exit_code(), 1);
  EXPECT_FALSE(doubtful.is_complete);
  ASSERT_TRUE(doubtful.state.cursor);
  EXPECT_EQ(doubtful.state.cursor->next, (Params{{"page", "2"}}));
  bench.pages = whole;
  EXPECT_TRUE(bench.run(provider).is_complete);
  EXPECT_THAT(bench.asked, ElementsAre("page=2", "page=3"));
  // It really has one less now: once accepted, that is what later runs are measured by.
  bench.pages.erase("page=2");
  EXPECT_EQ(bench.run(provider).exit_code(), 1);
  EXPECT_TRUE(bench.run(provider, {.accept_fewer = true}).is_complete);
  EXPECT_TRUE(bench.run(provider).is_complete);
}

// Found again, the end may be one: what there is is read anew, and nothing is removed.
TEST(Runner, ADoubtThatStaysStopsNoProvider) {
  Bench bench;
  bench.pages = {{"page=0", R"({"ids": [1, 2]})"}, {"page=1", R"({"ids": [3]})"}};
  Counted provider;
  ASSERT_TRUE(bench.run(provider).is_complete);
  bench.pages.erase("page=1");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(bench.run(provider).exit_code(), 1);
    EXPECT_THAT(bench.asked, ElementsAre("page=0", "page=1"));
    bench.clock.advance(std::chrono::hours{100});
    const auto again = bench.run(provider);
    EXPECT_EQ(again.exit_code(), 1);
    EXPECT_THAT(bench.asked, ElementsAre("page=1"));
    ASSERT_TRUE(again.state.cursor);
    EXPECT_TRUE(again.state.cursor->is_start());
  }
  EXPECT_EQ(bench.output.finished.size(), 1U);
}

// Also the first run after an upgrade, over works that live already.
TEST(Runner, WithoutAnEarlierFullRunAnEmptyPageBehindAFullOneIsBelievedADayLater) {
  Bench bench;
  bench.pages = {{"page=0", R"({"ids": [1, 2]})"}, {"page=1", R"({"ids": [3, 4]})"}};
  Counted provider;
  bench.run(provider, {.max_pages = 1});  // some run of an earlier version
  const auto doubtful = bench.run(provider);
  EXPECT_EQ(doubtful.exit_code(), 1);
  EXPECT_THAT(doubtful.state.error, HasSubstr("no earlier full run"));
  for (const int hours : {0, 23}) {
    bench.clock.advance(std::chrono::hours{hours});
    EXPECT_EQ(bench.run(provider).exit_code(), 1);
    EXPECT_THAT(bench.asked, ElementsAre("page=2"));
  }
  EXPECT_THAT(bench.output.finished, IsEmpty());
  bench.clock.advance(std::chrono::hours{1});
  EXPECT_TRUE(bench.run(provider).is_complete);
  EXPECT_THAT(bench.asked, ElementsAre("page=2"));

  // It was an error after all; and what comes behind is in doubt for itself.
  Bench other;
  other.pages = {{"page=0", R"({"ids": [1, 2]})"}};
  other.run(provider, {.max_pages = 1});
  EXPECT_EQ(other.run(provider).exit_code(), 1);
  other.clock.advance(std::chrono::hours{30});
  other.pages["page=1"] = R"({"ids": [3, 4]})";
  EXPECT_EQ(other.run(provider).exit_code(), 1);
  EXPECT_THAT(other.asked, ElementsAre("page=1", "page=2"));
  EXPECT_TRUE(other.run(provider, {.accept_fewer = true}).is_complete);
}

// No run before it can have left works to remove.
TEST(Runner, TheVeryFirstRunMayEndBehindAFullPage) {
  Bench bench;
  bench.pages = {{"page=0", R"({"ids": [1, 2]})"}, {"page=1", R"({"ids": [3, 4]})"}};
  Counted provider;
  EXPECT_TRUE(bench.run(provider).is_complete);
}

TEST(Runner, AFullRunWithLessThanHalfOfTheLastOnesIsNotComplete) {
  Bench bench;
  const auto pages_of = [&](int count) {
    std::string ids;
    for (int i = 1; i <= count; ++i) {
      ids += (i == 1 ? "" : ",") + std::to_string(i);
    }
    bench.pages = {{"cursor=0", R"({"ids": [)" + ids + "]}"}};
  };
  for (const int count : {10, 11, 9}) {
    pages_of(count);
    EXPECT_TRUE(bench.run().is_complete);
  }
  pages_of(4);
  const auto few = bench.run();
  EXPECT_EQ(few.exit_code(), 1);
  EXPECT_THAT(few.state.error, HasSubstr("--accept-fewer"));
  EXPECT_EQ(bench.output.finished.size(), 3U);
  ASSERT_TRUE(few.state.cursor);
  EXPECT_TRUE(few.state.cursor->is_start()) << "what is missing may be anywhere";
  // The next run reads it all again, and counts for itself.
  const auto again = bench.run();
  EXPECT_EQ(again.exit_code(), 1);
  EXPECT_NE(again.state.run_id, few.state.run_id);
  pages_of(5);
  EXPECT_TRUE(bench.run().is_complete);
  // What is of use counts as well: all of it here, none of it there.
  bench.pages = {{"cursor=0", R"({"ids": [null, null, null, null, null, null, null, null, 9]})"}};
  EXPECT_EQ(bench.run().exit_code(), 1);
  pages_of(2);
  EXPECT_EQ(bench.run().exit_code(), 1);
  EXPECT_TRUE(bench.run({.accept_fewer = true}).is_complete);
  EXPECT_TRUE(bench.run().is_complete);
  EXPECT_EQ(bench.output.states.back().full_runs.size(), 2U);
  // Runs of a part are measured by nothing, and measure nothing.
  pages_of(0);
  EXPECT_EQ(bench.run({.date = "2026-11-20"}).exit_code(), 0);
}

TEST(Runner, ATokenThatWasFollowedAlreadyEndsTheRun) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1], "next": "a"})"},
                 {"cursor=a", R"({"ids": [2], "next": "b"})"},
                 {"cursor=b", R"({"ids": [3], "next": "a"})"}};
  const auto report = bench.run({.skip_errors = true});
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(report.state.error, HasSubstr("does not move"));
  EXPECT_THAT(bench.asked, ElementsAre("cursor=0", "cursor=a", "cursor=b"));
  EXPECT_THAT(bench.output.finished, IsEmpty());
  // And goes in no circle when it is resumed.
  EXPECT_EQ(bench.run().exit_code(), 1);
  EXPECT_THAT(bench.asked, ElementsAre("cursor=a", "cursor=b"));
}

struct Stuck {
  const char* name;
  std::int64_t cycle;  ///< pages until the first comes back
};
class SamePages : public ::testing::TestWithParam<Stuck> {};

// A source that takes no notice of the page number.
TEST_P(SamePages, EndTheRun) {
  Bench bench;
  std::int64_t pages = 0;
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    const auto id = std::to_string(2 * (pages++ % GetParam().cycle));
    return http::Response{200, {}, R"({"ids": [)" + id + ", 1]}", request.url};
  }};
  Counted provider;
  const auto report = run_provider(provider, {.max_pages = 10'000'000},
                                   {.http = http,
                                    .sleep = [](std::chrono::milliseconds) { return true; },
                                    .clock = bench.clock,
                                    .output = bench.output});
  EXPECT_EQ(report.exit_code(), 1);
  EXPECT_THAT(report.state.error, HasSubstr("does not move"));
  EXPECT_LE(pages, GetParam().cycle + 11);
  EXPECT_THAT(bench.output.finished, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Cycles, SamePages,
                         ::testing::Values(Stuck{"One", 1}, Stuck{"Two", 2}, Stuck{"Many", 700}),
                         [](const auto& stuck) { return std::string{stuck.param.name}; });

TEST(Runner, TheSameFewRecordsInEachSetAreNoCircle) {
  Bench bench;
  Numbers provider;
  provider.sets.clear();
  for (int set = 0; set < 30; ++set) {
    provider.sets.push_back({{"s", std::to_string(set)}});
    bench.pages["cursor=0&s=" + std::to_string(set)] = R"({"ids": [1]})";
  }
  EXPECT_TRUE(bench.run(provider).is_complete);
}

TEST(Runner, ARunThatGoesOnElsewhereIsNotJoined) {
  Bench bench;
  bench.pages = three_pages();
  RunState other;
  other.command = "numbers";
  other.run_id = "numbers-the-other";
  other.started_at = bench.clock.now();
  other.updated_at = bench.clock.now();
  other.holder = RunHolder{"elsewhere", "another boot", 7, "1"};
  bench.output.states.push_back(other);
  bench.clock.advance(kRunSilence - std::chrono::seconds{1});
  try {
    bench.run();
    FAIL() << "it was joined";
  } catch (const RefusedError& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("numbers-the-other"));
  }
  EXPECT_THAT(bench.asked, IsEmpty());
  EXPECT_THAT(bench.output.taken_over, IsEmpty());
  EXPECT_EQ(bench.output.states.size(), 1U);
  bench.clock.advance(std::chrono::seconds{1});
  EXPECT_TRUE(bench.run().is_complete) << "it was silent for long";
  other.updated_at = bench.clock.now() + std::chrono::hours{24};
  EXPECT_FALSE(is_alive(other, bench.clock.now()));
  EXPECT_THAT(bench.output.taken_over, ElementsAre("numbers"));
}

TEST(Runner, ARunWhoseProcessIsGoneIsTakenOverAtOnce) {
  Bench bench;
  bench.pages = three_pages();
  RunState other;
  other.command = "numbers";
  other.run_id = "numbers-the-other";
  other.started_at = bench.clock.now();
  other.updated_at = bench.clock.now();
  other.holder = this_process();
  other.holder->pid = 1;
  other.holder->started = "not when that one did";
  bench.output.states.push_back(other);
  EXPECT_TRUE(bench.run().is_complete);
}

// The other one is fenced: were this one refused, neither would go on.
TEST(Runner, OfTwoThatBeginTogetherTheOneThatTakesOverLastGoesOn) {
  Bench bench;
  bench.pages = three_pages();
  bench.output.on_take_over = [&] {
    RunState other;
    other.command = "numbers";
    other.run_id = "numbers-the-other";
    other.started_at = bench.clock.now();
    other.updated_at = bench.clock.now();
    other.holder = RunHolder{"elsewhere", "another boot", 7, "1"};
    other.cursor = Cursor{};
    other.cursor->next = Params{{"cursor", "a"}};
    bench.output.states.push_back(other);
  };
  const auto report = bench.run();
  EXPECT_EQ(report.state.run_id, "numbers-the-other") << "from whatever it has done";
  EXPECT_EQ(report.state.holder, this_process());
  EXPECT_THAT(bench.asked, ElementsAre("cursor=a", "cursor=b"));
  EXPECT_TRUE(report.is_complete);
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

// Days of as many records as given, the first on 2026-11-01.
std::vector<RunReport> days(Bench& bench, const std::vector<int>& sizes,
                            const RunOptions& how = {}) {
  std::vector<RunReport> reports;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::string ids;
    for (int n = 0; n < sizes[i]; ++n) {
      ids += (n == 0 ? "" : ",") + std::to_string(n + 1);
    }
    bench.pages = {{"cursor=0", R"({"ids": [)" + ids + "]}"}};
    RunOptions options = how;
    options.date = format_date(bench.clock.now() - std::chrono::hours{24});
    reports.push_back(bench.run(options));
    bench.clock.advance(std::chrono::hours{24});
  }
  return reports;
}

TEST(Runner, ADayFarBelowTheUsualRaisesAnAlertAndEndsWell) {
  Bench bench;
  days(bench, {40, 44, 38, 41, 30, 55});
  EXPECT_THAT(bench.output.alerts, IsEmpty());
  const auto few = days(bench, {12, 0});
  EXPECT_EQ(few[0].exit_code(), 0);
  ASSERT_EQ(bench.output.alerts.size(), 2U);
  EXPECT_EQ(bench.output.alerts[0].kind, "few_records");
  EXPECT_EQ(bench.output.alerts[0].step, "produce.numbers_key");
  EXPECT_EQ(bench.output.alerts[0].subject, "numbers");
  EXPECT_EQ(bench.output.alerts[0].run_id, few[0].state.run_id);
  EXPECT_EQ(bench.output.alerts[0].found, 12);
  EXPECT_EQ(bench.output.alerts[0].usual, 41);
  EXPECT_EQ(bench.output.alerts[1].kind, "no_records");
  EXPECT_EQ(bench.output.states.back().history.days.first(), parse_day("2026-11-20"));
  // Runs by parameters are measured by nothing, and measure nothing.
  bench.run({.max_pages = 1});
  EXPECT_EQ(bench.output.alerts.size(), 2U);
}

TEST(Runner, AWholeRunThatDropsFarMoreThanUsualRemovesNothing) {
  Bench bench;
  const auto whole = [&](int sound, int without_id) {
    std::string ids = "0";
    for (int n = 1; n < sound; ++n) {
      ids += "," + std::to_string(n + 1);
    }
    for (int n = 0; n < without_id; ++n) {
      ids += ",null";
    }
    bench.pages = {{"cursor=0", R"({"ids": [)" + ids + "]}"}};
    return bench.run();
  };
  EXPECT_TRUE(whole(100, 1).is_complete);
  EXPECT_TRUE(whole(100, 2).is_complete);
  const auto doubtful = whole(80, 30);
  EXPECT_FALSE(doubtful.is_complete);
  EXPECT_TRUE(doubtful.is_doubted);
  EXPECT_EQ(doubtful.exit_code(), 1);
  EXPECT_THAT(doubtful.state.error, HasSubstr("--accept-fewer"));
  EXPECT_EQ(bench.output.finished.size(), 2U);
  ASSERT_EQ(bench.output.alerts.size(), 1U);
  EXPECT_EQ(bench.output.alerts[0].kind, "many_drops");
  EXPECT_EQ(bench.output.alerts[0].reason, "dropped.missing_foreign_identifier");
  bench.pages = {{"cursor=0", R"({"ids": [1, 2]})"}};
  EXPECT_TRUE(bench.run({.accept_fewer = true}).is_complete);
  EXPECT_EQ(bench.output.alerts.size(), 1U);
  EXPECT_EQ(bench.output.states.back().history.recent.size(), 1U)
      << "later ones are measured by it";
}

TEST(Runner, RunsThatFailAgainAndAgainRaiseAnAlertNowAndThen) {
  Bench bench;
  bench.pages = {{"cursor=0", "500"}};
  for (int i = 1; i <= 12; ++i) {
    EXPECT_EQ(bench.run().exit_code(), 1);
    EXPECT_EQ(bench.output.alerts.size(), i < 3 ? 0U : i < 10 ? 1U : 2U) << i;
  }
  EXPECT_EQ(bench.output.alerts[0].kind, "failing");
  EXPECT_THAT(bench.output.alerts[0].message, HasSubstr("HTTP 500"));
  EXPECT_EQ(bench.output.states.back().history.setbacks.at(0).attempts, 12);
}

TEST(Runner, SkipsOnlyErrorsThatHaveOneOfTheTextsAndCountsThem) {
  Bench bench;
  bench.pages = {{"cursor=0&s=1", "500"}, {"cursor=0&s=2", R"({"ids": [2]})"}};
  Numbers provider;
  provider.sets = {{{"s", "1"}}, {{"s", "2"}}};
  const auto other = bench.run(provider, {.skipped_texts = {"timed out", "http 404"}});
  EXPECT_EQ(other.state.outcome, RunOutcome::failed);
  const auto skipped =
      bench.run(provider, {.skipped_texts = {"no such", "http 500"}, .restart = true});
  EXPECT_EQ(skipped.exit_code(), 1);
  EXPECT_THAT(bench.ids(), ElementsAre("2"));
  EXPECT_EQ(skipped.state.counts.at("skipped"), 1);
  EXPECT_EQ(bench.output.totals.at("numbers_key").at("skipped"), 1);
  EXPECT_EQ(parse_run_state(encode_run_state(skipped.state))->counts.at("skipped"), 1);
  const auto by_kind = bench.run(provider, {.skipped_texts = {"http_status"}, .restart = true});
  EXPECT_EQ(by_kind.state.counts.at("skipped"), 1);
}

TEST(Runner, ARunThatTakesTooLongKeepsItsPlace) {
  Bench bench;
  bench.pages = three_pages();
  bench.output.on_sighting = [&] { bench.clock.advance(std::chrono::minutes{20}); };
  const auto slow = bench.run({.time_limit = std::chrono::minutes{50}});
  EXPECT_EQ(slow.exit_code(), 1);
  EXPECT_THAT(slow.state.error, HasSubstr("longer than 50 min"));
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "3"));
  bench.output.on_sighting = nullptr;
  EXPECT_TRUE(bench.run({.time_limit = std::chrono::minutes{50}}).is_complete);
  EXPECT_THAT(bench.ids(), ElementsAre("1", "2", "3", "4", "5"));
}

/// Takes it for granted that a reply names the next page.
class Strict final : public Provider {
 public:
  const ProviderSpec& spec() const override { return spec_; }
  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    return previous == nullptr
               ? std::optional{Params{{"cursor", "0"}}}
               : std::optional{Params{{"cursor", required_text(member(previous->body, "next"))}}};
  }
  void expand(const json::value& item, Fetch& /*fetch*/, Emit& emit) override {
    emit.record(MediaType::image, Numbers::fields(item));
  }
  ProviderSpec spec_ = Numbers{}.spec();
};

TEST(Runner, AListReplyThatNobodyThoughtOfEndsTheRunAndNotTheProcess) {
  Bench bench;
  bench.pages = {{"cursor=0", R"({"ids": [1], "next": {"a": 1}})"}};
  Strict provider;
  const auto report = bench.run(provider);
  EXPECT_EQ(report.state.outcome, RunOutcome::failed);
  EXPECT_THAT(report.state.error, HasSubstr("cannot be read"));
  EXPECT_EQ(report.state.cursor->next, (Params{{"cursor", "0"}}));
}

TEST(Runner, RefusesOptionsThatTheProviderCannotUse) {
  Bench bench;
  EXPECT_THROW(bench.run({.date = "21 November"}), StartupError);
  EXPECT_THROW(bench.run({.slice = std::pair{UtcTime{0}, UtcTime{1}}}), StartupError);
}

}  // namespace
}  // namespace freshet
