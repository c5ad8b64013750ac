#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "simulate/message.hpp"

namespace freshet::simulate {

/// Answers one request. Called on the server's one thread, so it needs no lock.
using Handler = std::function<Reply(const Request&)>;

/// A small HTTP/1.1 server with keep-alive for simulated providers. One thread, any number of
/// connections; request lines up to 1 MiB, because made-up URLs may be very long.
///
/// The constructor binds, so `address()` is known before `run()`.
class HttpServer {
 public:
  /// @param listen   `host:port`; port 0: any free one.
  /// @param latency  before each reply, so that a server next door is as far away as a real one.
  /// @error StartupError when the address is malformed or taken.
  HttpServer(const std::string& listen, Handler handler, std::chrono::milliseconds latency = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// `http://host:port`, with the port in use.
  std::string address() const;

  /// Serves until a stop is asked for; open connections are then cut.
  void run(const std::stop_token& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::simulate
