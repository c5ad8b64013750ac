#include "api/postgres_store.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "api/postgres_rows.hpp"
#include "api/routes.hpp"
#include "core/check.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

namespace asio = boost::asio;

// A page waits for one of these; deeper than this it would be given up by its caller anyway.
constexpr std::size_t kMaxQueued = 512;
constexpr int kStatementTimeoutMs = 5000;

std::unique_ptr<pqxx::connection> open_connection(const std::string& dsn) {
  auto connection = std::make_unique<pqxx::connection>(with_connection_limits(dsn));
  connection->set_variable("statement_timeout", std::to_string(kStatementTimeoutMs));
  connection->set_variable("default_transaction_read_only", "on");
  for (const Media media : {Media::image, Media::audio}) {
    const std::string name{store_name(media)};
    connection->prepare(name + "_rows", rows_statement(media));
    connection->prepare(name + "_former", former_statement(media));
  }
  connection->prepare("visibility", "select source, hidden from source_visibility");
  return connection;
}

std::string first_line(std::string_view text) {
  return std::string{text.substr(0, text.find('\n'))};
}

/// Runs `read` on the connection, opened if need be; a broken one is replaced once.
template <class T>
Result<T> attempt(std::unique_ptr<pqxx::connection>& connection, const std::string& dsn,
                  const std::function<T(pqxx::nontransaction&)>& read) {
  for (int round = 0;; ++round) {
    const bool is_kept = connection != nullptr;
    try {
      if (!is_kept) {
        connection = open_connection(dsn);
      }
      pqxx::nontransaction session{*connection};
      return read(session);
    } catch (const pqxx::broken_connection& fault) {
      connection.reset();
      if (!is_kept || round > 0) {
        return Error{Errc::unreachable, Retry::after_backoff, first_line(fault.what())};
      }
    } catch (const pqxx::sql_error& fault) {
      const bool is_late = fault.sqlstate() == "57014";  // query_canceled: our statement_timeout
      const bool is_leaving =
          fault.sqlstate().starts_with("57P");  // the server shuts down or starts
      if (is_leaving) {
        connection.reset();
        if (is_kept && round == 0) {
          continue;
        }
      }
      return Error{is_late      ? Errc::timed_out
                   : is_leaving ? Errc::unreachable
                                : Errc::store_refused,
                   Retry::after_backoff, first_line(fault.what())};
    } catch (const std::exception& fault) {
      connection.reset();
      return Error{Errc::store_refused, Retry::after_backoff, first_line(fault.what())};
    }
  }
}

}  // namespace

std::string with_connection_limits(const std::string& dsn) {
  const bool is_uri = dsn.starts_with("postgresql://") || dsn.starts_with("postgres://");
  std::string out = dsn;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (out.find(name) != out.npos) {
      return;
    }
    out += !is_uri ? " " : out.find('?') == out.npos ? "?" : "&";
    out.append(name).append("=").append(value);
  };
  add("connect_timeout", "3");
  add("tcp_user_timeout", "10000");  // ms: a host that vanished without a word
  add("application_name", "freshet-api");
  return out;
}

struct PostgresStore::Impl {
  using Job = std::function<void(std::unique_ptr<pqxx::connection>&)>;

  Impl(std::string text, int connections) : dsn{std::move(text)} {
    for (int i = 0; i < connections; ++i) {
      threads.emplace_back([this](const std::stop_token& stop) { serve(stop); });
    }
  }

  ~Impl() {
    for (std::jthread& thread : threads) {
      thread.request_stop();
    }
    threads.clear();  // joins; the queue below is destroyed after
  }

  void serve(const std::stop_token& stop) {
    std::unique_ptr<pqxx::connection> connection;
    for (;;) {
      Job job;
      {
        std::unique_lock lock{mutex};
        if (!arrived.wait(lock, stop, [this] { return !queue.empty(); })) {
          return;
        }
        job = std::move(queue.front());
        queue.pop_front();
      }
      job(connection);
    }
  }

