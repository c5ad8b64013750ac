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

TEST(ReadRequest, BelievesTheProxyFirst) {
  const Request request = read({.target = "/",
                                .host = "inside:8080",
                                .forwarded_proto = "https",
                                .forwarded_host = "api.example, inside",
                                .forwarded_for = "192.0.2.1, 10.0.0.1"});
  EXPECT_EQ(request.base_url, "https://api.example");
  EXPECT_EQ(request.client_address, "192.0.2.1");
  EXPECT_EQ(read({.target = "/"}).client_address, "10.0.0.9");
  EXPECT_EQ(read({.target = "/", .host = "h", .forwarded_proto = "javascript"}).base_url,
            "http://h");
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
