#include "api/request_reading.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

Request read(RawRequest raw) { return read_request(raw, "10.0.0.9", "localhost:8080", "made"); }

TEST(ReadRequest, SplitsTheTarget) {
  const Request request = read({.method = "GET", .target = "/v1/images/?q=a%20b&page=2#x"});
  EXPECT_EQ(request.path, "/v1/images/");
  EXPECT_EQ(request.query_text, "q=a%20b&page=2");
  EXPECT_EQ(*request.query.find("q"), "a b");
}

TEST(ReadRequest, TakesAnAbsoluteTarget) {
  EXPECT_EQ(read({.method = "GET", .target = "http://h.example/v1/?x=1"}).path, "/v1/");
  EXPECT_EQ(read({.method = "GET", .target = "http://h.example"}).path, "/");
}

TEST(ReadRequest, BuildsLinksFromWhatTheClientCalledUs) {
  EXPECT_EQ(read({.target = "/", .host = "api.example:81"}).base_url, "http://api.example:81");
  EXPECT_EQ(read({.target = "/"}).base_url, "http://localhost:8080");
  EXPECT_EQ(read({.target = "/", .host = "a\"><script>"}).base_url, "http://localhost:8080");
}

Request read_behind(const std::string& trusted, RawRequest raw) {
  return read_request(raw, "10.0.0.9", "localhost:8080", "made",
                      {.trusted_proxies = *parse_ip_networks(trusted)});
}

TEST(ReadRequest, BelievesAProxyThatIsTrusted) {
  const RawRequest raw{.target = "/",
                       .host = "inside:8080",
                       .forwarded_proto = "https",
                       .forwarded_host = "api.example, inside",
                       .forwarded_for = "192.0.2.1, 10.0.0.1"};
  for (const char* trusted : {"10.0.0.0/8", "10.0.0.1,10.0.0.9", "::ffff:10.0.0.0/104"}) {
    const Request request = read_behind(trusted, raw);
    EXPECT_EQ(request.base_url, "https://api.example") << trusted;
    EXPECT_EQ(request.client_address, "192.0.2.1") << trusted;
  }
  EXPECT_EQ(read({.target = "/"}).client_address, "10.0.0.9");
  EXPECT_EQ(read_behind("10.0.0.9", {.target = "/", .host = "h", .forwarded_proto = "javascript"})
                .base_url,
            "http://h");
}

TEST(ReadRequest, BelievesNobodyElse) {
  const RawRequest raw{.target = "/",
                       .host = "api.example",
                       .forwarded_proto = "https",
                       .forwarded_host = "evil.example",
                       .forwarded_for = "192.0.2.1"};
  for (const char* trusted : {"", "10.0.0.8", "192.0.2.1"}) {
    const Request request = read_behind(trusted, raw);
    EXPECT_EQ(request.base_url, "http://api.example") << trusted;
    EXPECT_EQ(request.client_address, "10.0.0.9") << trusted;
  }
}

struct Chain {
  const char* forwarded_for;
  const char* client;
};

// What stands before the last address that is not ours, anybody could have written.
TEST(ReadRequest, TakesTheLastAddressThatIsNoProxyOfOurs) {
  for (const Chain& row :
       {Chain{"1.1.1.1, 192.0.2.1", "192.0.2.1"},
        Chain{"192.0.2.1, 10.1.1.1, 10.2.2.2", "192.0.2.1"}, Chain{"10.1.1.1", "10.1.1.1"},
        Chain{"2001:db8::7", "2001:db8::7"}, Chain{"unknown", "10.0.0.9"},
        Chain{"192.0.2.1, unknown", "10.0.0.9"}, Chain{"", "10.0.0.9"}, Chain{" , ", "10.0.0.9"}}) {
    EXPECT_EQ(read_behind("10.0.0.0/8", {.target = "/", .forwarded_for = row.forwarded_for})
                  .client_address,
              row.client)
        << row.forwarded_for;
  }
}

TEST(ReadRequest, LinksBeginAsTheSettingsSay) {
  const Request request = read_request({.target = "/", .host = "h"}, "10.0.0.9", "l", "m",
                                       {.public_url = "https://api.example/"});
  EXPECT_EQ(request.base_url, "https://api.example");
}

TEST(ReadRequest, KeepsOnlyAHarmlessRequestId) {
  EXPECT_EQ(read({.target = "/", .request_id = "abc-1.2_3"}).request_id, "abc-1.2_3");
  EXPECT_EQ(read({.target = "/", .request_id = "a b"}).request_id, "made");
  EXPECT_EQ(read({.target = "/", .request_id = std::string(65, 'a')}).request_id, "made");
}

TEST(ReadRequest, KnowsAPreflight) {
  EXPECT_TRUE(read({.method = "OPTIONS", .target = "/", .preflight_method = "GET"}).is_preflight);
  EXPECT_FALSE(read({.method = "OPTIONS", .target = "/"}).is_preflight);
  EXPECT_FALSE(read({.method = "GET", .target = "/", .preflight_method = "GET"}).is_preflight);
}

}  // namespace
}  // namespace freshet::api
