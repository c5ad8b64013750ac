// The server over a real socket of this machine: what becomes of bodies on the wire.
#include "api/server.hpp"

#include <gtest/gtest.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "tests/unit/api/test_table.hpp"

namespace freshet::api {
namespace {

using boost::asio::ip::tcp;

constexpr const char* kEcho =
    "POST /v1/images/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/echo/ HTTP/1.1"
    "\r\nHost: h\r\nContent-Type: application/json\r\n";
constexpr const char* kGoodbye = "GET /v1/both/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

class ServerTest : public testing::Test {
 protected:
  ServerTest() { server.listen("127.0.0.1:0"); }

  class Client {
   public:
    explicit Client(const std::string& address) {
      const std::size_t colon = address.find(':');
      boost::asio::connect(socket_, tcp::resolver{context_}.resolve(address.substr(0, colon),
                                                                    address.substr(colon + 1)));
    }
    void send(const std::string& text) { boost::asio::write(socket_, boost::asio::buffer(text)); }
    /// All that comes until the server closes.
    std::string rest() {
      std::string text;
      boost::system::error_code fault;
      boost::asio::read(socket_, boost::asio::dynamic_buffer(text), fault);
      EXPECT_EQ(fault, boost::asio::error::eof) << "not an orderly end";
      return text;
    }
    /// What comes, once it is as much as that.
    std::string next(std::size_t size) {
      std::string text(size, '\0');
      boost::asio::read(socket_, boost::asio::buffer(text));
      return text;
    }

   private:
    boost::asio::io_context context_;
    tcp::socket socket_{context_};
  };

  std::string exchange(const std::string& text) {
    Client client{server.address()};
    client.send(text);
    return client.rest();
  }

  static int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) {
      ++found;
    }
    return found;
  }

  TestServices test;
  Server server{2, [this] { return std::make_unique<Dispatcher>(test.services(), test.router); },
                test.metrics};
};

TEST_F(ServerTest, ABodyIsSentAsItIsMade) {
  const std::string ask = "GET /v1/stream/ HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string answer = exchange(ask + kGoodbye);
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\n\r\n3\r\nbbb\r\n3\r\nddd\r\n0\r\n\r\nHTTP/1.1 200"), std::string::npos)
      << answer;
  const std::string sized =
      exchange("GET /v1/stream/?sized=1 HTTP/1.1\r\nHost: h\r\n\r\n" + std::string{kGoodbye});
  EXPECT_NE(sized.find("Content-Length: 6\r\n"), std::string::npos) << sized;
  EXPECT_NE(sized.find("\r\n\r\nbbbdddHTTP/1.1 200"), std::string::npos) << sized;
  const std::string head =
      exchange("HEAD /v1/stream/?sized=1 HTTP/1.1\r\nHost: h\r\n\r\n" + std::string{kGoodbye});
  EXPECT_NE(head.find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_EQ(head.find("bbb"), std::string::npos);
  const std::string old = exchange("GET /v1/stream/ HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\nbbbddd")) << "its end is the end of the connection";
}

TEST_F(ServerTest, AStreamWithoutEndDoesNotKeepTheServer) {
  Client client{server.address()};
  client.send("GET /v1/silence/ HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string text;
  while (text.find("\r\non\r\n") == text.npos) {
    text += client.next(1);
  }
  const auto began = std::chrono::steady_clock::now();
  server.stop(std::chrono::seconds{10});
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{5});
  EXPECT_EQ(client.rest().find("0\r\n\r\n"), std::string::npos)
      << "what was cut short must not look whole";
}

TEST_F(ServerTest, ABodyIsRead) {
  const std::string answer =
      exchange(std::string{kEcho} + "Content-Length: 7\r\n\r\n{\"a\":1}" + kGoodbye);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n")) << answer;
  EXPECT_EQ(count(answer, R"("content":{"a":1})"), 1);
  EXPECT_EQ(count(answer, R"({"hello":"you"})"), 1) << "the connection goes on behind it";
}

TEST_F(ServerTest, AChunkedBodyIsRead) {
  const std::string answer =
      exchange(std::string{kEcho} +
               "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":2}\r\n0\r\n\r\n" + kGoodbye);
  EXPECT_EQ(count(answer, R"("content":{"a":2})"), 1) << answer;
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 2);
}

TEST_F(ServerTest, ABodyOfNothingIsNone) {
  const std::string answer = exchange(std::string{kEcho} + "Content-Length: 0\r\n\r\n" + kEcho +
                                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kGoodbye);
  EXPECT_EQ(count(answer, R"("has_body":false)"), 2) << answer;
}