  bool enqueue(Job job) {
    {
      const std::scoped_lock lock{mutex};
      if (queue.size() >= kMaxQueued) {
        return false;
      }
      queue.push_back(std::move(job));
    }
    arrived.notify_one();
    return true;
  }

  /// Has `read` run on one of the connections; its result comes back on the caller's executor.
  template <class T>
  Task<Result<T>> run(std::function<T(pqxx::nontransaction&)> read) {
    auto initiate = [this](auto handler, const std::function<T(pqxx::nontransaction&)>& task) {
      auto executor = asio::get_associated_executor(handler);
      // std::function wants to be copied, a completion handler does not.
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      auto finish = [shared, executor, guard = asio::make_work_guard(executor)](Result<T> result) {
        asio::post(executor, [shared, result = std::move(result)]() mutable {
          std::move (*shared)(std::move(result));
        });
      };
      const bool is_taken =
          enqueue([this, finish, task](std::unique_ptr<pqxx::connection>& connection) {
            finish(attempt<T>(connection, dsn, task));
          });
      if (!is_taken) {
        finish(Error{Errc::throttled, Retry::after_backoff, "too many reads are waiting"});
      }
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
        std::move(initiate), asio::use_awaitable, std::move(read));
  }

  const std::string dsn;
  std::mutex mutex;
  std::condition_variable_any arrived;
  std::deque<Job> queue;
  std::vector<std::jthread> threads;
};

PostgresStore::PostgresStore(const std::string& dsn, int connections)
    : impl_{std::make_unique<Impl>(dsn, connections)} {}

PostgresStore::~PostgresStore() = default;

void PostgresStore::check_reachable() const {
  std::unique_ptr<pqxx::connection> connection;
  const auto answer = attempt<bool>(connection, impl_->dsn, [](pqxx::nontransaction& session) {
    session.exec1("select 1");
    return true;
  });
  if (!answer) {
    throw StartupError{"postgres.dsn: " + answer.error().message()};
  }
}

Task<Result<std::vector<WorkRow>>> PostgresStore::find(Media media,
                                                       std::vector<std::string> identifiers) {
  std::erase_if(identifiers, [](const std::string& id) { return !is_identifier(id); });
  if (identifiers.empty()) {
    co_return std::vector<WorkRow>{};
  }
  std::function<std::vector<WorkRow>(pqxx::nontransaction&)> read =
      [media, array = uuid_array(identifiers)](pqxx::nontransaction& session) {
        return read_rows(session.exec_prepared(std::string{store_name(media)} + "_rows", array),
                         media);
      };
  co_return co_await impl_->run<std::vector<WorkRow>>(std::move(read));
}

Task<Result<std::optional<WorkRow>>> PostgresStore::find_one(Media media, std::string identifier) {
  std::function<std::optional<WorkRow>(pqxx::nontransaction&)> read =
      [media, identifier](pqxx::nontransaction& session) -> std::optional<WorkRow> {
    const std::string name{store_name(media)};
    auto rows = read_rows(session.exec_prepared(name + "_rows", uuid_array({identifier})), media);
    if (rows.empty()) {
      rows = read_rows(session.exec_prepared(name + "_former", identifier), media);
    }
    return rows.empty() ? std::nullopt : std::optional{std::move(rows.front())};
  };
  co_return co_await impl_->run<std::optional<WorkRow>>(std::move(read));
}

Task<Result<std::map<std::string, bool>>> PostgresStore::source_visibility() {
  std::function<std::map<std::string, bool>(pqxx::nontransaction&)> read =
      [](pqxx::nontransaction& session) {
        std::map<std::string, bool> visibility;
        for (const pqxx::row& row : session.exec_prepared("visibility")) {
          visibility.emplace(row[0].as<std::string>(), row[1].as<bool>());
        }
        return visibility;
      };
  co_return co_await impl_->run<std::map<std::string, bool>>(std::move(read));
}

Task<Result<bool>> PostgresStore::ping() {
  std::function<bool(pqxx::nontransaction&)> read = [](pqxx::nontransaction& session) {
    session.exec1("select 1");
    return true;
  };
  co_return co_await impl_->run<bool>(std::move(read));
}

}  // namespace freshet::api
