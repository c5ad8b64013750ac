#include <civetweb.h>
#include <spdlog/fmt/fmt.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/stop.hpp"

namespace freshet {
namespace {

/// Stops the server in milliseconds. CivetWeb looks whether it is to stop only when somebody
/// connects or 2 s have passed; a role that is told to end would wait for that, so we connect.
struct StopServer {
  std::string host;

  void operator()(mg_context* context) const {
    mg_server_port port{};
    const bool known = mg_get_server_ports(context, 1, &port) == 1 && port.is_ssl == 0;
    const std::string address = host == "0.0.0.0" ? "127.0.0.1" : host;
    // A connection may come just before the flag is set, so we connect again and again until the
    // server has stopped.
    const std::jthread knock{[&](const std::stop_token& stopped) {
      while (known && !wait_for_stop(stopped, std::chrono::milliseconds{10})) {
        std::array<char, 128> fault{};
        if (mg_connection* connection =
                mg_connect_client(address.c_str(), port.port, 0, fault.data(), fault.size())) {
          mg_close_connection(connection);
        }
      }
    }};
    mg_stop(context);
  }
};

int send(mg_connection* connection, const Health::Reply& reply) {
  const std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "Connection: close\r\n\r\n",
      reply.status, mg_get_response_code_text(connection, reply.status), reply.type,
      reply.body.size());
  mg_write(connection, head.data(), head.size());
  if (std::string_view{mg_get_request_info(connection)->request_method} != "HEAD") {
    mg_write(connection, reply.body.data(), reply.body.size());
  }
  return reply.status;
}

/// CivetWeb's complaints while it starts; later ones, of its own threads, are about broken clients.
struct StartupMessages {
  std::atomic<bool> open = true;
  std::string first;
};

int keep_message(const mg_connection* connection, const char* message) {
  auto* const messages =
      static_cast<StartupMessages*>(mg_get_user_data(mg_get_context(connection)));
  if (messages->open && messages->first.empty()) {
    messages->first = message;
  }
  return 1;
}

}  // namespace

void Health::add_component(const void* owner, const std::string& name, Readiness readiness) {
  const std::lock_guard lock{mutex_};
  components_.push_back({owner, name, std::move(readiness)});
}

void Health::remove_components(const void* owner) {
  const std::lock_guard lock{mutex_};
  std::erase_if(components_, [owner](const Component& each) { return each.owner == owner; });
}

Health::Reply Health::reply(std::string_view path) const {
  constexpr const char* kText = "text/plain; charset=utf-8";
  if (path == "/metrics") {
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
  }
  if (path == "/healthz") {
    return {200, kText, "ok\n"};
  }
  if (path != "/readyz") {
    return {404, kText, "here are /metrics, /healthz and /readyz\n"};
  }
  std::string reasons;
  const std::lock_guard lock{mutex_};
  for (const Component& component : components_) {
    if (const auto reason = component.readiness()) {
      reasons += fmt::format("{}: {}\n", component.name, *reason);
    }
  }
  if (reasons.empty()) {
    return {200, kText, "ready\n"};
  }
  return {503, kText, reasons};
}

struct MetricsServer::Impl {
  explicit Impl(const Metrics& metrics) : health{metrics} {}

  static int handle(mg_connection* connection, void* self) {
    const char* const path = mg_get_request_info(connection)->local_uri;
    try {
      return send(connection, static_cast<Impl*>(self)->health.reply(path));
    } catch (const std::exception& error) {  // the caller is C: it must not get through there
      log::error("probe_failed", {{"path", path}, {"text", error.what()}});
      return send(connection, {500, "text/plain; charset=utf-8", "failed, see the log\n"});
    }
  }

  Health health;
  std::string host;
  StartupMessages messages;
  // Last: it is stopped, and its threads are gone, before anything that they use.
  std::unique_ptr<mg_context, StopServer> context;
};

namespace {

/// Servers of this process by the metrics that they serve: the roles of `freshet up` share one.
struct Running {
  std::mutex mutex;
  std::map<const Metrics*, std::weak_ptr<void>> servers;
};

Running& running() {
  static Running instance;
  return instance;
}

}  // namespace

MetricsServer::MetricsServer(Metrics& metrics, const std::string& listen) {
  const std::lock_guard lock{running().mutex};
  std::weak_ptr<void>& server = running().servers[&metrics];
  impl_ = std::static_pointer_cast<Impl>(server.lock());
  if (!impl_) {
    impl_ = start(metrics, listen);
    server = impl_;
  }
}

std::shared_ptr<MetricsServer::Impl> MetricsServer::start(Metrics& metrics,
                                                          const std::string& listen) {
  auto impl = std::make_shared<Impl>(metrics);
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) {
    throw StartupError{fmt::format("metrics.listen {}: not host:port", listen)};
  }
  impl->host = listen.substr(0, colon);
  const std::vector<const char*> options = {
      "listening_ports",    listen.c_str(), "num_threads", "2",
      "request_timeout_ms", "10000",        nullptr};
  mg_callbacks callbacks{};
  callbacks.log_message = keep_message;
  impl->context = {mg_start(&callbacks, &impl->messages, const_cast<const char**>(options.data())),
                   StopServer{impl->host}};
  if (!impl->context) {
    throw StartupError{
        fmt::format("metrics.listen {}: cannot listen there: {}", listen, impl->messages.first)};
  }
  impl->messages.open = false;
  mg_set_request_handler(impl->context.get(), "/", &Impl::handle, impl.get());
  return impl;
}

// Waits for a probe that is under way: what it asks may be gone afterwards.
MetricsServer::~MetricsServer() { impl_->health.remove_components(this); }

std::string MetricsServer::address() const {
  mg_server_port port{};
  FRESHET_CHECK(mg_get_server_ports(impl_->context.get(), 1, &port) == 1);
  return fmt::format("{}:{}", impl_->host, port.port);
}

void MetricsServer::add_component(const std::string& name, Readiness readiness) {
  impl_->health.add_component(this, name, std::move(readiness));
}

}  // namespace freshet
