#include "api/thumbnail_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "core/http/http_client.hpp"

namespace freshet::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t kMostBytes = 64ULL << 20U;

Error failure(error_code fault) {
  const bool is_late = fault == beast::error::timeout;
  return {is_late ? Errc::timed_out : Errc::unreachable, Retry::after_backoff,
          is_late ? "thumbnails did not answer in time"
                  : "thumbnails cannot be reached: " + fault.message()};
}

}  // namespace

Task<Result<Made>> ThumbnailClient::picture(PictureAsk asked, Deadline deadline) {
  std::string target = "/picture?" + http::encode_query({{"url", asked.url},
                                                         {"width", std::to_string(asked.width)},
                                                         {"quality", std::to_string(asked.quality)},
                                                         {"format", std::string{asked.format}}});
  co_return co_await ask(std::move(target), deadline);
}

Task<Result<Made>> ThumbnailClient::peaks(std::string url, Deadline deadline) {
  std::string target = "/peaks?" + http::encode_query({{"url", url}});
  co_return co_await ask(std::move(target), deadline);
}

Task<Result<Made>> ThumbnailClient::ask(std::string target, Deadline deadline) {
  beast::basic_stream<Local> stream{co_await asio::this_coro::executor};
  stream.expires_at(deadline.at());
  auto [connect_fault] = co_await stream.async_connect(Local::endpoint{socket_}, kAwait);
  if (connect_fault) {
    co_return failure(connect_fault);
  }
  beast::http::request<beast::http::empty_body> request{beast::http::verb::get, target, 11};
  request.set(beast::http::field::host, "thumbnails");
  auto [write_fault, written] = co_await beast::http::async_write(stream, request, kAwait);
  if (write_fault) {
    co_return failure(write_fault);
  }
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(kMostBytes);
  auto [read_fault, read] = co_await beast::http::async_read(stream, buffer, parser, kAwait);
  if (read_fault) {
    co_return failure(read_fault);
  }
  auto response = parser.release();
  const auto type = response[beast::http::field::content_type];
  co_return Made{.status = response.result_int(),
                 .type = std::string{type.data(), type.size()},
                 .bytes = std::move(response.body())};
}

}  // namespace freshet::api
