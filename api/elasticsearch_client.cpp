#include "api/elasticsearch_client.hpp"

#include <openssl/evp.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url.hpp>
#include <deque>
#include <optional>

#include "api/within.hpp"
#include "core/check.hpp"

namespace freshet::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxIdle = 32;
constexpr std::size_t kMaxInFlight = 128;  // per thread: beyond it the cluster is not keeping up
constexpr std::uint64_t kMaxAnswerBytes = 32ULL << 20U;

struct Address {
  bool is_tls = false;
  std::string host;
  std::string port;
  std::string path;  ///< below the host, without a slash at the end
};

Address read_address(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->host().empty()) {
    throw StartupError{"elasticsearch.url: not a URL of http or https: " + text};
  }
  Address address;
  address.is_tls = url->scheme() == "https";
  address.host = url->host_address();
  const bool has_port = url->has_port() && !url->port().empty();
  address.port = has_port ? std::string{url->port()} : address.is_tls ? "443" : "9200";
  address.path = std::string{url->encoded_path()};
  while (address.path.ends_with('/')) {
    address.path.pop_back();
  }
  return address;
}

std::string basic_credentials(const std::string& username, const std::string& password) {
  const std::string plain = username + ":" + password;
  std::string encoded(4 * ((plain.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(plain.data()),
                                     static_cast<int>(plain.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return "Basic " + encoded;
}

/// One connection; exactly one of the streams is in use.
struct Connection {
  explicit Connection(asio::any_io_executor executor, asio::ssl::context* tls) {
    if (tls != nullptr) {
      secure.emplace(std::move(executor), *tls);
    } else {
      plain.emplace(std::move(executor));
    }
  }
  beast::tcp_stream& tcp() { return secure ? beast::get_lowest_layer(*secure) : *plain; }

  std::optional<beast::tcp_stream> plain;
  std::optional<beast::ssl_stream<beast::tcp_stream>> secure;
  beast::flat_buffer buffer;
  std::size_t uses = 0;
};

}  // namespace

struct ElasticsearchClient::Impl {
  explicit Impl(const Config::Elasticsearch& config) : address{read_address(config.url)} {
    if (!config.username.empty()) {
      credentials = basic_credentials(config.username, config.password);
    }
    if (!address.is_tls) {
      return;
    }
    tls.emplace(asio::ssl::context::tls_client);
    tls->set_verify_mode(asio::ssl::verify_peer);
    error_code fault;
    if (config.ca_file.empty()) {
      static_cast<void>(tls->set_default_verify_paths(fault));
    } else {
      static_cast<void>(tls->load_verify_file(config.ca_file, fault));
    }
    if (fault) {
      throw StartupError{"elasticsearch.ca_file: " + config.ca_file + ": " + fault.message()};
    }
  }

  Task<error_code> connect(Connection& connection, Deadline deadline);
  Task<error_code> exchange(Connection& connection, const http::request<http::string_body>& request,
                            http::response<http::string_body>& answer, Deadline deadline);

  /// The idle connection used last (the others may time out), or a new one.
  std::unique_ptr<Connection> take(const asio::any_io_executor& executor) {
    if (!idle.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle.back());
      idle.pop_back();
      return connection;
    }
    return std::make_unique<Connection>(executor, tls ? &*tls : nullptr);
  }

  void give_back(std::unique_ptr<Connection> connection) {
    connection->tcp().expires_never();
    if (idle.size() >= kMaxIdle) {
      idle.pop_front();
    }
    idle.push_back(std::move(connection));
  }

  Address address;
  std::string credentials;
  std::optional<asio::ssl::context> tls;
  std::deque<std::unique_ptr<Connection>> idle;
  std::size_t in_flight = 0;
};

Task<error_code> ElasticsearchClient::Impl::connect(Connection& connection, Deadline deadline) {
  using Found = std::pair<error_code, asio::ip::tcp::resolver::results_type>;
  const auto executor = co_await asio::this_coro::executor;
  // A look-up that has begun cannot be cancelled: the system's own limit is some 30 s.
  asio::ip::tcp::resolver resolver{executor};
  std::function<void(std::function<void(Found)>)> look_up =
      [this, &resolver](std::function<void(Found)> deliver) {
        resolver.async_resolve(address.host, address.port,
                               [deliver = std::move(deliver)](error_code fault, auto endpoints) {
                                 deliver({fault, std::move(endpoints)});
                               });
      };
  const std::optional<Found> found = co_await within<Found>(deadline, std::move(look_up));
  if (!found) {
    co_return beast::error::timeout;
  }
  if (found->first) {
    co_return found->first;
  }
  connection.tcp().expires_at(deadline.at());
  auto [connect_fault, endpoint] = co_await connection.tcp().async_connect(found->second, kAwait);
  if (connect_fault) {
    co_return connect_fault;
  }
  error_code ignored;
  static_cast<void>(connection.tcp().socket().set_option(asio::ip::tcp::no_delay{true}, ignored));
  if (connection.secure) {
    SSL_set_tlsext_host_name(connection.secure->native_handle(), address.host.c_str());
    connection.secure->set_verify_callback(asio::ssl::host_name_verification{address.host});
    auto [tls_fault] =
        co_await connection.secure->async_handshake(asio::ssl::stream_base::client, kAwait);
    co_return tls_fault;
  }
  co_return error_code{};
}

Task<error_code> ElasticsearchClient::Impl::exchange(
    Connection& connection, const http::request<http::string_body>& request,
    http::response<http::string_body>& answer, Deadline deadline) {
  connection.tcp().expires_at(deadline.at());
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswerBytes);
  error_code fault;
  if (connection.secure) {
    std::tie(fault, std::ignore) = co_await http::async_write(*connection.secure, request, kAwait);
    if (!fault) {
      std::tie(fault, std::ignore) =
          co_await http::async_read(*connection.secure, connection.buffer, parser, kAwait);
    }
  } else {
    std::tie(fault, std::ignore) = co_await http::async_write(*connection.plain, request, kAwait);
    if (!fault) {
      std::tie(fault, std::ignore) =
          co_await http::async_read(*connection.plain, connection.buffer, parser, kAwait);
    }
  }
  if (!fault) {
    answer = parser.release();
  }
  co_return fault;
}

ElasticsearchClient::ElasticsearchClient(const Config::Elasticsearch& config)
    : impl_{std::make_shared<Impl>(config)} {}

ElasticsearchClient::~ElasticsearchClient() = default;

Task<Result<HttpAnswer>> ElasticsearchClient::send(std::string method, Effect effect,
                                                   std::string target, std::string body,
                                                   Deadline deadline) {
  const std::shared_ptr<Impl> impl = impl_;
  if (impl->in_flight >= kMaxInFlight) {
    co_return Error{Errc::throttled, Retry::after_backoff, "too many searches are under way"};
  }
  struct InFlight {
    explicit InFlight(std::size_t& c) : count{c} { ++count; }
    ~InFlight() { --count; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    std::size_t& count;
  };
  const InFlight guard{impl->in_flight};

  const http::verb verb = method == "POST"     ? http::verb::post
                          : method == "DELETE" ? http::verb::delete_
                                               : http::verb::get;
  http::request<http::string_body> request{verb, impl->address.path + target, 11};
  request.set(http::field::host, impl->address.host + ":" + impl->address.port);
  request.set(http::field::accept, "application/json");
  if (!impl->credentials.empty()) {
    request.set(http::field::authorization, impl->credentials);
  }
  if (!body.empty()) {
    request.set(http::field::content_type, "application/json");
  }
  request.body() = std::move(body);
  request.prepare_payload();

  const auto executor = co_await asio::this_coro::executor;
  error_code fault;
  for (;;) {
    std::unique_ptr<Connection> connection = impl->take(executor);
    const bool is_kept = connection->uses > 0;
    fault = error_code{};
    if (!is_kept) {
      fault = co_await impl->connect(*connection, deadline);
    }
    http::response<http::string_body> answer;
    if (!fault) {
      fault = co_await impl->exchange(*connection, request, answer, deadline);
    }
    if (!fault) {
      ++connection->uses;
      HttpAnswer result{answer.result_int(), std::move(answer.body())};
      if (answer.keep_alive()) {
        impl->give_back(std::move(connection));
      }
      co_return result;
    }
    // Only a kept connection is expected to fail now and then.
    if (!is_kept || effect == Effect::changes || fault == beast::error::timeout) {
      break;
    }
  }
  const bool is_late = fault == beast::error::timeout;
  co_return Error{is_late ? Errc::timed_out : Errc::unreachable, Retry::after_backoff,
                  is_late ? "the search index did not answer in time"
                          : "the search index cannot be reached: " + fault.message()};
}

}  // namespace freshet::api
