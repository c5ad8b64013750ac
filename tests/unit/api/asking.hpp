#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/body_stream.hpp"
#include "api/request_handler.hpp"

namespace freshet::api {

/// A request for a path, and its query behind a `?`.
inline Request request_for(const std::string& method, const std::string& target) {
  Request request;
  request.method = method;
  request.path = target.substr(0, target.find('?'));
  request.query_text = target.find('?') == target.npos ? "" : target.substr(target.find('?') + 1);
  request.query = Query::parse(request.query_text);
  return request;
}

/// Has a request answered, on an event loop of its own.
inline Reply ask(RequestHandler& handler, Request request) {
  boost::asio::io_context context;
  Reply reply;
  boost::asio::co_spawn(
      context, [&]() -> Task<void> { reply = co_await handler.handle(std::move(request)); },
      boost::asio::detached);
  context.run();
  return reply;
}

/// The next pieces of a body that is made while it is sent; fewer where it ends before.
inline std::vector<std::string> read_pieces(
    const Reply& reply, std::size_t most = std::numeric_limits<std::size_t>::max()) {
  boost::asio::io_context context;
  std::vector<std::string> pieces;
  boost::asio::co_spawn(
      context,
      [&]() -> Task<void> {
        while (pieces.size() < most) {
          std::optional<std::string> piece = co_await reply.stream->next();
          if (!piece) {
            co_return;
          }
          pieces.push_back(std::move(*piece));
        }
      },
      boost::asio::detached);
  context.run();
  return pieces;
}

/// The values of a header, one behind the other: a header that is set twice is seen.
inline std::string header_of(const Reply& reply, const std::string& name) {
  std::string all;
  for (const auto& [key, value] : reply.headers) {
    all += key == name ? value : "";
  }
  return all;
}

}  // namespace freshet::api
