#include "core/postgres/connection.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/postgres/conninfo.hpp"
#include "core/postgres/watchdog.hpp"

namespace freshet::postgres {
namespace {

/// A second descriptor of a connection's socket. The watchdog and a stop shut this one down: libpq
/// closes its own when the connection breaks, and its number may by then be another socket's.
class SocketCopy {
 public:
  explicit SocketCopy(int socket) : copy_{::fcntl(socket, F_DUPFD_CLOEXEC, 0)} {
    if (copy_ < 0) {
      throw pqxx::broken_connection{"no descriptor left to watch the connection by"};
    }
  }
  ~SocketCopy() { ::close(copy_); }
  SocketCopy(const SocketCopy&) = delete;
  SocketCopy& operator=(const SocketCopy&) = delete;
  int get() const noexcept { return copy_; }

 private:
  int copy_;
};

struct ShutDown {
  int socket;
  void operator()() const { ::shutdown(socket, SHUT_RDWR); }
};

/// The first line: libpq's messages end in a line break, and the further ones quote data.
std::string first_line(std::string_view text) {
  return "PostgreSQL: " + std::string{text.substr(0, text.find('\n'))};
}

/// Why there is no connection: each address that was tried has its line.
std::string all_lines(std::string_view text) {
  while (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  std::string line = "PostgreSQL: ";
  for (const char c : text) {
    line += c == '\n' ? std::string_view{"; "} : c == '\t' ? "" : std::string_view{&c, 1};
  }
  return line;
}

/// libpqxx would connect anew by itself, and wait for that without our limits.
void forbid_reconnects(pqxx::connection_base& connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

Error refused(const pqxx::sql_error& fault) {
  const std::string& state = fault.sqlstate();
  // query_canceled: the server's own limit; 57P: it shuts down or starts; 08: the connection broke.
  const Errc errc = state == "57014"                                      ? Errc::timed_out
                    : state.starts_with("57P") || state.starts_with("08") ? Errc::unreachable
                                                                          : Errc::store_refused;
  return {errc, errc == Errc::store_refused ? Retry::never : Retry::after_backoff,
          first_line(fault.what())};
}

}  // namespace

struct Connection::Open {
  explicit Open(const std::string& text) : connection{text}, socket{connection.sock()} {
    forbid_reconnects(connection);
  }

  void set_up(const ConnectionOptions& options) {
    for (const std::string& statement : options.setup) {
      pqxx::nontransaction{connection}.exec(statement);
    }
    for (const auto& [name, text] : options.prepared) {
      connection.prepare(name, text);
    }
    is_set_up = true;
  }

  pqxx::connection connection;
  SocketCopy socket;
  bool is_set_up = false;
};

Connection::Connection(ConnectionOptions options)
    : options_{std::move(options)}, watchdog_{Watchdog::shared()} {}

Connection::~Connection() = default;

bool Connection::is_open() const { return open_ != nullptr; }

Result<void> Connection::attempt(Deadline deadline, const std::stop_token& stop,
                                 const std::function<void(pqxx::connection_base&)>& work) {
  std::optional<Watchdog::Watch> watch;
  std::optional<std::stop_callback<ShutDown>> cut_by_stop;
  std::optional<Error> failure;
  try {
    if (!open_) {
      open_ = std::make_unique<Open>(conninfo(options_.dsn, options_.application));
    }
    watch.emplace(*watchdog_, open_->socket.get(), deadline);
    cut_by_stop.emplace(stop, ShutDown{open_->socket.get()});
    if (!open_->is_set_up) {
      open_->set_up(options_);
    }
    work(open_->connection);
  } catch (const pqxx::sql_error& fault) {
    failure = refused(fault);
  } catch (const pqxx::broken_connection& fault) {
    failure = Error{Errc::unreachable, Retry::after_backoff, all_lines(fault.what())};
  } catch (const pqxx::in_doubt_error& fault) {
    failure = Error{Errc::unknown_outcome, Retry::never, first_line(fault.what())};
  } catch (const pqxx::pqxx_exception& fault) {
    failure = Error{Errc::store_refused, Retry::never, first_line(fault.base().what())};
  }
  const bool was_cut = watch && watch->has_cut();
  const bool is_stopped = stop.stop_requested();
  cut_by_stop.reset();
  watch.reset();
  const bool is_broken = open_ && !open_->connection.is_open();
  if (failure && failure->errc() == Errc::store_refused && is_broken) {
    failure = Error{Errc::unreachable, Retry::after_backoff, failure->message()};
  }
  const bool is_leaving = failure && failure->errc() == Errc::unreachable;  // 57P: not broken yet
  if (was_cut || is_stopped || is_leaving || is_broken || (open_ && !open_->is_set_up)) {
    open_.reset();
  }
  if (!failure) {
    return {};
  }
  if (failure->errc() == Errc::unknown_outcome) {
    return *failure;
  }
  if (is_stopped) {
    return Error{Errc::unreachable, Retry::never, "PostgreSQL: given up, a stop was asked for"};
  }
  if (was_cut) {
    return Error{Errc::timed_out, Retry::after_backoff, "PostgreSQL did not answer in time"};
  }
  return *failure;
}

}  // namespace freshet::postgres
