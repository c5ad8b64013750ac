#include "core/http/url.hpp"

#include <gtest/gtest.h>

#include "core/http/http_client.hpp"

namespace freshet::http {
namespace {

struct Redirect {
  const char* name;
  const char* base;
  const char* location;
  const char* expected;  // null: nothing
};

struct Origin {
  const char* name;
  const char* url;
  const char* expected;  // null: nothing
};

class OriginOf : public ::testing::TestWithParam<Origin> {};

TEST_P(OriginOf, IsSchemeHostAndPort) {
  const auto& row = GetParam();
  const auto result = origin_of(row.url);
  ASSERT_EQ(result.has_value(), row.expected != nullptr);
  if (result) {
    EXPECT_EQ(*result, row.expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, OriginOf,
    ::testing::Values(Origin{"PortOfTheScheme", "https://A.org/x?y", "https://a.org:443"},
                      Origin{"PortSaid", "http://a.org:80", "http://a.org:80"},
                      Origin{"PortOfItsOwn", "HTTP://a.org:8080/", "http://a.org:8080"},
                      Origin{"Credentials", "https://u:p@a.org/", "https://a.org:443"},
                      Origin{"NumericHost", "http://[::1]:9200/", "http://[::1]:9200"},
                      Origin{"OtherScheme", "ftp://a.org/", nullptr},
                      Origin{"NoUrl", "a b", nullptr}),
    [](const auto& row) { return row.param.name; });

class ResolveUrl : public ::testing::TestWithParam<Redirect> {};

TEST_P(ResolveUrl, FollowsTheRules) {
  const auto& row = GetParam();
  const auto result = resolve_url(row.base, row.location);
  ASSERT_EQ(result.has_value(), row.expected != nullptr);
  if (result) {
    EXPECT_EQ(*result, row.expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ResolveUrl,
    ::testing::Values(
        Redirect{"Absolute", "https://a.org/x", "http://b.org/y?q=1", "http://b.org/y?q=1"},
        Redirect{"SchemeRelative", "https://a.org/x", "//b.org/y", "https://b.org/y"},
        Redirect{"Path", "https://a.org/x/y?q=1", "/z", "https://a.org/z"},
        Redirect{"RelativePath", "https://a.org/x/y", "z", "https://a.org/x/z"},
        Redirect{"QueryOnly", "https://a.org/x/y?q=1", "?q=2", "https://a.org/x/y?q=2"},
        Redirect{"FragmentDropped", "https://a.org/x", "/y#part", "https://a.org/y"},
        Redirect{"PortKept", "https://a.org:8443/x", "/y", "https://a.org:8443/y"},
        Redirect{"SpaceEncoded", "https://a.org/x", "/a b", "https://a.org/a%20b"},
        Redirect{"OtherScheme", "https://a.org/x", "ftp://b.org/y", nullptr},
        Redirect{"NoBase", "nonsense", "ftp://b.org/y", nullptr}),
    [](const auto& row) { return row.param.name; });

TEST(Mirror, KeepsHostPathAndQuery) {
  EXPECT_EQ(to_mirror("http://m:1", "https://a.org/v1/x?q=1"), "http://m:1/a.org/v1/x?q=1");
  EXPECT_EQ(to_mirror("http://m:1/met/paging/", "https://a.org/x"),
            "http://m:1/met/paging/a.org/x");
  EXPECT_EQ(to_mirror("http://m:1", "https://a.org"), "http://m:1/a.org/");
  EXPECT_EQ(to_mirror("http://m:1", "https://a.org?q=1"), "http://m:1/a.org/?q=1");
  EXPECT_EQ(to_mirror("http://m:1", "https://a.org:8443/x"), "http://m:1/a.org:8443/x");
}

TEST(Mirror, GivesBackTheOriginal) {
  EXPECT_EQ(from_mirror("http://m:1/c/", "http://m:1/c/a.org/x?q=1", "https"),
            "https://a.org/x?q=1");
  EXPECT_EQ(from_mirror("http://m:1", "http://m:12/a.org/x", "https"), std::nullopt);
  EXPECT_EQ(from_mirror("http://m:1", "https://b.org/x", "https"), std::nullopt);
}

TEST(HostOf, IsLowerCaseWithoutPort) {
  EXPECT_EQ(host_of("https://API.Example.org:8443/x"), "api.example.org");
  EXPECT_EQ(host_of("mailto:x@example.org"), std::nullopt);
  EXPECT_EQ(host_of(""), std::nullopt);
}

TEST(EncodeUrl, LeavesNothingThatMayNotStandInAUrl) {
  EXPECT_EQ(encode_url("https://a.org/é x\n\"<b>\\?q=%20|{}"),
            "https://a.org/%C3%A9%20x%0A%22%3Cb%3E%5C?q=%20%7C%7B%7D");
  EXPECT_EQ(encode_url("https://a.org/~a-b_c.d!$&'()*+,;=:@/?#[]%41"),
            "https://a.org/~a-b_c.d!$&'()*+,;=:@/?#[]%41");
}

TEST(Query, IsFormEncodedAndReadBack) {
  const Query query{{"iiprop", "url|user"}, {"q", "a b+c"}, {"filter[]", "é"}, {"blank", ""}};
  const std::string text = encode_query(query);
  EXPECT_EQ(text, "iiprop=url%7Cuser&q=a+b%2Bc&filter%5B%5D=%C3%A9&blank=");
  EXPECT_EQ(decode_query(text), query);
}

TEST(Query, ReadsWhatOthersWrite) {
  EXPECT_EQ(decode_query("a&b=%zz&&c=1%2"), (Query{{"a", ""}, {"b", "%zz"}, {"c", "1%2"}}));
}

TEST(FullUrl, AddsToAQueryThatIsThere) {
  Request request;
  request.url = "https://a.org/x?y=1#part";
  request.query = {{"z", "2"}};
  EXPECT_EQ(full_url(request), "https://a.org/x?y=1&z=2");
  request.url = "https://a.org/x";
  EXPECT_EQ(full_url(request), "https://a.org/x?z=2");
}

}  // namespace
}  // namespace freshet::http
