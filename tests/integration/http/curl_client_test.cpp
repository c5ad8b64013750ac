#include "core/http/curl_client.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <mutex>
#include <thread>

namespace freshet::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using ServerRequest = beast::http::request<beast::http::string_body>;
using ServerResponse = beast::http::response<beast::http::string_body>;

/// Serves one connection after the other on a loopback port, each until its client closes it.
class Server {
 public:
  using Handler = std::function<void(const ServerRequest&, ServerResponse&)>;

  explicit Server(Handler handler) : handler_{std::move(handler)}, thread_{[this] { serve(); }} {}
  ~Server() {
    stopped_ = true;
    // Wakes the accept; a connection that a test left open has been closed by its client.
    asio::io_context io;
    tcp::socket waker{io};
    boost::system::error_code ignored;
    waker.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  int connections() const { return connections_; }
  std::vector<ServerRequest> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }

 private:
  void serve() {
    while (!stopped_) {
      tcp::socket socket{io_};
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (error || stopped_) {
        return;
      }
      ++connections_;
      beast::flat_buffer buffer;
      while (true) {
        ServerRequest request;
        beast::http::read(socket, buffer, request, error);
        if (error) {
          break;
        }
        {
          const std::lock_guard lock{mutex_};
          requests_.push_back(request);
        }
        ServerResponse response{beast::http::status::ok, request.version()};
        response.keep_alive(true);
        handler_(request, response);
        if (response.count("x-raw") > 0) {  // the body is the whole answer, byte by byte
          asio::write(socket, asio::buffer(response.body()), error);
          continue;
        }
        if (response.find("content-length") == response.end()) {
          response.content_length(response.body().size());
        }
        beast::http::response_serializer<beast::http::string_body> serializer{response};
        if (request.method() == beast::http::verb::head) {
          beast::http::write_header(socket, serializer, error);
        } else {
          beast::http::write(socket, serializer, error);
        }
        if (error) {
          break;
        }
      }
    }
  }

  Handler handler_;
  asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> stopped_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<ServerRequest> requests_;
  std::thread thread_;
};

