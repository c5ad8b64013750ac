#include "api/server.hpp"

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <ctime>
#include <exception>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "api/request_reading.hpp"
#include "api/web/preferences.hpp"
#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/usage/event.hpp"

namespace freshet::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMaxHeaderBytes = 16 * 1024;
constexpr std::uint64_t kMaxUnwantedBytes = 64U << 10U;  // of a body that is thrown away
constexpr std::chrono::seconds kReadTimeout{30};         // idle or slow: the next request, whole
constexpr std::chrono::seconds kWriteTimeout{30};
constexpr std::chrono::seconds kLingerTimeout{2};
constexpr std::size_t kMaxLingerBytes = 1U << 20U;
constexpr std::chrono::seconds kRestartPause{1};
constexpr std::size_t kMaxConnectionsPerThread = 2048;

/// A connection as its thread knows it while it is open.
struct Session {
  explicit Session(tcp::socket socket) : stream{std::move(socket)} {}
  beast::tcp_stream stream;
  beast::flat_buffer buffer;  ///< read, and not yet used
  bool is_idle = true;        ///< waits for a request
};

/// One thread's event loop and what lives on it. Only that thread touches the sessions.
struct Loop {
  asio::io_context context{1};
  std::set<Session*> sessions;
  bool is_stopping = false;
  std::unique_ptr<RequestHandler> handler;
  std::mt19937_64 random{std::random_device{}()};
};

using HeadParser = http::request_parser<http::empty_body>;

std::string_view field(const http::request_header<>& head, http::field name) {
  const auto value = head[name];
  return {value.data(), value.size()};
}

std::string_view field(const http::request_header<>& head, std::string_view name) {
  const auto value = head[beast::string_view{name.data(), name.size()}];
  return {value.data(), value.size()};
}

PageHeaders page_headers(const http::request_header<>& request) {
  const auto text = [&](http::field name) { return std::string{field(request, name)}; };
  return {.accept_language = text(http::field::accept_language),
          .accept_encoding = text(http::field::accept_encoding),
          .cookie = text(http::field::cookie),
          .if_none_match = text(http::field::if_none_match),
          .origin = text(http::field::origin),
          .referrer = text(http::field::referer),
          .fetch_site = std::string{field(request, "Sec-Fetch-Site")},
          .agent = usage::agent_class(field(request, http::field::user_agent)),
          .is_forwarded = !field(request, "X-Forwarded-For").empty() ||
                          !field(request, "Forwarded").empty() || !field(request, "Via").empty(),
          .opts_out = field(request, "Sec-GPC") == "1" ||
                      !web::read_preferences(field(request, http::field::cookie)).is_counted};
}

RawRequest raw_request(const http::request_header<>& request) {
  const auto method = request.method_string();
  const auto target = request.target();
  return {.method = {method.data(), method.size()},
          .target = {target.data(), target.size()},
          .host = field(request, http::field::host),
          .forwarded_proto = field(request, "X-Forwarded-Proto"),
          .forwarded_host = field(request, "X-Forwarded-Host"),
          .forwarded_for = field(request, "X-Forwarded-For"),
          .authorization = field(request, http::field::authorization),
          .accept = field(request, http::field::accept),
          .referrer = field(request, "Referrer"),
          .content_type = field(request, http::field::content_type),
          .range = field(request, http::field::range),
          .if_range = field(request, http::field::if_range),
          .last_event_id = field(request, "Last-Event-ID"),
          .preflight_method = field(request, http::field::access_control_request_method),
          .request_id = field(request, "X-Request-Id"),
          .page = page_headers(request)};
}

/// Logs what ended a coroutine that nobody waits for.
auto logged(std::string part) {
  return [part = std::move(part)](const std::exception_ptr& thrown) {
    try {
      if (thrown) {
        std::rethrow_exception(thrown);
      }
    } catch (const std::exception& fault) {
      log::error("api_part_failed", {{"part", part}, {"what", fault.what()}});
    }
  };
}

/// Runs a part that the server needs until it ends by itself.
Task<void> keep_running(std::string part, std::function<Task<void>()> start) {
  for (;;) {
    try {
      co_await start();
      co_return;
    } catch (const std::exception& fault) {
      log::error("api_part_failed", {{"part", part}, {"what", fault.what()}});
    }
    asio::steady_timer timer{co_await asio::this_coro::executor, kRestartPause};
    co_await timer.async_wait(kAwait);
  }
}

/// `Sat, 21 Nov 2026 02:12:00 GMT`
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

void set_headers(auto& response, const Reply& reply) {
  response.set(http::field::date, http_date());
  for (const auto& [name, value] : reply.headers) {
    // Each cookie is a header of its own.
    name == "Set-Cookie" ? response.insert(name, value) : response.set(name, value);
  }
  if (!reply.content_type.empty()) {
    response.set(http::field::content_type, reply.content_type);
  }
}

