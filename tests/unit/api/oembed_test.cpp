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

/// As a client sends it: every byte escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte / 16], kDigits[byte % 16]};
  }
  return out;
}

class ParseOembedTakes : public testing::TestWithParam<const char*> {};

// `ID` stands for the identifier.
TEST_P(ParseOembedTakes, WhatTheOriginalTakes) {
  std::string url = GetParam();
  url.replace(url.find("ID"), 2, kId);
  const auto target = parse_oembed(Query::parse("url=" + escaped(url)));
  ASSERT_TRUE(std::holds_alternative<OembedTarget>(target)) << url;
  EXPECT_EQ(std::get<OembedTarget>(target).identifier, kId);
  EXPECT_EQ(std::get<OembedTarget>(target).url, url);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseOembedTakes,
    testing::Values(
        "HTTPS://openverse.org/image/ID", "Http://OPENVERSE.ORG/image/ID", "ftp://a.example/ID",
        "https://a.example/imágenes/ID", "https://a.example/画像/ID/", "https://a.example/🐧/ID",
        "https://bücher.example/ID", "https://例え.テスト/ID", "https://пример.рф/ID",
        "https://例え。テスト/ID", "https://🐧.example/ID", "https://xn--bcher-kva.example/ID",
        "https://a.xn--vermgensberatung-pwb/ID", "https://a.example./ID",
        "https://a.example/\"quoted\"/ID", "https://a.example/it's/ID", "https://a.example/<b>/ID",
        "https://a.example/{a}|b^c`d\\e/ID", "https://a.example/[x]/ID", "https://a.example/%zz/ID",
        "https://a.example/a%20b/ID", "https://a.example/ID?q=\"cats&dogs\"#ü",
        "https://a.example/ID?q=%", "https://a.example/ID/?a=1", "https://a.example/ID/#top",
        "https://a.example/#/image/ID", "https://a.example?page=/image/ID",
        "https://a.example:8443/ID", "https://a.example:1/ID", "https://me:secret@a.example/ID",
        "https://me@a.example/ID", "https://m?e@a.example/ID", "https://a.example?x@y/ID",
        "https://127.0.0.1/ID", "http://localhost:3000/ID", "https://[::1]/ID",
        "https://[2001:db8::7]:8080/ID", "https://a-b.c-d.example/ID", "https://1.example/ID",
        "https://a.example//ID", "https://a.example/{ID}", "https://a.example/urn:uuid:ID"));

class ParseOembedRefuses : public testing::TestWithParam<const char*> {};

TEST_P(ParseOembedRefuses, WhatIsNoUrl) {
  std::string url = GetParam();
  url.replace(url.find("ID"), 2, kId);
  const auto result = parse_oembed(Query::parse("url=" + escaped(url)));
  const Reply* reply = std::get_if<Reply>(&result);
  ASSERT_NE(reply, nullptr) << url;
  EXPECT_EQ(reply->body, R"({"detail":{"url":["Enter a valid URL."]}})");
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseOembedRefuses,
    testing::Values("ID", "/image/ID", "//a.example/ID", "a.example/ID", "https:/a.example/ID",
                    "https:a.example/ID", "gopher://a.example/ID", "javascript://a.example/ID",
                    "https:///ID", "https://nohost/ID", "https://.example/ID",
                    "https://a..example/ID", "https://-a.example/ID", "https://a-.example/ID",
                    "https://a.example-/ID", "https://a.-example/ID", "https://a.e/ID",
                    "https://a.123/ID", "https://a_b.example/ID", "https://256.0.0.1/ID",
                    "https://1.2.3/ID", "https://01.2.3.4/ID", "https://[::g]/ID",
                    "https://[::1/ID", "https://[]/ID", "https://a.example:/ID",
                    "https://a.example:123456/ID", "https://a.example:x/ID",
                    "https://a.example/a b/ID", "https://a.example/a\tb/ID",
                    "https://a.example/a\nb/ID", "https://a.example/a\u00a0b/ID",
                    "https://a.example/a\u3000b/ID", "https://a b.example/ID",
                    "https://@a.example/ID", "https://a:b:c@a.example/ID"));

TEST(ParseOembed, RefusesWhatIsTooLong) {
  const auto of_length = [](std::size_t length) {
    const std::string start = "https://a.example/";
    return start + std::string(length - start.size() - 37, 'a') + "/" + kId;
  };
  EXPECT_TRUE(
      std::holds_alternative<OembedTarget>(parse_oembed(Query::parse("url=" + of_length(2048)))));
  EXPECT_TRUE(std::holds_alternative<Reply>(parse_oembed(Query::parse("url=" + of_length(2049)))));
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
        Fault{"url=https://a.example/%00",
              R"({"detail":{"url":["Null characters are not allowed."]}})"},
        Fault{
            "url=HTTPS://b%C3%BCcher.example/%22x%22",
            R"({"detail":{"Could not parse identifier from URL.":["HTTPS://bücher.example/\"x\""]}})"},
        Fault{"url=https://nohost/x", R"({"detail":{"url":["Enter a valid URL."]}})"},
        Fault{"url=javascript:alert(1)", R"({"detail":{"url":["Enter a valid URL."]}})"},
        Fault{"url=https://a.example/x",
              R"({"detail":{"Could not parse identifier from URL.":["https://a.example/x"]}})"}));

TEST(BuildOembed, HasTheMembersOfTheWire) {
  WorkRow row;
  row.text<Field::title>() = "T";
  row.text<Field::license>() = "by";
  row.text<Field::license_version>() = "2.0";
  row.number<Field::width>() = 3;
  EXPECT_EQ(build_oembed(row),
            R"({"version":"1.0","type":"photo","width":3,"height":null,"title":"T",)"
            R"("author_name":null,"author_url":null,)"
            R"("license_url":"https://creativecommons.org/licenses/by/2.0/"})");
}

}  // namespace
}  // namespace freshet::api