Request get(const std::string& url) {
  Request request;
  request.url = url;
  request.timeout = std::chrono::seconds{5};
  return request;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(compressBound(text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(CurlClient, KeepsOneConnectionAndSendsWhatItWasGiven) {
  Server server{[](const ServerRequest& request, ServerResponse& response) {
    response.set("X-Seen", request.target());
    response.body() = std::string{request["user-agent"]} + "," + std::string{request["accept"]};
  }};
  CurlClient client{{.user_agent = "Freshet/test"}};
  Request request = get(server.url() + "/é a?x=1");
  request.query = {{"q", "a b"}};
  request.headers = {{"Accept", "application/json"}};
  for (int i = 0; i < 3; ++i) {
    const auto response = client.send(request);
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "Freshet/test,application/json");
    EXPECT_EQ(*response->header("x-seen"), "/%C3%A9%20a?x=1&q=a+b");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, PostsABodyAndReadsOnlyTheHeadersOfHead) {
  Server server{[](const ServerRequest& request, ServerResponse& response) {
    if (request.method() == beast::http::verb::head) {
      response.content_length(123'456);
    } else {
      response.body() = request.body();
    }
  }};
  CurlClient client{{}};
  Request request = get(server.url() + "/");
  request.method = Method::post;
  request.body = R"({"a":1})";
  EXPECT_EQ(client.send(request)->body, request.body);
  request.method = Method::head;
  const auto head = client.send(request);
  ASSERT_TRUE(head);
  EXPECT_EQ(*head->header("content-length"), "123456");
  EXPECT_EQ(head->body, "");
}

TEST(CurlClient, UnpacksAndBoundsTheBodyByItsUnpackedSize) {
  Server server{[](const ServerRequest&, ServerResponse& response) {
    response.set("Content-Encoding", "gzip");
    response.body() = gzip(std::string(1'000'000, 'x'));
  }};
  CurlClient client{{}};
  Request request = get(server.url() + "/");
  const auto whole = client.send(request);
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(whole->body.size(), 1'000'000U);
  request.max_body_bytes = 999'999;
  EXPECT_EQ(client.send(request).error().errc(), Errc::too_large);
  EXPECT_EQ(client.send(request).error().retry(), Retry::never);
}

TEST(CurlClient, TakesAHeaderLineOfNearlyAHundredKibibytes) {
  std::atomic<std::size_t> size = 0;
  Server server{[&](const ServerRequest&, ServerResponse& response) {
    response.set("X-Raw", "");  // Beast writes no field of more than 64 KiB
    response.body() =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Json: " + std::string(size, 'j') + "\r\n\r\n";
  }};
  CurlClient client{{}};
  size = 100 * 1024 - 64;
  const auto response = client.send(get(server.url() + "/"));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->header("x-json")->size(), size);
  size = 101 * 1024;
  EXPECT_FALSE(client.send(get(server.url() + "/")));
}

TEST(CurlClient, FollowsRedirectsInsideTheMirrorAndNamesTheOriginal) {
  Server* self = nullptr;
  Server server{[&](const ServerRequest& request, ServerResponse& response) {
    const std::string target{request.target()};
    const auto redirect = [&](const std::string& to) {
      response.result(302);
      response.set("Location", to);
    };
    if (target == "/m/a.example/start") {
      redirect("https://b.example/next?x=1");
    } else if (target == "/m/b.example/next?x=1") {
      redirect("/third");
    } else if (target == "/m/b.example/third") {
      redirect(self->url() + "/m/c.example/end");
    } else {
      response.body() =
          target + "," + std::string{request["x-key"]} + "," + std::string{request["accept"]};
    }
  }};
  self = &server;
  CurlClient client{{.mirror = server.url() + "/m/"}};
  Request request = get("https://a.example/start");
  request.headers = {{"X-Key", "secret"}, {"Accept", "text/html"}};
  const auto response = client.send(request);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->final_url, "https://c.example/end");
  EXPECT_EQ(response->body, "/m/c.example/end,,text/html") << "no key goes to another host";
  request.redirects = Redirects::stop;
  EXPECT_EQ(client.send(request)->status, 302);
}

/// What a client's second request carried of the first one's secrets.
std::string secrets_of(const ServerRequest& request) {
  return std::string{request["x-key"]} + "," + std::string{request["authorization"]};
}

Request with_a_key(const std::string& url) {
  Request request = get(url);
  request.headers = {{"X-Key", "secret"}, {"Accept", "text/html"}};
  return request;
}

TEST(CurlClient, CredentialsStayWithSchemeHostAndPort) {
  Server other{[](const ServerRequest& request, ServerResponse& response) {
    response.body() = secrets_of(request) + "," + std::string{request["accept"]};
  }};
  std::string location = "/end";
  Server server{[&](const ServerRequest& request, ServerResponse& response) {
    if (request.target() == "/start") {
      response.result(302);
      response.set("Location", location);
    } else {
      response.body() = secrets_of(request);
    }
  }};
  CurlClient client{{.username = "u", .password = "p"}};
  const auto same = client.send(with_a_key(server.url() + "/start"));
  ASSERT_TRUE(same) << same.error().message();
  EXPECT_EQ(same->body, "secret,Basic dTpw") << "the same origin gets them";
  location = other.url() + "/end";
  const auto response = client.send(with_a_key(server.url() + "/start"));
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, ",,text/html") << "another port does not";
}

TEST(CurlClient, BehindAMirrorTheOriginalsOriginsCount) {
  std::string location;
  Server server{[&](const ServerRequest& request, ServerResponse& response) {
    if (request.target() == "/m/a.example/start") {
      response.result(302);
      response.set("Location", location);
    } else {
      response.body() = std::string{request.target()} + "," + secrets_of(request);
    }
  }};
  CurlClient client{{.mirror = server.url() + "/m", .username = "u", .password = "p"}};
  const auto body_by = [&](const std::string& where) {
    location = where;
    const auto response = client.send(with_a_key("https://a.example/start"));
    return response ? response->body : response.error().message();
  };
  EXPECT_EQ(body_by("/end"), "/m/a.example/end,secret,Basic dTpw");
  EXPECT_EQ(body_by("https://a.example:443/end"), "/m/a.example:443/end,secret,Basic dTpw");
  EXPECT_EQ(body_by("http://a.example/end"), "/m/a.example/end,,") << "another scheme";
  EXPECT_EQ(body_by("https://a.example:8443/end"), "/m/a.example:8443/end,,") << "another port";
  EXPECT_EQ(body_by(server.url() + "/m/a.example/end"), "/m/a.example/end,secret,Basic dTpw")
      << "the mirror's name for the same origin";
}

TEST(CurlClient, GivesUpAfterTenRedirects) {
  std::atomic<int> answered = 0;
  Server server{[&](const ServerRequest&, ServerResponse& response) {
    ++answered;
    response.result(301);
    response.set("Location", "/again");
  }};
  CurlClient client{{}};
  EXPECT_EQ(client.send(get(server.url() + "/")).error().retry(), Retry::never);
  EXPECT_EQ(answered, 11);
}

TEST(CurlClient, SaysWhetherTryingAgainMayHelp) {
  std::string closed;
  {
    Server server{[](const ServerRequest&, ServerResponse&) {}};
    closed = server.url();
  }
  CurlClient client{{}};
  const auto refused = client.send(get(closed + "/?key=secret")).error();
  EXPECT_EQ(refused.errc(), Errc::unreachable);
  EXPECT_EQ(refused.retry(), Retry::after_backoff);
  EXPECT_EQ(refused.message().find("secret"), std::string::npos);
  EXPECT_EQ(client.send(get("ftp://a.example/")).error().retry(), Retry::never);

  Server slow{[](const ServerRequest&, ServerResponse&) {
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
  }};
  Request request = get(slow.url() + "/");
  request.timeout = std::chrono::milliseconds{100};
  EXPECT_EQ(client.send(request).error().errc(), Errc::timed_out);
}

TEST(CurlClient, AStopEndsAnExchangeUnderWay) {
  std::stop_source stop;
  Server slow{[&](const ServerRequest&, ServerResponse&) {
    stop.request_stop();
    std::this_thread::sleep_for(std::chrono::milliseconds{2'500});
  }};
  CurlClient client{{.stop = stop.get_token()}};
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(client.send(get(slow.url() + "/")).error().retry(), Retry::never);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds{2'000});
}

}  // namespace
}  // namespace freshet::http