TEST_F(ServerTest, ABodyOverTheRoutesLimitIsRefusedAndTheConnectionClosed) {
  const std::string large(1001, 'x');
  for (const std::string& request :
       {std::string{kEcho} + "Content-Length: 1001\r\n\r\n" + large + kGoodbye,
        std::string{kEcho} + "Content-Length: 99999999999\r\n\r\n",
        std::string{kEcho} + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + large + "\r\n0\r\n\r\n" +
            kGoodbye}) {
    Client client{server.address()};
    client.send(request);
    if (request.find("99999999999") != request.npos) {
      client.send(large);
    }
    const std::string answer = client.rest();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
    EXPECT_EQ(count(answer, "HTTP/1.1 "), 1);
    EXPECT_EQ(count(answer, R"({"detail":"The request body is too large."})"), 1);
    EXPECT_EQ(count(answer, "Access-Control-Allow-Origin: *"), 1);
  }
  EXPECT_EQ(count(exchange(std::string{kEcho} + "Content-Length: 1000\r\n\r\n" +
                           std::string(1000, ' ') + kGoodbye),
                  "HTTP/1.1 400 "),
            1)
      << "at the limit it is read, and is no JSON";
}

TEST_F(ServerTest, ABodyThatNobodyWantsIsThrownAway) {
  const std::string body(60'000, 'x');
  const std::string length = "Content-Length: 60000\r\n\r\n" + body;
  const std::string answer =
      exchange("GET /v1/both/ HTTP/1.1\r\nHost: h\r\n" + length +
               "DELETE /v1/both/ HTTP/1.1\r\nHost: h\r\n" + length +
               "POST /v1/both/ HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n" + length +
               "POST /nowhere/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n" +
               body + "\r\n0\r\n\r\n" + kGoodbye);
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 5) << answer;
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 2);
  EXPECT_EQ(count(answer, "HTTP/1.1 405 "), 1);
  EXPECT_EQ(count(answer, "HTTP/1.1 415 "), 1);
  EXPECT_EQ(count(answer, "HTTP/1.1 404 "), 1);
  EXPECT_TRUE(exchange("GET /v1/both/ HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n")
                  .starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, AClientThatAsksFirstIsToldToGoOn) {
  Client client{server.address()};
  client.send(std::string{kEcho} + "Content-Length: 7\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.next(25), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("{\"a\":1}" + std::string{kGoodbye});
  const std::string answer = client.rest();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 ")) << answer;
  EXPECT_EQ(count(answer, R"({"hello":"you"})"), 1);
}

TEST_F(ServerTest, AClientThatAsksFirstAndIsNotWantedGetsItsReplyAtOnce) {
  for (const auto& [head, status] :
       {std::pair{"POST /v1/both/ HTTP/1.1\r\nContent-Type: text/plain\r\n", "415"},
        {"GET /v1/both/ HTTP/1.1\r\n", "200"},
        {"POST /v1/mine/ HTTP/1.1\r\n", "405"}}) {
    const std::string answer = exchange(std::string{head} + "Host: h\r\nContent-Length: 7\r\n" +
                                        "Expect: 100-continue\r\n\r\n");
    EXPECT_TRUE(answer.starts_with(std::string{"HTTP/1.1 "} + status)) << answer;
    EXPECT_EQ(count(answer, "Connection: close"), 1);
  }
  EXPECT_TRUE(exchange(std::string{kEcho} + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
                  .starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerTest, WhatIsNoRequestIsRefused) {
  EXPECT_TRUE(exchange("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(exchange(std::string{kEcho} + "Content-Length: 7\r\n" +
                       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "))
      << "two lengths: another server in front might believe the other one";
  EXPECT_TRUE(exchange(std::string{kEcho} + "Transfer-Encoding: chunked\r\n\r\nzz\r\n")
                  .starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, APartThatThrowsIsStartedAgain) {
  std::atomic<int> starts{0};
  server.spawn("shaky", [&]() -> Task<void> {
    if (starts.fetch_add(1) == 0) {
      throw std::runtime_error{"shaken"};
    }
    starts.notify_all();
    co_return;
  });
  for (int seen = 0; (seen = starts.load()) < 2;) {
    starts.wait(seen);
  }
  EXPECT_EQ(starts.load(), 2);
}

}  // namespace
}  // namespace freshet::api
