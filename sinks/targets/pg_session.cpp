#include "sinks/targets/pg_session.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "core/postgres/conninfo.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnectLimit = 10s;
constexpr auto kHostLimit = 4s;  // of each, where there are several
// Longer than any batch takes; a server that froze with the connection open is noticed after this.
constexpr auto kStatementLimit = 120s;
constexpr auto kStopCheck = 200ms;
constexpr std::size_t kCopyChunk = 256U << 10U;

using Steady = std::chrono::steady_clock;

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  std::string line{text};  // several hosts or addresses have a line each
  for (std::size_t at = 0; (at = line.find('\n', at)) != std::string::npos;) {
    line.replace(at, 1, "; ");
  }
  return line;
}

}  // namespace

bool PgFailure::is_about_data() const {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("54");
}

PgSession::PgSession(std::string dsn, std::vector<std::string> setup, std::stop_token stop)
    : hosts_{postgres::conninfo_by_host(dsn, "freshet sink postgres")},
      setup_{std::move(setup)},
      stop_{std::move(stop)} {}

PgFailure PgSession::lost(Errc errc, std::string_view why) {
  std::string text = "PostgreSQL: ";
  text += why.empty() && connection_ ? trimmed(PQerrorMessage(connection_.get())) : trimmed(why);
  connection_.reset();
  return {Error{errc, Retry::after_backoff, std::move(text)}, ""};
}

PgFailure PgSession::refused(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) {
    return lost(Errc::unreachable, trimmed(PQresultErrorMessage(result)));
  }
  // The primary message only: detail and context quote the row.
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  PgFailure failure{Error{Errc::store_refused, Retry::after_backoff,
                          "PostgreSQL " + std::string{state} + ": " +
                              (primary != nullptr ? primary : "no message")},
                    state};
  // 57P: the server is going down or starting; 08: the connection is broken.
  if (failure.sqlstate.starts_with("57P") || failure.sqlstate.starts_with("08")) {
    connection_.reset();
  }
  return failure;
}

std::optional<PgFailure> PgSession::await(For what, Deadline deadline) {
  for (;;) {
    if (stop_.stop_requested()) {
      return lost(Errc::timed_out, "given up, the sink stops");
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
    if (left <= 0ms) {
      return lost(Errc::timed_out, "no answer in time");
    }
    pollfd watched{PQsocket(connection_.get()), POLLIN, 0};
    if (what == For::writing) {
      watched.events = POLLIN | POLLOUT;
    }
    const auto wait = std::min<std::chrono::milliseconds>(left, kStopCheck);
    const int ready = poll(&watched, 1, static_cast<int>(wait.count()));
    if (ready > 0) {
      return std::nullopt;
    }
    if (ready < 0 && errno != EINTR) {
      return lost(Errc::unreachable, "waiting on the socket failed");
    }
  }
}

boost::system::result<bool, PgFailure> PgSession::ensure_open() {
  if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) {
    return false;
  }
  for (auto host = hosts_.begin();; ++host) {
    const bool is_last = host + 1 == hosts_.end();
    const auto limit = hosts_.size() == 1 ? kConnectLimit : kHostLimit;
    auto opened = connect(*host, Steady::now() + limit);
    if (opened || is_last || stop_.stop_requested()) {
      return opened;
    }
  }
}

boost::system::result<bool, PgFailure> PgSession::connect(const std::string& conninfo,
                                                          Deadline deadline) {
  connection_.reset(PQconnectStart(conninfo.c_str()));
  if (!connection_) {
    return lost(Errc::unreachable, "out of memory");
  }
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED || PQstatus(connection_.get()) == CONNECTION_BAD) {
      return lost(Errc::unreachable, "");
    }
    // POLLIN is watched as well while it connects: a refusal shows there.
    if (auto failed =
            await(status == PGRES_POLLING_READING ? For::reading : For::writing, deadline)) {
      return *failed;
    }
    status = PQconnectPoll(connection_.get());
  }
  PQsetnonblocking(connection_.get(), 1);
  PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
  for (const std::string& statement : setup_) {
    if (auto done = run(statement); !done) {
      PgFailure failure = done.error();
      connection_.reset();  // half set up is not to be used
      return failure;
    }
  }
  return true;
}

std::optional<PgFailure> PgSession::flush(Deadline deadline) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) {
      return std::nullopt;
    }
    if (left < 0) {
      return lost(Errc::unreachable, "");
    }
    if (auto failed = await(For::writing, deadline)) {
      return failed;
    }
    // A server that is writing to us reads nothing until we have read.
    if (PQconsumeInput(connection_.get()) == 0) {
      return lost(Errc::unreachable, "");
    }
  }
}

boost::system::result<PgResult, PgFailure> PgSession::collect(Deadline deadline) {
  if (auto failed = flush(deadline)) {
    return *failed;
  }
  PgResult last;
  std::optional<PgFailure> failure;
  for (;;) {
    while (PQisBusy(connection_.get()) != 0) {
      if (auto failed = await(For::reading, deadline)) {
        return *failed;
      }
      if (PQconsumeInput(connection_.get()) == 0) {
        return lost(Errc::unreachable, "");
      }
    }
    PgResult result{PQgetResult(connection_.get())};
    if (!result) {
      break;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!failure) {
        failure = refused(result.get());
      }
      if (!connection_) {
        return *failure;
      }
    }
    last = std::move(result);
    if (status == PGRES_COPY_IN) {
      break;  // it wants data before there is another result
    }
  }
  if (failure) {
    return *failure;
  }
  if (!last) {
    return lost(Errc::unreachable, "no result");
  }
  return last;
}

boost::system::result<PgResult, PgFailure> PgSession::run(const std::string& sql) {
  if (!connection_) {
    return lost(Errc::unreachable, "not connected");
  }
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    return lost(Errc::unreachable, "");
  }
  return collect(Steady::now() + kStatementLimit);
}

boost::system::result<PgResult, PgFailure> PgSession::run(
    const std::string& sql, const std::vector<std::string>& parameters) {
  if (!connection_) {
    return lost(Errc::unreachable, "not connected");
  }
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) {
    values.push_back(parameter.c_str());
  }
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    return lost(Errc::unreachable, "");
  }
  return collect(Steady::now() + kStatementLimit);
}

boost::system::result<PgResult, PgFailure> PgSession::copy_in(const std::string& sql,
                                                              std::string_view data) {
  auto started = run(sql);
  if (!started) {
    return started.error();
  }
  const Deadline deadline = Steady::now() + kStatementLimit;
  while (!data.empty()) {
    const std::string_view chunk = data.substr(0, kCopyChunk);
    const int sent = PQputCopyData(connection_.get(), chunk.data(), static_cast<int>(chunk.size()));
    if (sent < 0) {
      return lost(Errc::unreachable, "");
    }
    if (sent > 0) {
      data.remove_prefix(chunk.size());
    }
    if (auto failed = flush(deadline)) {
      return *failed;
    }
  }
  for (;;) {
    const int sent = PQputCopyEnd(connection_.get(), nullptr);
    if (sent > 0) {
      break;
    }
    if (sent < 0) {
      return lost(Errc::unreachable, "");
    }
    if (auto failed = flush(deadline)) {
      return *failed;
    }
  }
  return collect(deadline);
}

void PgSession::roll_back() {
  if (!connection_ || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) {
    return;
  }
  if (auto done = run("ROLLBACK"); !done) {
    connection_.reset();
  }
}

}  // namespace freshet
