#include "core/http/curl_multi_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "simulate/http_server.hpp"

namespace freshet::http {
namespace {

using namespace std::chrono_literals;

/// A server on a thread of its own.
class Server {
 public:
  Server(simulate::Handler handler, std::chrono::milliseconds latency)
      : server_{"127.0.0.1:0", std::move(handler), latency},
        thread_{[this](const std::stop_token& stop) { server_.run(stop); }} {}
  std::string url(int number) const { return server_.address() + "/" + std::to_string(number); }

 private:
  simulate::HttpServer server_;
  std::jthread thread_;
};

Request get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

// Each of the eight is answered after a second: one after the other they would take longer.
TEST(CurlMultiClient, MakesTheExchangesOfSeveralThreadsSideBySide) {
  const Server server{
      [](const simulate::Request& request) { return simulate::Reply{200, {}, request.target}; },
      1s};
  CurlMultiClient client{{}, 8};
  const auto began = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto response = client.send(get(server.url(i)));
        ASSERT_TRUE(response) << response.error().message();
        EXPECT_EQ(response->body, "/" + std::to_string(i));
        EXPECT_EQ(response->final_url, server.url(i));
      });
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 6s);
}

TEST(CurlMultiClient, FollowsRedirectsAndBoundsBodies) {
  const Server server{[](const simulate::Request& request) {
                        return request.target == "/1"
                                   ? simulate::Reply{302, {{"Location", "/2"}}, ""}
                                   : simulate::Reply{200, {}, "twenty-two bytes of it."};
                      },
                      0ms};
  CurlMultiClient client{{}, 2};
  const auto response = client.send(get(server.url(1)));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->final_url, server.url(2));
  Request small = get(server.url(2));
  small.max_body_bytes = 10;
  EXPECT_EQ(client.send(small).error().errc(), Errc::too_large);
  EXPECT_EQ(client.send(get("ftp://127.0.0.1/")).error().errc(), Errc::invalid_value);
  EXPECT_TRUE(client.send(get(server.url(2)))) << "it is of use after failures";
}

TEST(CurlMultiClient, AStopEndsWhatIsUnderWay) {
  const Server server{[](const simulate::Request&) { return simulate::Reply{200, {}, ""}; }, 60s};
  std::stop_source stop;
  CurlMultiClient client{{.stop = stop.get_token()}, 4};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto response = client.send(get(server.url(i)));
      ASSERT_FALSE(response);
      EXPECT_EQ(response.error().errc(), Errc::unreachable);
      EXPECT_EQ(response.error().retry(), Retry::never);
    });
  }
  std::this_thread::sleep_for(100ms);
  stop.request_stop();
}

TEST(CurlMultiClient, AnExchangeThatTakesTooLongHoldsUpNoOther) {
  const Server slow{[](const simulate::Request&) { return simulate::Reply{200, {}, ""}; }, 60s};
  const Server quick{[](const simulate::Request&) { return simulate::Reply{200, {}, ""}; }, 0ms};
  CurlMultiClient client{{}, 2};
  std::jthread waits{[&] {
    Request request = get(slow.url(1));
    request.timeout = 2s;
    EXPECT_EQ(client.send(request).error().errc(), Errc::timed_out);
  }};
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(client.send(get(quick.url(i))));
  }
}

}  // namespace
}  // namespace freshet::http
