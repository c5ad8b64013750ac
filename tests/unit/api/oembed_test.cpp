#include "api/oembed.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

TEST(ParseOembed, FindsTheUuidAtTheEnd) {
  for (const std::string& url :
       {std::string{"https://a.example/image/"} + kId, std::string{"http://a.example/"} + kId + "/",
        std::string{"https://localhost/x/"} + kId + "?utm=1",
        std::string{"https://a.example/0B6C5C8E5A0E4D6B9C557A8F2F0F9F11"}}) {
    const auto target = parse_oembed(Query::parse("url=" + url));
    ASSERT_TRUE(std::holds_alternative<OembedTarget>(target)) << url;
    EXPECT_EQ(std::get<OembedTarget>(target).identifier, kId);
  }
}

struct Fault {
  const char* query;
  const char* body;
};

class ParseOembedFaults : public testing::TestWithParam<Fault> {};

TEST_P(ParseOembedFaults, AreNamed) {
  const auto result = parse_oembed(Query::parse(GetParam().query));
  const Reply* reply = std::get_if<Reply>(&result);
  ASSERT_NE(reply, nullptr);
  EXPECT_EQ(reply->status, 400U);
  EXPECT_EQ(reply->body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseOembedFaults,
    testing::Values(
        Fault{"", R"({"detail":{"url":["This field is required."]}})"},
        Fault{"url=", R"({"detail":{"url":["This field may not be blank."]}})"},
        Fault{"url=abc", R"({"detail":{"url":["Enter a valid URL."]}})"},
        Fault{"url=https://nohost/x", R"({"detail":{"url":["Enter a valid URL."]}})"},
        Fault{"url=javascript:alert(1)", R"({"detail":{"url":["Enter a valid URL."]}})"},
        Fault{"url=https://a.example/x",
              R"({"detail":{"Could not parse identifier from URL.":["https://a.example/x"]}})"}));

TEST(BuildOembed, HasTheMembersOfTheWire) {
  WorkRow row;
  row.title = "T";
  row.license = "by";
  row.license_version = "2.0";
  row.width = 3;
  EXPECT_EQ(build_oembed(row),
            R"({"version":"1.0","type":"photo","width":3,"height":null,"title":"T",)"
            R"("author_name":null,"author_url":null,)"
            R"("license_url":"https://creativecommons.org/licenses/by/2.0/"})");
}

}  // namespace
}  // namespace freshet::api
