#include "core/http/patient_client.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_http.hpp"

namespace freshet::http {
namespace {

using std::chrono::milliseconds;

// A client whose time stands still but for its own sleeps.
struct Bench {
  test::FakeHttp server;
  std::vector<milliseconds> slept;
  std::chrono::steady_clock::time_point now{};
  bool stopped = false;

  PatientClient client(Patience patience = {}) {
    return PatientClient{
        server, std::move(patience),
        [this](milliseconds time) {
          slept.push_back(time);
          now += time;
          return !stopped;
        },
        PatientClock{[this] { return now; }, [] { return *parse_time("2026-11-21T00:00:00Z"); }}};
  }

  static Patience unlimited() {
    Patience patience;
    patience.min_interval = milliseconds{0};
    return patience;
  }
};

Response status(int code, Headers headers = {}) {
  return Response{code, std::move(headers), "", ""};
}

Request get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

TEST(PatientClient, KeepsRequestsToOneHostApart) {
  Bench bench;
  for (int i = 0; i < 4; ++i) {
    bench.server.then(status(200));
  }
  auto client = bench.client();
  ASSERT_TRUE(client.send(get("https://a.org/1")));
  ASSERT_TRUE(client.send(get("https://a.org/2")));
  ASSERT_TRUE(client.send(get("https://b.org/1")));  // another host: at once
  EXPECT_EQ(bench.slept, (std::vector<milliseconds>{milliseconds{1000}}));
  bench.now += milliseconds{5000};
  ASSERT_TRUE(client.send(get("https://A.org/3")));
  EXPECT_EQ(bench.slept.size(), 1U);  // the interval had passed
}

struct StatusRow {
  int status;
  std::size_t requests;
};

class RetriesByStatus : public ::testing::TestWithParam<StatusRow> {};

TEST_P(RetriesByStatus, OnlyWhatMayPass) {
  Bench bench;
  for (int i = 0; i < 4; ++i) {
    bench.server.then(status(GetParam().status));
  }
  auto client = bench.client(Bench::unlimited());
  const auto response = client.send(get("https://a.org/"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, GetParam().status);
  EXPECT_EQ(bench.server.requests.size(), GetParam().requests);
  EXPECT_EQ(client.requests(), static_cast<std::int64_t>(GetParam().requests));
}

INSTANTIATE_TEST_SUITE_P(Rows, RetriesByStatus,
                         ::testing::Values(StatusRow{200, 1}, StatusRow{301, 1}, StatusRow{400, 1},
                                           StatusRow{401, 1}, StatusRow{404, 1}, StatusRow{408, 4},
                                           StatusRow{425, 4}, StatusRow{429, 4}, StatusRow{500, 4},
                                           StatusRow{503, 4}),
                         [](const auto& row) { return std::to_string(row.param.status); });

TEST(PatientClient, BacksOffTwiceAsLongEachTimeWithJitter) {
  Bench bench;
  for (int i = 0; i < 6; ++i) {
    bench.server.then(Error{Errc::unreachable, Retry::after_backoff, "refused"});
  }
  auto patience = Bench::unlimited();
  patience.retries = 5;
  patience.max_backoff = milliseconds{6000};
  auto client = bench.client(patience);
  EXPECT_EQ(client.send(get("https://a.org/")).error().errc(), Errc::unreachable);
  const std::vector<int> expected{1000, 2000, 4000, 6000, 6000};
  ASSERT_EQ(bench.slept.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_GE(bench.slept[i].count(), expected[i] * 8 / 10) << i;
    EXPECT_LE(bench.slept[i].count(), expected[i] * 12 / 10) << i;
  }
}

TEST(PatientClient, DoesNotRepeatWhatCannotPass) {
  Bench bench;
  bench.server.then(Error{Errc::too_large, Retry::never, "body"});
  auto client = bench.client(Bench::unlimited());
  EXPECT_EQ(client.send(get("https://a.org/")).error().errc(), Errc::too_large);
  EXPECT_EQ(bench.server.requests.size(), 1U);
}

TEST(PatientClient, WaitsAsLongAsItIsTold) {
  Bench bench;
  bench.server.then(status(429, {{"retry-after", "7"}}));
  bench.server.then(status(503, {{"retry-after", "Sat, 21 Nov 2026 00:00:09 GMT"}}));
  bench.server.then(status(200));
  auto client = bench.client(Bench::unlimited());
  EXPECT_EQ(client.send(get("https://a.org/"))->status, 200);
  EXPECT_EQ(bench.slept, (std::vector<milliseconds>{milliseconds{7000}, milliseconds{9000}}));
}

TEST(PatientClient, GivesUpWhenToldToWaitTooLong) {
  Bench bench;
  bench.server.then(status(429, {{"retry-after", "86400"}}));
  auto client = bench.client(Bench::unlimited());
  EXPECT_EQ(client.send(get("https://a.org/"))->status, 429);
  EXPECT_TRUE(bench.slept.empty());
}

TEST(PatientClient, EndsAtOnceWhenStopped) {
  Bench bench;
  bench.stopped = true;
  bench.server.then(status(503));
  auto client = bench.client(Bench::unlimited());
  const auto error = client.send(get("https://a.org/")).error();
  EXPECT_EQ(error.retry(), Retry::never);
  EXPECT_EQ(bench.server.requests.size(), 1U);
}

TEST(PatientClient, RepeatsAnAnswerThatTheCallerCannotUse) {
  Bench bench;
  bench.server.then(Response{200, {}, "<html>", ""});
  bench.server.then(Response{200, {}, "{}", ""});
  auto patience = Bench::unlimited();
  patience.is_unusable = [](const Response& response) { return response.body != "{}"; };
  auto client = bench.client(patience);
  EXPECT_EQ(client.send(get("https://a.org/"))->body, "{}");
}

TEST(SleepFor, DoesNotWaitForAMirrorUnlessTold) {
  std::stop_source stopped;
  Config::Http config;
  config.mirror = "http://127.0.0.1:1";
  EXPECT_TRUE(sleep_for(config, stopped.get_token())(std::chrono::hours{1}));  // or this test hangs
  stopped.request_stop();
  EXPECT_FALSE(sleep_for(config, stopped.get_token())(std::chrono::hours{1}));
  config.mirror_waits = true;
  EXPECT_FALSE(sleep_for(config, stopped.get_token())(std::chrono::hours{1}));
}

struct RetryAfterRow {
  const char* name;
  const char* text;
  std::optional<milliseconds> wait;
};

class RetryAfter : public ::testing::TestWithParam<RetryAfterRow> {};

TEST_P(RetryAfter, IsSecondsOrADate) {
  const UtcTime now = *parse_time("1994-11-06T08:49:00Z");
  EXPECT_EQ(parse_retry_after(GetParam().text, now), GetParam().wait);
}

constexpr milliseconds kTenYears{10LL * 365 * 86'400'000};

INSTANTIATE_TEST_SUITE_P(
    Texts, RetryAfter,
    ::testing::Values(
        RetryAfterRow{"Seconds", "120", milliseconds{120'000}},
        RetryAfterRow{"Zero", "0", milliseconds{0}},
        RetryAfterRow{"LeadingZeros", "0000000000000000000000120", milliseconds{120'000}},
        RetryAfterRow{"SpaceAround", " \t120 ", milliseconds{120'000}},
        RetryAfterRow{"MoreThanAnInt", "2147483648", kTenYears},
        RetryAfterRow{"MoreThanALong", "9223372036854775808", kTenYears},
        RetryAfterRow{"FortyDigits", "9999999999999999999999999999999999999999", kTenYears},
        RetryAfterRow{"Negative", "-1", std::nullopt}, RetryAfterRow{"Signed", "+5", std::nullopt},
        RetryAfterRow{"Fraction", "1.5", std::nullopt}, RetryAfterRow{"Blank", "", std::nullopt},
        RetryAfterRow{"OnlySpace", "  ", std::nullopt}, RetryAfterRow{"Word", "soon", std::nullopt},
        RetryAfterRow{"Unit", "120s", std::nullopt},
        RetryAfterRow{"Date", "Sun, 06 Nov 1994 08:49:37 GMT", milliseconds{37'000}},
        RetryAfterRow{"DateThatIsPast", "Sun, 06 Nov 1994 08:48:37 GMT", milliseconds{0}},
        RetryAfterRow{"OldDate", "Sunday, 06-Nov-94 08:49:37 GMT", milliseconds{37'000}},
        RetryAfterRow{"OldDateOfTheCenturyBefore", "Friday, 06-Nov-59 08:49:37 GMT",
                      milliseconds{0}},
        RetryAfterRow{"AsctimeDate", "Sun Nov  6 08:49:37 1994", milliseconds{37'000}},
        RetryAfterRow{"NoSuchDay", "Sun, 36 Nov 1994 08:49:37 GMT", std::nullopt},
        RetryAfterRow{"NoSuchMonth", "Sun, 06 Nop 1994 08:49:37 GMT", std::nullopt},
        RetryAfterRow{"DateWithoutZone", "Sun, 06 Nov 1994 08:49:37", std::nullopt}),
    [](const auto& row) { return std::string{row.param.name}; });

// It asks for a wait, and a long one: trying again in a second would be the opposite.
TEST(PatientClient, AWaitOfMoreDigitsThanAnIntIsNotWaitedForAndNotIgnored) {
  int requests = 0;
  test::FakeHttp inner{[&](const Request& request) -> Result<Response> {
    ++requests;
    return Response{429, {{"retry-after", "99999999999"}}, "", request.url};
  }};
  PatientClient client{inner, Patience{}, [](milliseconds) { return true; }};
  EXPECT_EQ(client.send(get("https://a.org/"))->status, 429);
  EXPECT_EQ(requests, 1);
}

}  // namespace
}  // namespace freshet::http
