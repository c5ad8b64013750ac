#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "api/api_metrics.hpp"
#include "api/request_handler.hpp"
#include "api/request_reading.hpp"

namespace freshet::api {

/// An HTTP/1.1 server: a few threads with an event loop each; a connection stays on its thread, so
/// nothing on the way of a request is locked.
///
/// A request is read in two steps: its head, and, once the handler has said what its route takes,
/// its body. A body that is not wanted is thrown away as it comes.
///
/// Lifecycle: `listen`, then `stop` (or the destructor). Handlers are made by a factory, one for
/// each thread, and destroyed with the server.
class Server {
 public:
  using HandlerFactory = std::function<std::unique_ptr<RequestHandler>()>;

  Server(int threads, const HandlerFactory& factory, ApiMetrics& metrics,
         Surroundings surroundings = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds `host:port` (port 0: any free one) and starts to serve.
  /// @error StartupError when the address is none or cannot be bound.
  void listen(const std::string& address);

  /// `host:port` in use.
  std::string address() const;

  /// Runs a coroutine on the first thread until it ends or the server is gone. When it throws, that
  /// is logged, and it is started again a second later.
  /// @param part  its name in the log
  void spawn(std::string part, std::function<Task<void>()> start);

  /// Takes no more connections, lets requests under way finish for at most `patience`, closes the
  /// rest.
  void stop(std::chrono::milliseconds patience);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