/// Writes a reply; for HEAD the same headers, length included, and no body.
Task<error_code> write_reply(beast::tcp_stream& stream, Reply reply, bool is_head, unsigned version,
                             bool keep_alive) {
  stream.expires_after(kWriteTimeout);
  error_code fault;
  if (is_head) {
    http::response<http::empty_body> response{http::status{reply.status}, version};
    set_headers(response, reply);
    if (reply.stream == nullptr) {
      response.content_length(reply.body.size());
    } else if (reply.stream_bytes) {
      response.content_length(*reply.stream_bytes);
    }
    response.keep_alive(keep_alive);
    std::tie(fault, std::ignore) = co_await http::async_write(stream, response, kAwait);
  } else {
    http::response<http::string_body> response{http::status{reply.status}, version};
    set_headers(response, reply);
    response.body() = std::move(reply.body);
    response.content_length(response.body().size());
    response.keep_alive(keep_alive);
    std::tie(fault, std::ignore) = co_await http::async_write(stream, response, kAwait);
  }
  co_return fault;
}

/// Sends a body as it is made.
/// @param is_stopping  looked at between its pieces
/// @return a fault where the connection cannot go on behind it
Task<error_code> write_stream(beast::tcp_stream& stream, Reply reply, unsigned version,
                              bool keep_alive, const bool& is_stopping) {
  http::response<http::empty_body> head{http::status{reply.status}, version};
  set_headers(head, reply);
  const bool is_chunked = !reply.stream_bytes && version >= 11;
  if (is_chunked) {
    head.chunked(true);
  } else if (reply.stream_bytes) {
    head.content_length(*reply.stream_bytes);
  }
  const bool ends_by_close = !is_chunked && !reply.stream_bytes;
  head.keep_alive(keep_alive && !ends_by_close);
  http::response_serializer<http::empty_body> serializer{head};
  stream.expires_after(kWriteTimeout);
  error_code fault;
  std::tie(fault, std::ignore) = co_await http::async_write_header(stream, serializer, kAwait);
  while (!fault) {
    stream.expires_never();  // it takes as long as it takes to come about
    std::optional<std::string> piece;
    if (!is_stopping) {
      piece = co_await reply.stream->next();
    }
    stream.expires_after(kWriteTimeout);
    if (!piece) {
      break;
    }
    if (piece->empty()) {
      continue;
    }
    if (is_chunked) {
      std::tie(fault, std::ignore) =
          co_await asio::async_write(stream, http::make_chunk(asio::buffer(*piece)), kAwait);
    } else {
      std::tie(fault, std::ignore) =
          co_await asio::async_write(stream, asio::buffer(*piece), kAwait);
    }
  }
  // A reader must not take what was cut short for the whole.
  if (!fault && (is_stopping || ends_by_close)) {
    fault = asio::error::operation_aborted;
  }
  if (!fault && is_chunked) {
    std::tie(fault, std::ignore) =
        co_await asio::async_write(stream, http::make_chunk_last(), kAwait);
  }
  co_return fault;
}

/// What to answer to a request that cannot be read; nothing when the client left or was too slow.
std::optional<Reply> unreadable(error_code fault) {
  if (fault == http::error::header_limit) {
    return error_reply(431, "Request header fields are too large.");
  }
  if (fault == http::error::body_limit) {
    return error_reply(413, "The request body is too large.");
  }
  if (fault.category() == make_error_code(http::error::bad_target).category() &&
      fault != http::error::end_of_stream && fault != http::error::partial_message) {
    return error_reply(400, "Malformed HTTP request.");
  }
  return std::nullopt;
}

/// Throws away a body as it comes. Takes what the parser has read.
Task<error_code> discard_body(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                              HeadParser& head) {
  http::request_parser<http::buffer_body> parser{std::move(head)};
  parser.body_limit(kMaxUnwantedBytes);
  std::array<char, 4096> scrap{};
  while (!parser.is_done()) {
    parser.get().body().data = scrap.data();
    parser.get().body().size = scrap.size();
    auto [fault, size] = co_await http::async_read(stream, buffer, parser, kAwait);
    if (fault && fault != http::error::need_buffer) {
      co_return fault;
    }
  }
  co_return error_code{};
}

/// Reads a body into the request. Takes what the parser has read.
Task<error_code> keep_body(beast::tcp_stream& stream, beast::flat_buffer& buffer, HeadParser& head,
                           std::uint64_t limit, Request& request) {
  http::request_parser<http::string_body> parser{std::move(head)};
  parser.body_limit(limit);
  auto [fault, size] = co_await http::async_read(stream, buffer, parser, kAwait);
  request.body = std::move(parser.get().body());
  request.has_body = !request.body.empty();
  co_return fault;
}

