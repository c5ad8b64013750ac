#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/deadline.hpp"
#include "core/result.hpp"

namespace freshet::postgres {

class Watchdog;

struct ConnectionOptions {
  std::string dsn;
  std::string application;           ///< name in pg_stat_activity unless the DSN gives one
  std::vector<std::string> setup{};  ///< statements run on each new connection
  /// Statements prepared on each new connection: name and text.
  std::vector<std::pair<std::string, std::string>> prepared{};
};

/// A connection of libpqxx on which every wait for the server ends. libpqxx has no limit of its
/// own, and `statement_timeout` is kept by the server, so a frozen server does not keep it.
///
/// The first `run` opens it; after it broke or was cut, the next `run` opens it anew. Connecting
/// has libpq's limit, `connect_timeout` for each host, so it may end that much after a deadline.
/// The look-up of a host's name has the limit of the system's resolver.
/// @thread_safety  One thread at a time.
class Connection {
 public:
  explicit Connection(ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_open() const;

  /// Calls `work` with the connection. When the deadline passes or a stop is asked for, a wait
  /// inside `work` fails, and the connection is dropped. Exceptions of libpqxx end here; others
  /// pass.
  ///
  /// @param work  called with a `pqxx::connection_base&`; gives a value or a `Result` of one.
  /// @error  Errc::timed_out: the deadline passed, or the server's own limit did (57014).
  ///         Errc::unreachable: it cannot be reached, shuts down (57P…), or a stop was asked for
  ///         (then Retry::never). Errc::store_refused: it answers and says no.
  ///         Errc::unknown_outcome: it was lost while a transaction was being committed.
  template <class Work>
  auto run(Deadline deadline, const std::stop_token& stop, Work&& work) {
    using Given = std::invoke_result_t<Work&, pqxx::connection_base&>;
    using Answer = typename ResultOf<Given>::Type;
    std::optional<Answer> answer;
    const Result<void> done = attempt(deadline, stop, [&](pqxx::connection_base& connection) {
      answer.emplace(work(connection));
    });
    return done ? std::move(*answer) : Answer{done.error()};
  }

 private:
  template <class Given>
  struct ResultOf {
    using Type = Result<Given>;
  };
  template <class Given>
  struct ResultOf<Result<Given>> {
    using Type = Result<Given>;
  };
  struct Open;

  Result<void> attempt(Deadline deadline, const std::stop_token& stop,
                       const std::function<void(pqxx::connection_base&)>& work);

  ConnectionOptions options_;
  std::shared_ptr<Watchdog> watchdog_;
  std::unique_ptr<Open> open_;
};

}  // namespace freshet::postgres
