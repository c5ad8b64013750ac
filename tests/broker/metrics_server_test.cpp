#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>

#include "core/check.hpp"
#include "core/http/curl_client.hpp"
#include "core/metrics.hpp"

namespace freshet {
namespace {

using testing::HasSubstr;

http::Response get(const MetricsServer& server, const std::string& path,
                   http::Method method = http::Method::get) {
  http::CurlClient client{{}};
  http::Request request;
  request.method = method;
  request.url = "http://" + server.address() + path;
  auto response = client.send(request);
  EXPECT_TRUE(response) << (response ? "" : response.error().message());
  return response ? *response : http::Response{};
}

TEST(MetricsServer, ServesOnAPortOfItsOwn) {
  Metrics metrics;
  metrics.counter("freshet_n_total", "n").add(3);
  MetricsServer server{metrics, "127.0.0.1:0"};
  EXPECT_TRUE(server.address().starts_with("127.0.0.1:"));
  EXPECT_FALSE(server.address().ends_with(":0"));
  const http::Response text = get(server, "/metrics?x=1");
  EXPECT_EQ(text.status, 200);
  EXPECT_THAT(text.body, HasSubstr("freshet_n_total 3"));
  ASSERT_NE(text.header("content-type"), nullptr);
  EXPECT_THAT(*text.header("content-type"), HasSubstr("version=0.0.4"));
  EXPECT_EQ(get(server, "/healthz").status, 200);
  EXPECT_EQ(get(server, "/nothing").status, 404);
  EXPECT_EQ(get(server, "/healthz", http::Method::head).body, "");
}

TEST(MetricsServer, IsReadyWhenEveryRoleOfTheProcessIs) {
  Metrics metrics;
  MetricsServer server{metrics, "127.0.0.1:0"};
  server.add_component("sink", [] { return std::optional<std::string>{}; });
  EXPECT_EQ(get(server, "/readyz").status, 200);
  {
    MetricsServer second{metrics, "127.0.0.1:0"};
    EXPECT_EQ(second.address(), server.address());
    second.add_component("api", [] { return std::optional<std::string>{"store away"}; });
    const http::Response answer = get(server, "/readyz");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body, "api: store away\n");
  }
  EXPECT_EQ(get(server, "/readyz").status, 200);
}

TEST(MetricsServer, StopsWithoutWaitingForAClient) {
  Metrics metrics;
  auto server = std::make_unique<MetricsServer>(metrics, "127.0.0.1:0");
  EXPECT_EQ(get(*server, "/healthz").status, 200);
  const auto start = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{1});
}

TEST(MetricsServer, RefusesAnAddressThatItCannotHave) {
  Metrics metrics;
  MetricsServer server{metrics, "127.0.0.1:0"};
  Metrics others;
  EXPECT_THROW((MetricsServer{others, server.address()}), StartupError);
  EXPECT_THROW((MetricsServer{others, "192.0.2.1:1"}), StartupError);  // not of this machine
  EXPECT_THROW((MetricsServer{others, "nowhere"}), StartupError);
}

}  // namespace
}  // namespace freshet
