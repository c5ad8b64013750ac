#include "simulate/http_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>

#include "core/check.hpp"
#include "core/log.hpp"

namespace freshet::simulate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr std::size_t kMaxHeaderBytes = 1U << 20U;
constexpr std::chrono::seconds kIdleTimeout{120};

tcp::endpoint parse_endpoint(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  std::uint16_t port = 0;
  boost::system::error_code bad_address;
  if (colon == std::string::npos) {
    throw StartupError("--listen " + listen + ": not host:port");
  }
  std::string host = listen.substr(0, colon);
  if (host == "localhost") {
    host = "127.0.0.1";
  }
  const auto address = asio::ip::make_address(host, bad_address);
  const char* end = listen.data() + listen.size();
  const auto parsed = std::from_chars(listen.data() + colon + 1, end, port);
  if (bad_address || parsed.ec != std::errc{} || parsed.ptr != end) {
    throw StartupError("--listen " + listen + ": not an IP address and a port");
  }
  return {address, port};
}

using Received = beast::http::request<beast::http::string_body>;

template <class Body>
beast::http::response<Body> start_response(const Received& request, const Reply& reply) {
  beast::http::response<Body> response;
  response.version(11);
  response.result(static_cast<unsigned>(reply.status));
  for (const auto& [name, value] : reply.headers) {
    response.insert(name, value);
  }
  response.keep_alive(request.keep_alive());
  return response;
}

asio::awaitable<void> send(beast::tcp_stream& stream, const Received& request, Reply reply) {
  if (request.method() == beast::http::verb::head) {
    auto response = start_response<beast::http::empty_body>(request, reply);
    if (reply.body && response.find(beast::http::field::content_length) == response.end()) {
      response.content_length(reply.body->size());
    }
    co_await beast::http::async_write(stream, response, asio::use_awaitable);
    co_return;
  }
  auto response = start_response<beast::http::string_body>(request, reply);
  response.body() = std::move(reply.body).value_or("");
  response.content_length(response.body().size());
  co_await beast::http::async_write(stream, response, asio::use_awaitable);
}

// An exception must not pass for a network fault: whoever asked would only see a cut connection.
Reply guarded(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    log::error("simulated_reply_failed", {{"target", request.target}, {"error", error.what()}});
    return {500, {{"Content-Type", "text/plain"}}, std::string{error.what()}};
  }
}

asio::awaitable<void> serve_connection(tcp::socket socket, const Handler& handler,
                                       std::chrono::milliseconds latency) {
  beast::tcp_stream stream{std::move(socket)};
  stream.socket().set_option(tcp::no_delay{true});
  beast::flat_buffer buffer;
  for (;;) {
    beast::http::request_parser<beast::http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(kMaxHeaderBytes));
    stream.expires_after(kIdleTimeout);
    co_await beast::http::async_read(stream, buffer, parser, asio::use_awaitable);
    const Received& request = parser.get();
    Reply reply =
        guarded(handler, {std::string{request.method_string()}, std::string{request.target()}});
    if (latency.count() > 0) {
      asio::steady_timer far_away{stream.get_executor(), latency};
      co_await far_away.async_wait(asio::use_awaitable);
    }
    co_await send(stream, request, std::move(reply));
    if (!request.keep_alive()) {
      boost::system::error_code ignored;
      static_cast<void>(stream.socket().shutdown(tcp::socket::shutdown_send, ignored));
      co_return;
    }
  }
}

}  // namespace

struct HttpServer::Impl {
  Handler handler;
  std::chrono::milliseconds latency{};
  asio::io_context io{1};
  tcp::acceptor acceptor{io};

  asio::awaitable<void> accept_all() {
    for (;;) {
      boost::system::error_code failed;
      tcp::socket socket =
          co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
      if (failed) {
        // Out of file descriptors, or reset before it was taken: neither gets better at once.
        asio::steady_timer pause{io, std::chrono::milliseconds{50}};
        co_await pause.async_wait(asio::use_awaitable);
        continue;
      }
      // A broken connection ends its own coroutine only: the error is the peer's affair.
      asio::co_spawn(io, serve_connection(std::move(socket), handler, latency), asio::detached);
    }
  }
};

HttpServer::HttpServer(const std::string& listen, Handler handler,
                       std::chrono::milliseconds latency)
    : impl_{std::make_unique<Impl>()} {
  impl_->handler = std::move(handler);
  impl_->latency = latency;
  const tcp::endpoint endpoint = parse_endpoint(listen);
  try {
    impl_->acceptor.open(endpoint.protocol());
    impl_->acceptor.set_option(asio::socket_base::reuse_address{true});
    impl_->acceptor.bind(endpoint);
    impl_->acceptor.listen();
  } catch (const boost::system::system_error& error) {
    throw StartupError("--listen " + listen + ": " + error.code().message());
  }
}

HttpServer::~HttpServer() = default;

std::string HttpServer::address() const {
  const tcp::endpoint endpoint = impl_->acceptor.local_endpoint();
  const std::string host = endpoint.address().to_string();
  return "http://" + (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

void HttpServer::run(const std::stop_token& stop) {
  asio::co_spawn(impl_->io, impl_->accept_all(), asio::detached);
  const std::stop_callback on_stop{stop, [this] { impl_->io.stop(); }};
  impl_->io.run();
}

}  // namespace freshet::simulate
