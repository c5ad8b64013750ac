#include "api/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/local_limiter.hpp"
#include "core/check.hpp"

namespace freshet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Millis = std::chrono::milliseconds;

std::vector<std::string> scopes(Limits limits, const Caller& caller,
                                const std::string& referrer = "") {
  Request request;
  request.client_address = "192.0.2.1";
  request.referrer = referrer;
  std::vector<std::string> names;
  for (const Limit& limit : limits_of(limits, caller, request, Rates{})) {
    names.emplace_back(limit.scope);
  }
  return names;
}

Caller with_token(RateModel model) {
  return {.is_authenticated = true, .client_id = "c", .is_verified = true, .model = model};
}

TEST(LimitsOf, EachKindOfCallerHasTheScopesOfTheWire) {
  EXPECT_THAT(scopes(Limits::works, {}), ElementsAre("anon_burst", "anon_sustained"));
  EXPECT_THAT(scopes(Limits::pictures, {}), ElementsAre("anon_thumbnail"));
  EXPECT_THAT(scopes(Limits::health, {}), ElementsAre("anon_healthcheck"));
  EXPECT_THAT(scopes(Limits::registration, {}), ElementsAre("tenperday"));
  EXPECT_THAT(scopes(Limits::key_info, {}), ElementsAre("onepersecond"));
  EXPECT_THAT(scopes(Limits::none, {}), IsEmpty());
  EXPECT_THAT(scopes(Limits::works, {}, "openverse.org"),
              ElementsAre("ov_referrer_burst", "ov_referrer_sustained"));
  EXPECT_THAT(scopes(Limits::pictures, {}, "openverse.org"), ElementsAre("ov_referrer_thumbnail"));
  EXPECT_THAT(scopes(Limits::works, {}, "https://openverse.org/"),
              ElementsAre("anon_burst", "anon_sustained"));
  EXPECT_THAT(
      scopes(Limits::works, with_token(RateModel::standard)),
      ElementsAre("oauth2_client_credentials_burst", "oauth2_client_credentials_sustained"));
  EXPECT_THAT(scopes(Limits::works, with_token(RateModel::enhanced)),
              ElementsAre("enhanced_oauth2_client_credentials_burst",
                          "enhanced_oauth2_client_credentials_sustained"));
  for (const RateModel model : {RateModel::standard, RateModel::enhanced}) {
    EXPECT_THAT(scopes(Limits::pictures, with_token(model)),
                ElementsAre("oauth2_client_credentials_thumbnail"));
    EXPECT_THAT(scopes(Limits::key_info, with_token(model)), IsEmpty());
  }
  for (const Limits limits : {Limits::works, Limits::pictures, Limits::health}) {
    EXPECT_THAT(scopes(limits, with_token(RateModel::exempt)), IsEmpty());
  }
}

TEST(LimitsOf, AnApplicationThatIsNotVerifiedIsLimitedByItsAddress) {
  Caller caller = with_token(RateModel::enhanced);
  caller.is_verified = false;
  Request request;
  request.client_address = "192.0.2.1";
  const auto limits = limits_of(Limits::works, caller, request, Rates{});
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].scope, "anon_burst");
  EXPECT_EQ(limits[0].identity, "192.0.2.1");
  caller.is_verified = true;
  EXPECT_EQ(limits_of(Limits::works, caller, request, Rates{})[0].identity, "c");
}

