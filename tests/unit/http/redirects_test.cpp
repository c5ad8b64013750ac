#include <gtest/gtest.h>

#include "core/http/curl_exchange.hpp"

namespace freshet::http {
namespace {

constexpr const char* kUrl = "https://a.example/1";

Response leads_to(const std::string& url) { return {302, {{"location", url}}, "", kUrl}; }

TEST(Redirects, ShareTheTimeOfTheRequest) {
  Request request;
  request.url = kUrl;
  request.timeout = std::chrono::minutes{5};
  std::vector<Deadline::Clock::time_point> ends;
  const auto before = Deadline::Clock::now();
  const auto response =
      follow_redirects({}, request, [&](const CurlExchange::Target& target) -> Result<Response> {
        ends.push_back(target.deadline.at());
        return ends.size() < 4 ? leads_to("https://b.example/" + std::to_string(ends.size()))
                               : Response{200, {}, "", target.url};
      });
  ASSERT_TRUE(response);
  ASSERT_EQ(ends.size(), 4U);
  EXPECT_GE(ends.front(), before + request.timeout);
  for (const auto& end : ends) {
    EXPECT_EQ(end, ends.front());
  }
}

TEST(Redirects, NoneIsFollowedWhenTheTimeIsOver) {
  const CurlOptions options;
  CurlExchange exchange{options};
  Request request;
  request.url = kUrl;
  request.timeout = std::chrono::milliseconds{0};
  const auto response = follow_redirects(options, request, [&](const CurlExchange::Target& target) {
    const auto prepared = exchange.prepare(request, target, CurlExchange::Version::http_1_1);
    return prepared ? Result<Response>{leads_to(kUrl)} : Result<Response>{prepared.error()};
  });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().errc(), Errc::timed_out);
  EXPECT_EQ(response.error().retry(), Retry::after_backoff);
}

}  // namespace
}  // namespace freshet::http
