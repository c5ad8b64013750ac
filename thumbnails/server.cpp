#include "thumbnails/server.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <filesystem>
#include <optional>
#include <thread>

#include "core/check.hpp"
#include "core/http/http_client.hpp"
#include "core/log.hpp"

namespace freshet::thumbnails {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kReadTimeout{5};
constexpr std::chrono::seconds kMostPatience{150};  // past all bounds of the maker together
constexpr std::chrono::milliseconds kAcceptPause{100};
// A URL may have 3,000 characters, and its encoding three for each; Beast's own limit is 8 KiB.
constexpr std::uint32_t kMostHeaderBytes = 64U << 10U;

unsigned status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::made:
      return 200;
    case Verdict::unsupported:
      return 415;
    case Verdict::failed:
      return 424;
    case Verdict::overloaded:
      return 503;
  }
  return 500;
}

/// Nothing: it is none that the API sends.
std::optional<Ask> read_ask(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  Ask asked;
  if (path == "/peaks") {
    asked.kind = Kind::peaks;
  } else if (path != "/picture") {
    return std::nullopt;
  }
  for (const auto& [name, value] :
       http::decode_query(target.substr(std::min(mark + 1, target.size())))) {
    std::uint32_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    if (name == "url") {
      asked.url = value;
    } else if (name == "width") {
      asked.width = number;
    } else if (name == "quality") {
      asked.quality = std::clamp<std::uint32_t>(number, 1, 100);
    } else if (name == "format") {
      asked.format = value == "webp"   ? Format::webp
                     : value == "avif" ? Format::avif
                                       : Format::plain;
    }
  }
  return asked.url.empty() ? std::nullopt : std::optional{std::move(asked)};
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(std::string socket_path, Maker& m) : path{std::move(socket_path)}, maker{m} {}

  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(Local::socket socket);
  asio::awaitable<std::optional<Answer>> answer(Ask asked);

  const std::string path;
  Maker& maker;
  asio::io_context context{1};
  std::optional<Local::acceptor> acceptor;
  std::jthread thread;
};

asio::awaitable<void> Server::Impl::accept_all() {
  for (;;) {
    auto [fault, socket] = co_await acceptor->async_accept(context, kAwait);
    if (fault == asio::error::operation_aborted) {
      co_return;
    }
    if (fault) {  // out of file descriptors, mostly
      asio::steady_timer timer{context, kAcceptPause};
      co_await timer.async_wait(kAwait);
      continue;
    }
    asio::co_spawn(context, serve(std::move(socket)), [](const std::exception_ptr& thrown) {
      try {
        if (thrown) {
          std::rethrow_exception(thrown);
        }
      } catch (const std::exception& what) {
        log::error("thumbnail_request_failed", {{"what", what.what()}});
      }
    });
  }
}

// The maker may deliver after we stopped waiting, or when the server is gone: what it delivers to
// is shared.
asio::awaitable<std::optional<Answer>> Server::Impl::answer(Ask asked) {
  struct Waiting {
    explicit Waiting(asio::io_context& c) : timer{c} {}
    asio::steady_timer timer;
    std::optional<Answer> answer;
  };
  const auto waiting = std::make_shared<Waiting>(context);
  waiting->timer.expires_after(kMostPatience);
  maker.ask(asked, [waiting, impl = shared_from_this()](const Answer& made) {
    asio::post(impl->context, [waiting, made] {
      waiting->answer = made;
      waiting->timer.cancel();
    });
  });
  co_await waiting->timer.async_wait(kAwait);
  co_return std::move(waiting->answer);
}

asio::awaitable<void> Server::Impl::serve(Local::socket socket) {
  Stream stream{std::move(socket)};
  beast::flat_buffer buffer;
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(kMostHeaderBytes);
  stream.expires_after(kReadTimeout);
  auto [read_fault, read] = co_await beast::http::async_read(stream, buffer, parser, kAwait);
  if (read_fault) {
    co_return;
  }
  const auto target = parser.get().target();
  beast::http::response<beast::http::string_body> response{beast::http::status::bad_request, 11};
  if (auto asked = read_ask({target.data(), target.size()})) {
    stream.expires_never();
    std::optional<Answer> made = co_await answer(std::move(*asked));
    if (!made) {
      made = Answer{Verdict::overloaded, "text/plain", "It took too long."};
    }
    response.result(status_of(made->verdict));
    response.set(beast::http::field::content_type, made->type);
    response.body() = std::move(made->bytes);
  }
  response.keep_alive(false);
  response.prepare_payload();
  stream.expires_after(kReadTimeout);
  co_await beast::http::async_write(stream, response, kAwait);
}

Server::Server(const std::string& path, Maker& maker) : impl_{std::make_shared<Impl>(path, maker)} {
  try {
    std::filesystem::create_directories(std::filesystem::absolute(path).parent_path());
    const Local::endpoint endpoint{path};
    error_code nobody;
    Local::socket probe{impl_->context};
    static_cast<void>(probe.connect(endpoint, nobody));
    if (!nobody) {
      throw StartupError{"thumbnails.socket: another process listens on " + path};
    }
    std::filesystem::remove(path);
    impl_->acceptor.emplace(impl_->context, endpoint);
    chmod(path.c_str(), 0660);  // who may ask is who is in our group
  } catch (const std::system_error& fault) {
    throw StartupError{"thumbnails.socket: " + path + ": " + fault.what()};
  } catch (const boost::system::system_error& fault) {
    throw StartupError{"thumbnails.socket: " + path + ": " + fault.what()};
  }
  asio::co_spawn(impl_->context, impl_->accept_all(), [](const std::exception_ptr&) {});
  impl_->thread = std::jthread{[impl = impl_.get()] { impl->context.run(); }};
}

Server::~Server() {
  impl_->context.stop();
  impl_->thread.join();
  std::error_code ignored;
  std::filesystem::remove(impl_->path, ignored);
}

}  // namespace freshet::thumbnails
