#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace freshet {

/// A statement that PostgreSQL did not carry out.
struct PgFailure {
  Error error;
  std::string sqlstate;  ///< five characters; empty when no server answered
  /// Whether the statement's data are at fault rather than the state of the server: classes 22
  /// (data), 23 (integrity) and 54 (limits).
  bool is_about_data() const;
};

struct FreeResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, FreeResult>;

/// One connection on which no wait lasts for good: every wait ends with the answer, a time limit,
/// or a stop. After a failure without SQLSTATE the connection is gone, and the next call opens
/// another.
///
/// It is for binary COPY and what must be in the same transaction, which libpqxx cannot do (ADR
/// 0017). Everything else goes through postgres::Connection.
///
/// @thread_safety  One thread at a time.
class PgSession {
 public:
  /// @param setup  statements run on each new connection.
  PgSession(std::string dsn, std::vector<std::string> setup, std::stop_token stop);

  /// Opens the connection if there is none, to the first host of the DSN that takes it. True: it is
  /// a new one.
  boost::system::result<bool, PgFailure> ensure_open();
  /// Runs one or more statements without parameters; the result is the last one's.
  boost::system::result<PgResult, PgFailure> run(const std::string& sql);
  /// Runs one statement; parameters and results are text.
  boost::system::result<PgResult, PgFailure> run(const std::string& sql,
                                                 const std::vector<std::string>& parameters);
  /// Sends data to a `COPY … FROM STDIN` statement.
  boost::system::result<PgResult, PgFailure> copy_in(const std::string& sql, std::string_view data);
  /// Ends a transaction that failed. If that fails, the connection is closed, which has the same
  /// effect.
  void roll_back();
  void close() { connection_.reset(); }

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  enum class For { reading, writing };
  using Deadline = std::chrono::steady_clock::time_point;

  std::optional<PgFailure> await(For what, Deadline deadline);
  std::optional<PgFailure> flush(Deadline deadline);
  boost::system::result<PgResult, PgFailure> collect(Deadline deadline);
  PgFailure lost(Errc errc, std::string_view why);
  PgFailure refused(const PGresult* result);

  boost::system::result<bool, PgFailure> connect(const std::string& conninfo, Deadline deadline);

  std::vector<std::string> hosts_;  ///< how each is reached
  std::vector<std::string> setup_;
  std::stop_token stop_;
  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace freshet
