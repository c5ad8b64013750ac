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
  EXPECT_THAT(scopes(Limits::embeddings, {}), ElementsAre("anon_embeddings"));
  EXPECT_THAT(scopes(Limits::dumps, {}), ElementsAre("dumps"));
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

TEST(LimitsOf, PicturesOfOurOwnPagesHaveALargerScope) {
  const auto scope = [](const std::string& site, const std::string& referrer,
                        const Caller& caller = {}) {
    Request request;
    request.base_url = "https://host";
    request.page.fetch_site = site;
    request.page.referrer = referrer;
    return std::string{limits_of(Limits::pictures, caller, request, Rates{}).front().scope};
  };
  EXPECT_EQ(scope("same-origin", ""), "anon_page_picture");
  EXPECT_EQ(scope("", "https://host/search?q=owl"), "anon_page_picture") << "of no secure address";
  EXPECT_EQ(scope("", ""), "anon_thumbnail");
  EXPECT_EQ(scope("", "https://host.example/"), "anon_thumbnail");
  EXPECT_EQ(scope("cross-site", "https://host/search"), "anon_thumbnail");
  EXPECT_EQ(scope("same-origin", "", with_token(RateModel::standard)),
            "oauth2_client_credentials_thumbnail");
}

TEST(LimitsOf, BeginningsOfWalksAreCountedForThemselves) {
  for (const LimitBy by : {LimitBy::requests, LimitBy::cost}) {
    const Rates rates{"", by};
    const auto walks = [&](const char* query, const Caller& caller = {}) {
      Request request;
      request.query = Query::parse(query);
      std::string names;
      for (const Limit& limit : limits_of(Limits::works, caller, request, rates, 5)) {
        names += limit.scope.ends_with("_walks") ? std::string{limit.scope} : "";
      }
      return names;
    };
    EXPECT_EQ(walks("q=x&cursor=*"), "anon_walks");
    EXPECT_EQ(walks("q=x&cursor=abc"), "");
    EXPECT_EQ(walks("q=x"), "");
    EXPECT_EQ(walks("cursor=*", with_token(RateModel::standard)),
              "oauth2_client_credentials_walks");
    EXPECT_EQ(walks("cursor=*", with_token(RateModel::exempt)), "");
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

TEST(LimitsOf, ByCostThereIsOneForWorksAndTheOthersStay) {
  const Rates rates{"", LimitBy::cost};
  Request request = {};
  request.client_address = "192.0.2.1";
  const auto names = [&](Limits limits, const Caller& caller) {
    std::vector<std::string> found;
    for (const Limit& limit : limits_of(limits, caller, request, rates, 5)) {
      found.push_back(std::string{limit.scope} + " " + std::to_string(limit.cost) + " " +
                      limit.identity);
    }
    return found;
  };
  EXPECT_THAT(names(Limits::works, {}), ElementsAre("anon_cost 5 192.0.2.1"));
  EXPECT_THAT(names(Limits::pictures, {}), ElementsAre("anon_picture_cost 5 192.0.2.1"));
  EXPECT_THAT(names(Limits::pictures, with_token(RateModel::enhanced)),
              ElementsAre("oauth2_client_credentials_picture_cost 5 c"));
  EXPECT_THAT(names(Limits::dumps, {}), ElementsAre("dumps 0 192.0.2.1"));
  EXPECT_THAT(names(Limits::works, with_token(RateModel::standard)),
              ElementsAre("oauth2_client_credentials_cost 5 c"));
  EXPECT_THAT(names(Limits::works, with_token(RateModel::enhanced)),
              ElementsAre("enhanced_oauth2_client_credentials_cost 5 c"));
  EXPECT_THAT(names(Limits::works, with_token(RateModel::exempt)), IsEmpty());
  EXPECT_THAT(names(Limits::health, {}), ElementsAre("anon_healthcheck 0 192.0.2.1"));
  EXPECT_THAT(names(Limits::registration, {}), ElementsAre("tenperday 0 192.0.2.1"));
  EXPECT_THAT(limits_of_application("c", RateModel::standard, rates), IsEmpty());
}

TEST(CostOf, GrowsWithWhatIsAskedFor) {
  const auto cost = [](const char* query) {
    Request request;
    request.query = Query::parse(query);
    return cost_of(5, request);
  };
  EXPECT_EQ(cost(""), 5);
  EXPECT_EQ(cost("q=x&page=6"), 7);
  EXPECT_EQ(cost("q=x&page=12"), 10);
  EXPECT_EQ(cost("page=999999999999&page_size=x"), 5) << "what is no number is refused elsewhere";
  EXPECT_EQ(cost("page=1000&page_size=500"), 10);
  EXPECT_EQ(cost("exact_count=true"), 10);
  EXPECT_EQ(cost("cursor=*"), 10);
  EXPECT_EQ(cost("cursor=abc"), 5);
}

class CostBucketsTest : public testing::Test {
 protected:
  Taken take(const std::string& who, int cost = 5) {
    return buckets.take({"anon_cost", {"", 60, std::chrono::minutes{1}}, who, cost}, now);
  }
  CostBuckets buckets;
  CostBuckets::Clock::time_point now = CostBuckets::Clock::now();
};

TEST_F(CostBucketsTest, HoldsHalfOfAPeriodAndFillsAllTheTime) {
  for (const int left : {25, 20, 15, 10, 5, 0}) {
    EXPECT_EQ(take("a").available, left);
  }
  const Taken refused = take("a");
  EXPECT_FALSE(refused.is_allowed);
  EXPECT_GE(refused.wait, Millis{5'000});
  EXPECT_LE(refused.wait, Millis{5'001});
  EXPECT_TRUE(take("b").is_allowed);
  now += Millis{4'000};
  EXPECT_FALSE(take("a").is_allowed);
  EXPECT_TRUE(take("a", 1).is_allowed) << "what costs less is still there";
  now += Millis{2'000};
  EXPECT_TRUE(take("a").is_allowed) << "what was refused was not taken out";
  now += std::chrono::hours{1};
  EXPECT_EQ(take("a").available, 25) << "never more than it holds";
}

TEST_F(CostBucketsTest, SixtyBrowsersBehindOneAddressAreServed) {
  const Rates rates{"", LimitBy::cost};
  Request request;
  request.client_address = "192.0.2.1";
  const Limit limit = limits_of(Limits::works, {}, request, rates, 5).front();
  for (int second = 0; second < 600; ++second) {
    for (int search = 0; search < 5; ++search) {  // 60 browsers, five searches a minute each
      ASSERT_TRUE(buckets.take(limit, now).is_allowed) << second;
    }
    now += std::chrono::seconds{1};
  }
  int allowed = 0;
  for (int request_number = 0; request_number < 6'000; ++request_number) {  // 100 a second
    allowed += buckets.take(limit, now).is_allowed ? 1 : 0;
    now += Millis{10};
  }
  EXPECT_LE(allowed, 900) << "ten a second, and what the bucket held";
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