TEST(IdentityOfAddress, IsASubscribersNetworkInIpv6) {
  EXPECT_EQ(identity_of_address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(identity_of_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(identity_of_address("2001:db8:1:2:3:4:5:6"), identity_of_address("2001:db8:1:2::1"));
  EXPECT_NE(identity_of_address("2001:db8:1:2::1"), identity_of_address("2001:db8:1:3::1"));
}

TEST(Rates, AreReadOrRefused) {
  EXPECT_EQ(parse_rate("20/min")->most, 20);
  EXPECT_EQ(parse_rate("5/hour")->period, std::chrono::hours{1});
  EXPECT_EQ(parse_rate("1/second")->period, std::chrono::seconds{1});
  EXPECT_EQ(parse_rate("7/d")->period, std::chrono::hours{24});
  for (const char* text :
       {"", "20", "/min", "20/", "20/week", "0/min", "-1/min", "x/min", "99999999/min"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
  const Rates rates{"anon_burst=60/min, tenperday = 3/hour"};
  EXPECT_EQ(rates.of("anon_burst").text, "60/min");
  EXPECT_EQ(rates.of("tenperday").most, 3);
  EXPECT_EQ(rates.of("anon_sustained").text, "200/day");
  EXPECT_THROW(Rates{"nobody=1/min"}, StartupError);
  EXPECT_THROW(Rates{"anon_burst=often"}, StartupError);
}

class WindowCountsTest : public testing::Test {
 protected:
  Taken take(const std::string& who, int most = 3) {
    return counts.take({limit(who, most)}, now).front();
  }
  static Limit limit(const std::string& who, int most = 3) {
    return {"anon_burst", {"", most, std::chrono::minutes{1}}, who};
  }
  WindowCounts counts;
  WindowCounts::Clock::time_point now = WindowCounts::Clock::now();
};

TEST_F(WindowCountsTest, SlidesAndDoesNotCountWhatItRefuses) {
  for (const int left : {2, 1, 0}) {
    EXPECT_EQ(take("a").available, left);
    now += std::chrono::seconds{10};
  }
  const Taken refused = take("a");
  EXPECT_FALSE(refused.is_allowed);
  EXPECT_EQ(refused.available, 0);
  EXPECT_EQ(refused.wait, Millis{30'000}) << "until the first of them is a minute ago";
  EXPECT_TRUE(take("b").is_allowed);
  now += Millis{29'999};
  EXPECT_FALSE(take("a").is_allowed);
  now += Millis{1};
  EXPECT_TRUE(take("a").is_allowed);
  EXPECT_FALSE(take("a").is_allowed);
  EXPECT_THAT(counts.count({limit("a"), limit("nobody")}, now), ElementsAre(3, 0));
}

TEST_F(WindowCountsTest, CountsAtEveryLimitAlsoWhereAnotherRefuses) {
  const Limit narrow{"anon_burst", {"", 1, std::chrono::minutes{1}}, "a"};
  const Limit wide{"anon_sustained", {"", 10, std::chrono::hours{24}}, "a"};
  counts.take({narrow, wide}, now);
  const auto second = counts.take({narrow, wide}, now);
  EXPECT_FALSE(second[0].is_allowed);
  EXPECT_EQ(second[1].available, 8);
}

TEST_F(WindowCountsTest, ForgetsWhomItHasNotSeenForLongest) {
  const std::size_t many =
      WindowCounts::kShards * WindowCounts::kMostTimes / WindowCounts::kTimesOfAWindow * 3 / 2;
  take("first");
  for (std::size_t i = 0; i < many; ++i) {
    take(std::to_string(i));
  }
  EXPECT_THAT(counts.count({limit("first"), limit(std::to_string(many - 1))}, now),
              ElementsAre(0, 1));
}

TEST(RefuseOverLimit, SaysWhenThereIsRoom) {
  EXPECT_FALSE(refuse_over_limit({{.is_allowed = true, .available = 3}}));
  const auto one = refuse_over_limit({{.is_allowed = false, .wait = Millis{1}}, {}});
  ASSERT_TRUE(one);
  EXPECT_EQ(one->status, 429U);
  EXPECT_EQ(one->body, R"({"detail":"Request was throttled. Expected available in 1 second."})");
  const auto hour = refuse_over_limit({{.is_allowed = false, .wait = Millis{100}},
                                       {.is_allowed = false, .wait = Millis{3'599'001}}});
  EXPECT_EQ(hour->body,
            R"({"detail":"Request was throttled. Expected available in 3600 seconds."})");
  EXPECT_EQ(hour->headers.back().second, "3600");
}

}  // namespace
}  // namespace freshet::api
