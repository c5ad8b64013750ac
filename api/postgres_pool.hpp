#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/stores.hpp"
#include "api/within.hpp"
#include "core/postgres/connection.hpp"

namespace freshet::api {

/// A few connections to Postgres, for coroutines.
///
/// libpqxx blocks, so a few threads of its own hold one connection each and take what is to be
/// asked from a bounded queue. A coroutine waits for its answer without holding a thread of the
/// server, and never beyond its deadline, which goes along through queue, connecting and
/// statement. A connection that hung or broke is replaced; what found an old one broken is tried
/// once more.
///
/// The io_contexts whose coroutines wait here must outlive it.
class PostgresPool {
 public:
  PostgresPool(postgres::ConnectionOptions options, int connections);
  ~PostgresPool();  ///< what is still in the queue is given up
  PostgresPool(const PostgresPool&) = delete;
  PostgresPool& operator=(const PostgresPool&) = delete;

  /// Tries to connect once, on the calling thread.
  /// @error StartupError when Postgres does not answer.
  void check_reachable() const;

  /// Has `ask` called with one of the connections.
  /// @error  Errc::unreachable, timed_out, throttled, store_refused, unknown_outcome
  template <class T>
  Task<Result<T>> run(Deadline deadline, std::function<T(pqxx::connection_base&)> ask) {
    std::function<void(std::function<void(Result<T>)>)> begin =
        [this, deadline, ask = std::move(ask)](const std::function<void(Result<T>)>& deliver) {
          const bool is_taken =
              enqueue(deadline, [deliver, deadline, ask](postgres::Connection& connection,
                                                         const std::stop_token& stop) {
                deliver(attempt<T>(connection, deadline, stop, ask));
              });
          if (!is_taken) {
            deliver(Error{Errc::throttled, Retry::after_backoff, "too many reads are waiting"});
          }
        };
    std::optional<Result<T>> answer = co_await within<Result<T>>(deadline, std::move(begin));
    if (!answer) {
      co_return Error{Errc::timed_out, Retry::after_backoff, "PostgreSQL did not answer in time"};
    }
    co_return std::move(*answer);
  }

 private:
  using Job = std::function<void(postgres::Connection&, const std::stop_token&)>;

  /// Asks, and once more if the connection was an old one that is found to be broken.
  template <class T>
  static Result<T> attempt(postgres::Connection& connection, Deadline deadline,
                           const std::stop_token& stop,
                           const std::function<T(pqxx::connection_base&)>& ask) {
    try {
      const bool was_open = connection.is_open();
      Result<T> answer = connection.run(deadline, stop, ask);
      if (!answer && answer.error().errc() == Errc::unreachable &&
          answer.error().retry() != Retry::never && was_open && !deadline.is_over()) {
        answer = connection.run(deadline, stop, ask);
      }
      return answer;
    } catch (const std::exception& fault) {  // out of memory: this one fails, its thread goes on
      return Error{Errc::store_refused, Retry::after_backoff, fault.what()};
    }
  }

  /// @return whether there was room
  bool enqueue(Deadline deadline, Job job);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
