#pragma once

#include <cstdint>
#include <optional>

#include "api/http_message.hpp"
#include "api/stores.hpp"

namespace freshet::api {

/// What the server calls for each request, on the thread that it was made for.
class RequestHandler {
 public:
  RequestHandler() = default;
  RequestHandler(const RequestHandler&) = delete;
  RequestHandler& operator=(const RequestHandler&) = delete;
  virtual ~RequestHandler() = default;

  /// Asked before a body is read. A body up to this many bytes is handed over with the request;
  /// nothing: it is not wanted, and thrown away as it comes.
  virtual std::optional<std::uint64_t> body_limit(const Request& head) const = 0;

  virtual Task<Reply> handle(Request request) = 0;
};

}  // namespace freshet::api
