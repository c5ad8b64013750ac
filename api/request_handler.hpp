#pragma once

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
  virtual Task<Reply> handle(Request request) = 0;
};

}  // namespace freshet::api
