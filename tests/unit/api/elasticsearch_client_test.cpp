// The client against a server of this machine that closes connections which it said it would keep.
#include "api/elasticsearch_client.hpp"

#include <gtest/gtest.h>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace freshet::api {
namespace {

using boost::asio::ip::tcp;
using Effect = ElasticsearchClient::Effect;

/// Answers the first request of each connection and closes after it has read the second.
class ClosingServer {
 public:
  ClosingServer() : thread_{[this] { serve(); }} {}
  ~ClosingServer() {
    stopping_ = true;
    boost::system::error_code ignored;
    tcp::socket socket{context_};
    static_cast<void>(socket.connect(acceptor_.local_endpoint(), ignored));  // wakes `accept`
  }
  ClosingServer(const ClosingServer&) = delete;
  ClosingServer& operator=(const ClosingServer&) = delete;

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  int requests() const { return requests_; }

 private:
  void serve() {
    for (;;) {
      tcp::socket socket = acceptor_.accept();
      if (stopping_) {
        return;
      }
      for (const bool is_answered : {true, false}) {
        std::string head;
        boost::system::error_code fault;
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(head), "\r\n\r\n", fault);
        if (fault) {
          break;
        }
        ++requests_;
        if (is_answered) {
          boost::asio::write(
              socket,
              boost::asio::buffer(std::string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}),
              fault);
        }
      }
    }
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> stopping_ = false;
  std::atomic<int> requests_ = 0;
  std::jthread thread_;
};

/// Sends two requests, one after the other; the second meets a connection that closes.
Result<HttpAnswer> second_answer(const std::string& url, Effect effect) {
  boost::asio::io_context loop;
  Config::Elasticsearch config;
  config.url = url;
  ElasticsearchClient client{config};
  Result<HttpAnswer> answer = HttpAnswer{};
  boost::asio::co_spawn(
      loop,
      [&]() -> Task<void> {
        for (int i = 0; i < 2; ++i) {
          answer = co_await client.send("POST", effect, "/x", "",
                                        Deadline::in(std::chrono::seconds{10}));
        }
      },
      [](const std::exception_ptr& thrown) {
        if (thrown) {
          std::rethrow_exception(thrown);
        }
      });
  loop.run();
  return answer;
}

TEST(ElasticsearchClient, WhatOnlyReadsIsSentAgainWhenAKeptConnectionBroke) {
  ClosingServer server;
  const auto answer = second_answer(server.url(), Effect::reads);
  ASSERT_TRUE(answer.has_value()) << answer.error().message();
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(server.requests(), 3);
}

TEST(ElasticsearchClient, WhatChangesSomethingGoesOutOnce) {
  ClosingServer server;
  const auto answer = second_answer(server.url(), Effect::changes);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().errc(), Errc::unreachable);
  EXPECT_EQ(server.requests(), 2);
}

}  // namespace
}  // namespace freshet::api
