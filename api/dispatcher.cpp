#include "api/dispatcher.hpp"

#include <utility>

#include "api/common_headers.hpp"
#include "core/json_writer.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

Reply options_reply(std::string_view name) {
  Reply reply = json_reply("");
  ObjectWriter object{reply.body};
  object.text("name", name);
  object.raw("renders", R"(["application/json"])");
  object.close();
  return reply;
}

/// `?format=` of a form that there is not is a path that there is not.
bool may_be_written(Formats formats, const Request& request) {
  const std::string* const format = request.query.find_filled("format");
  return formats == Formats::any || format == nullptr || *format == "json" ||
         (formats == Formats::json_or_yaml && *format == "yaml");
}

/// A header holds ASCII; an application may be called anything.
std::string header_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else if ((byte & 0xc0U) != 0x80U) {
      out += '?';
    }
  }
  return out;
}

/// Codes that confirm an address stand in the path, and nowhere else.
std::string_view logged_path(std::string_view path) {
  constexpr std::string_view kVerify = "/v1/auth_tokens/verify/";
  return path.starts_with(kVerify) ? kVerify : path;
}

Task<Reply> call_endpoint(const Endpoint& endpoint, Services services, Call call) {
  // Nothing but the reply is lost when a handler throws.
  try {
    co_return co_await endpoint.answer(services, std::move(call));
  } catch (const std::exception& fault) {
    log::error("request_failed", {{"route", endpoint.name}, {"what", fault.what()}});
  }
  co_return error_reply(500, "An internal server error occurred.");
}

}  // namespace

std::optional<std::uint64_t> Dispatcher::body_limit(const Request& head) const {
  const auto found = router_.find(head.path);
  const Route* const route = std::get_if<Route>(&found);
  const Endpoint* const endpoint =
      route == nullptr || head.is_preflight ? nullptr : route->resource->find(head.method);
  if (endpoint == nullptr || !accepted_form(endpoint->body, head.content_type)) {
    return std::nullopt;
  }
  return endpoint->body.most_bytes;
}

Task<Reply> Dispatcher::handle(Request request) {
  const auto started_at = std::chrono::steady_clock::now();
  Reply reply;
  std::string_view label = "none";
  if (request.is_preflight) {
    label = "preflight";
    reply = preflight_reply();
  } else {
    auto found = router_.find(request.path);
    if (std::holds_alternative<NoRoute>(found)) {
      reply = not_found_reply();
    } else if (const Moved* moved = std::get_if<Moved>(&found)) {
      label = "moved";
      reply = moved_reply(*moved, request.query_text);
    } else {
      Route route = std::get<Route>(std::move(found));
      label = route.resource->name();
      reply = co_await dispatch(std::move(route), request);
    }
  }
  add_common_headers(reply, request);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_at;
  services_.metrics.count_request(label, reply.status, took.count());
  log::debug("request_answered", {{"method", request.method},
                                  {"path", logged_path(request.path)},
                                  {"status", reply.status},
                                  {"seconds", took.count()},
                                  {"request_id", request.request_id}});
  co_return reply;
}

// In the order in which upstream judges a request: format, token, limits, method, body.
Task<Reply> Dispatcher::dispatch(Route route, Request request) {
  const Resource& resource = *route.resource;
  if (!may_be_written(resource.formats(), request)) {
    co_return not_found_reply();
  }
  auto identified =
      co_await identity_.of(request.authorization, Deadline{request.arrived_at + kRequestLimit});
  if (Reply* refusal = std::get_if<Reply>(&identified)) {
    co_return std::move(*refusal);
  }
  Caller caller = std::get<Caller>(std::move(identified));
  std::vector<Limit> limits;
  std::vector<Taken> taken;
  if (const Rates* rates = services_.limiter.rates()) {
    const Endpoint* const endpoint = resource.find(request.method);
    limits = limits_of(endpoint != nullptr ? endpoint->limits : resource.limits(), caller, request,
                       *rates, endpoint != nullptr ? endpoint->cost : 1);
    if (!limits.empty()) {
      taken = co_await services_.limiter.take(limits);
    }
  }
  const std::string application = caller.application;
  const bool is_verified = caller.is_verified;
  Reply reply;
  if (auto refusal = refuse_over_limit(taken)) {
    reply = std::move(*refusal);
  } else {
    reply = co_await call(std::move(route), std::move(request), std::move(caller));
  }
  add_limit_headers(reply, limits, taken);
  if (!application.empty()) {
    reply.headers.emplace_back("x-ov-client-application-name", header_text(application));
    reply.headers.emplace_back("x-ov-client-application-verified", is_verified ? "True" : "False");
  }
  reply.headers.emplace_back("Allow", resource.allowed());
  co_return reply;
}

Task<Reply> Dispatcher::call(Route route, Request request, Caller caller) {
  const Resource& resource = *route.resource;
  const Endpoint* const endpoint = resource.find(request.method);
  if (request.method == "OPTIONS") {
    co_return options_reply(resource.name());
  }
  if (endpoint == nullptr) {
    co_return error_reply(405, "Method \"" + request.method + "\" not allowed.");
  }
  if (endpoint->access == Access::authenticated && !caller.is_authenticated) {
    co_return error_reply(403, "Forbidden");
  }
  auto body = parse_body(request, endpoint->body);
  if (Reply* refusal = std::get_if<Reply>(&body)) {
    co_return std::move(*refusal);
  }
  const Deadline deadline{request.arrived_at + endpoint->limit};
  Call made{std::move(request),
            route.media,
            std::move(route.identifier),
            std::move(route.text),
            std::move(caller),
            std::get<Body>(std::move(body)),
            deadline};
  Reply reply = co_await call_endpoint(*endpoint, services_, std::move(made));
  if (endpoint->cache.count() > 0 && reply.status == 200) {
    reply.headers.emplace_back("Cache-Control",
                               "max-age=" + std::to_string(endpoint->cache.count()) + ", public");
  }
  co_return reply;
}

}  // namespace freshet::api