/// Reads on for a moment what a client still sends after it was refused: a close with bytes unread
/// resets the connection, and the client may then never see the reply.
Task<void> linger(beast::tcp_stream& stream) {
  error_code ignored;
  static_cast<void>(stream.socket().shutdown(tcp::socket::shutdown_send, ignored));
  stream.expires_after(kLingerTimeout);
  std::array<char, 4096> scrap{};
  for (std::size_t read = 0; read < kMaxLingerBytes;) {
    auto [fault, size] = co_await stream.async_read_some(asio::buffer(scrap), kAwait);
    if (fault) {
      co_return;
    }
    read += size;
  }
}

/// What became of a body.
struct BodyRead {
  error_code fault;
  bool must_close = false;  ///< it is still to come: the connection cannot go on behind it
};

}  // namespace

struct Server::Impl {
  Impl(int thread_count, const HandlerFactory& factory, ApiMetrics& m, Surroundings s)
      : metrics{m}, surroundings{std::move(s)} {
    for (int i = 0; i < thread_count; ++i) {
      loops.push_back(std::make_unique<Loop>());
      loops.back()->handler = factory();
    }
  }

  Task<void> accept_all();
  Task<void> serve(Loop& loop, tcp::socket socket);
  Task<void> serve_requests(Loop& loop, Session& session);
  Task<BodyRead> read_body(Loop& loop, Session& session, HeadParser& head, Request& request);
  Task<void> refuse(Session& session, error_code fault);
  void count_connections(int change) {
    metrics.connections.set(static_cast<double>(open_connections.fetch_add(change) + change));
  }

  ApiMetrics& metrics;
  const Surroundings surroundings;
  std::vector<std::unique_ptr<Loop>> loops;
  std::optional<tcp::acceptor> acceptor;
  std::string address;
  std::atomic<int> open_connections{0};
  std::vector<std::jthread> threads;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards;
};

Task<void> Server::Impl::accept_all() {
  for (std::size_t turn = 0;; ++turn) {
    Loop& loop = *loops[turn % loops.size()];
    auto [fault, socket] = co_await acceptor->async_accept(loop.context, kAwait);
    if (!acceptor->is_open() || fault == asio::error::operation_aborted) {
      co_return;
    }
    if (fault) {
      // Out of file descriptors, mostly: they come back when connections close.
      log::warn("accept_failed", {{"reason", fault.message()}});
      asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::milliseconds{100}};
      co_await timer.async_wait(kAwait);
      continue;
    }
    asio::co_spawn(loop.context, serve(loop, std::move(socket)), logged("connection"));
  }
}

Task<void> Server::Impl::serve(Loop& loop, tcp::socket socket) {
  if (loop.sessions.size() >= kMaxConnectionsPerThread) {
    metrics.connections_refused.add();
    co_return;
  }
  Session session{std::move(socket)};
  loop.sessions.insert(&session);
  count_connections(1);
  try {
    co_await serve_requests(loop, session);
  } catch (const std::exception& fault) {
    log::error("connection_failed", {{"what", fault.what()}});
  }
  loop.sessions.erase(&session);
  count_connections(-1);
  error_code ignored;
  static_cast<void>(session.stream.socket().shutdown(tcp::socket::shutdown_send, ignored));
}

Task<void> Server::Impl::serve_requests(Loop& loop, Session& session) {
  error_code ignored;
  static_cast<void>(session.stream.socket().set_option(tcp::no_delay{true}, ignored));
  const auto remote = session.stream.socket().remote_endpoint(ignored);
  const std::string peer = remote.address().to_string(ignored);
  for (;;) {
    HeadParser parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(boost::none);  // judged once the route is known
    session.is_idle = true;
    if (loop.is_stopping) {
      co_return;
    }
    session.stream.expires_after(kReadTimeout);
    auto [fault, size] =
        co_await http::async_read_header(session.stream, session.buffer, parser, kAwait);
    session.is_idle = false;
    if (fault) {
      co_await refuse(session, fault);
      co_return;
    }
    const bool is_head = parser.get().method() == http::verb::head;
    const unsigned version = parser.get().version();
    bool keep_alive = parser.keep_alive();
    Request request =
        read_request(raw_request(parser.get()), peer, address, to_hex(loop.random()), surroundings);
    if (!parser.is_done()) {
      const BodyRead body = co_await read_body(loop, session, parser, request);
      if (body.fault) {
        co_await refuse(session, body.fault);
        co_return;
      }
      keep_alive = keep_alive && !body.must_close;
    }
    session.stream.expires_never();  // the request has a deadline of its own
    request.arrived_at = std::chrono::steady_clock::now();
    Reply reply = co_await loop.handler->handle(std::move(request));
    keep_alive = keep_alive && !loop.is_stopping;
    if (reply.stream != nullptr && !is_head) {
      fault = co_await write_stream(session.stream, std::move(reply), version, keep_alive,
                                    loop.is_stopping);
    } else {
      fault = co_await write_reply(session.stream, std::move(reply), is_head, version, keep_alive);
    }
    if (fault || !keep_alive) {
      co_return;
    }
  }
}

