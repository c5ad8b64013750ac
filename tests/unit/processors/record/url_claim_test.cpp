#include "processors/record/url_claim.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

constexpr std::string_view kUrl = "0123456789abcdef0123456789abcdef";
const std::string kKey = std::string{kUrl} + "|image:met:4|5";

std::string value_of(UtcTime created_on, bool answer) {
  std::string value;
  append_claim(value, created_on, answer);
  return value;
}

TEST(UrlHashText, IsThirtyTwoLowerCaseHexDigits) {
  ASSERT_TRUE(parse_url_hash(kUrl));
  EXPECT_EQ(to_hex(*parse_url_hash(kUrl)), kUrl);
  EXPECT_FALSE(parse_url_hash(kUrl.substr(1)));
  EXPECT_FALSE(parse_url_hash("0123456789ABCDEF0123456789abcdef"));
}

TEST(Claim, IsReadAsItIsWritten) {
  for (const bool answer : {false, true}) {
    const UtcTime created_on = UtcTime::from_millis(1'795'220'451'256);
    const std::string value = value_of(created_on, answer);
    const auto claim = parse_claim(kKey, value);
    ASSERT_TRUE(claim) << claim.error().message();
    EXPECT_EQ(to_hex(claim->url), kUrl);
    EXPECT_EQ(claim->work_key, "image:met:4|5");
    EXPECT_EQ(claim->created_on, created_on);
    EXPECT_EQ(claim->answer, answer);
    EXPECT_FALSE(claim->is_release);
  }
  EXPECT_EQ(value_of(UtcTime::from_millis(1'795'220'451'256), true),
            R"({"created_on":"2026-11-21T00:20:51.256Z","answer":true})");
}

TEST(Claim, IsReadInAnyOtherFormOfTheSame) {
  const auto claim = parse_claim(
      kKey, R"( {"answer": true, "more": 1, "created_on": "2026-11-21T02:00:51.2569+01:00"})");
  ASSERT_TRUE(claim) << claim.error().message();
  EXPECT_EQ(format_millis(claim->created_on), "2026-11-21T01:00:51.256Z");
  EXPECT_TRUE(claim->answer);
}

TEST(Claim, WithoutAValueIsARelease) {
  const auto claim = parse_claim(kKey, std::nullopt);
  ASSERT_TRUE(claim);
  EXPECT_TRUE(claim->is_release);
}

struct Fault {
  const char* name;
  std::string key;
  std::string value;
  Errc errc;
};

class FaultyClaim : public testing::TestWithParam<Fault> {};

TEST_P(FaultyClaim, IsRefusedWithItsReason) {
  const auto claim = parse_claim(GetParam().key, GetParam().value);
  ASSERT_FALSE(claim);
  EXPECT_EQ(claim.error().errc(), GetParam().errc);
}

const std::string kGood = R"({"created_on":"2026-11-21T01:00:51.256Z"})";
INSTANTIATE_TEST_SUITE_P(
    Cases, FaultyClaim,
    testing::Values(Fault{"NoWork", std::string{kUrl} + "|", kGood, Errc::wrong_key},
                    Fault{"NoBar", std::string{kUrl} + ".image:met:4", kGood, Errc::wrong_key},
                    Fault{"ShortHash", "0123|image:met:4", kGood, Errc::wrong_key},
                    Fault{"NoUtf8", std::string{kUrl} + "|image:met:\xff", kGood, Errc::wrong_key},
                    Fault{"NoJson", kKey, R"({"created_on":"2026-11-21T01:00:51.256Z")",
                          Errc::malformed_payload},
                    Fault{"NoTime", kKey, R"({"answer":true})", Errc::missing_field},
                    Fault{"NoSuchDay", kKey, R"({"created_on":"2026-02-31T01:00:51.256Z"})",
                          Errc::invalid_value},
                    Fault{"Before1970", kKey, R"({"created_on":"1969-12-31T23:59:59.999Z"})",
                          Errc::invalid_value}),
    [](const auto& instance) { return instance.param.name; });

TEST(Verdict, IsReadAsItIsWritten) {
  std::string key;
  append_verdict_key(key, "image:met:4|5", *parse_url_hash(kUrl));
  std::string value;
  append_verdict(value, R"(image:flickr:"1")");
  const auto verdict = parse_verdict(key, value);
  ASSERT_TRUE(verdict) << verdict.error().message();
  EXPECT_EQ(verdict->work_key, "image:met:4|5");
  EXPECT_EQ(verdict->url_hash, kUrl);
  EXPECT_EQ(verdict->owner, R"(image:flickr:"1")");
}

TEST(Verdict, IsRefusedWithoutAWorkUrlOrOwner) {
  const std::string key = "image:met:4|" + std::string{kUrl};
  const std::string value = R"({"owner":"image:met:5"})";
  EXPECT_EQ(parse_verdict("image:met:4", value).error().errc(), Errc::wrong_key);
  EXPECT_EQ(parse_verdict("met:4|" + std::string{kUrl}, value).error().errc(), Errc::wrong_key);
  EXPECT_EQ(parse_verdict(key, "[]").error().errc(), Errc::missing_field);
  EXPECT_EQ(parse_verdict(key, "{").error().errc(), Errc::malformed_payload);
  EXPECT_EQ(parse_verdict(key, R"({"owner":"met"})").error().errc(), Errc::invalid_value);
}

}  // namespace
}  // namespace freshet
