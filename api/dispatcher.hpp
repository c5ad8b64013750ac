#pragma once

#include "api/endpoint.hpp"
#include "api/identity.hpp"
#include "api/request_handler.hpp"
#include "api/routes.hpp"

namespace freshet::api {

/// Answers requests as the table of endpoints says: finds the row, checks the caller, the
/// limits, method and body, calls the row's handler, adds the headers.
///
/// One for each thread of the server. Everything handed in outlives it.
class Dispatcher final : public RequestHandler {
 public:
  Dispatcher(Services services, const Router& router)
      : services_{services}, router_{router}, identity_{services.accounts, services.metrics} {}

  std::optional<std::uint64_t> body_limit(const Request& head) const override;
  Task<Reply> handle(Request request) override;

 private:
  Task<Reply> dispatch(Route route, Request request);
  Task<Reply> call(Route route, Request request, Caller caller);

  Services services_;
  const Router& router_;
  Identity identity_;
};

}  // namespace freshet::api