// What the handler does not want is read all the same, so that the next request is found, unless
// the client waits to be asked for it: then it gets its reply at once.
Task<BodyRead> Server::Impl::read_body(Loop& loop, Session& session, HeadParser& head,
                                       Request& request) {
  request.has_body = true;
  const std::optional<std::uint64_t> wanted = loop.handler->body_limit(request);
  const auto length = head.content_length();
  if (length && *length > wanted.value_or(kMaxUnwantedBytes)) {
    co_return BodyRead{http::error::body_limit};
  }
  const bool asks = head.get().version() >= 11 &&
                    lower_ascii(field(head.get(), http::field::expect)) == "100-continue";
  if (asks && !wanted) {
    co_return BodyRead{.fault = {}, .must_close = true};
  }
  if (asks && session.buffer.size() == 0) {
    http::response<http::empty_body> go_on{http::status::continue_, 11};
    auto [fault, size] = co_await http::async_write(session.stream, go_on, kAwait);
    if (fault) {
      co_return BodyRead{fault};
    }
  }
  if (wanted) {
    co_return BodyRead{co_await keep_body(session.stream, session.buffer, head, *wanted, request)};
  }
  co_return BodyRead{co_await discard_body(session.stream, session.buffer, head)};
}

Task<void> Server::Impl::refuse(Session& session, error_code fault) {
  auto reply = unreadable(fault);
  if (!reply) {
    co_return;
  }
  reply->headers.emplace_back("Access-Control-Allow-Origin", "*");
  metrics.count_request("unreadable", reply->status, 0);
  co_await write_reply(session.stream, std::move(*reply), false, 11, false);
  co_await linger(session.stream);
}

Server::Server(int threads, const HandlerFactory& factory, ApiMetrics& metrics,
               Surroundings surroundings)
    : impl_{std::make_unique<Impl>(threads, factory, metrics, std::move(surroundings))} {}

Server::~Server() {
  try {
    stop(std::chrono::milliseconds{0});
  } catch (const std::exception& fault) {
    log::error("api_stopped_badly", {{"what", fault.what()}});
  }
}

void Server::listen(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos) {
    throw StartupError{"api.listen: not host:port: " + address};
  }
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  Loop& first = *impl_->loops.front();
  try {
    tcp::resolver resolver{first.context};
    const auto found = resolver.resolve(host, address.substr(colon + 1), tcp::resolver::passive);
    impl_->acceptor.emplace(first.context, found.begin()->endpoint());  // sets SO_REUSEADDR
    const auto bound = impl_->acceptor->local_endpoint();
    impl_->address = address.substr(0, colon) + ":" + std::to_string(bound.port());
  } catch (const boost::system::system_error& fault) {
    throw StartupError{"api.listen: " + address + ": " + fault.code().message()};
  }
  asio::co_spawn(first.context,
                 keep_running("accept", [impl = impl_.get()] { return impl->accept_all(); }),
                 logged("accept"));
  for (const auto& loop : impl_->loops) {
    impl_->guards.push_back(asio::make_work_guard(loop->context));
    impl_->threads.emplace_back([&context = loop->context] { context.run(); });
  }
}

std::string Server::address() const { return impl_->address; }

void Server::spawn(std::string part, std::function<Task<void>()> start) {
  asio::co_spawn(impl_->loops.front()->context, keep_running(part, std::move(start)), logged(part));
}

void Server::stop(std::chrono::milliseconds patience) {
  if (impl_->threads.empty()) {
    return;
  }
  asio::post(impl_->loops.front()->context, [this] {
    error_code ignored;
    static_cast<void>(impl_->acceptor->close(ignored));
  });
  for (const auto& loop : impl_->loops) {
    asio::post(loop->context, [&loop = *loop] {
      loop.is_stopping = true;
      for (Session* session : loop.sessions) {
        if (session->is_idle) {
          // Only the receiving half: a request that has arrived already is still read and answered.
          error_code ignored;
          static_cast<void>(
              session->stream.socket().shutdown(tcp::socket::shutdown_receive, ignored));
        }
      }
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (impl_->open_connections.load() > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  for (const auto& loop : impl_->loops) {
    loop->context.stop();
  }
  impl_->threads.clear();  // joins
}

}  // namespace freshet::api
