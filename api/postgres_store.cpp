#include "api/postgres_store.hpp"

#include <functional>

#include "api/kept_secret.hpp"
#include "api/postgres_pool.hpp"
#include "api/postgres_rows.hpp"
#include "core/fold.hpp"
#include "core/key.hpp"

namespace freshet::api {
namespace {

postgres::ConnectionOptions connection_options(const std::string& dsn) {
  postgres::ConnectionOptions options{.dsn = dsn, .application = "freshet api"};
  // Below the limit of a request: a server that is only slow ends the statement itself, and the
  // connection is kept.
  options.setup = {"set statement_timeout = 4500", "set default_transaction_read_only = on"};
  for (const Media media : {Media::image, Media::audio}) {
    const std::string name{store_name(media)};
    options.prepared.emplace_back(name + "_rows", rows_statement(media));
    options.prepared.emplace_back(name + "_former", former_statement(media));
  }
  options.prepared.emplace_back(
      "visibility", "select source, hidden from source_visibility order by version nulls first");
  return options;
}

}  // namespace

struct PostgresStore::Impl {
  Impl(const std::string& dsn, int connections) : pool{connection_options(dsn), connections} {}

  /// Reads outside of a transaction: each of them is one statement or two.
  template <class T>
  Task<Result<T>> run(Deadline deadline, std::function<T(pqxx::nontransaction&)> read) {
    return pool.run<T>(deadline, [read = std::move(read)](pqxx::connection_base& open) {
      pqxx::nontransaction session{open};
      return read(session);
    });
  }

  PostgresPool pool;
  KeptSecret secret;
};

PostgresStore::PostgresStore(const std::string& dsn, int connections)
    : impl_{std::make_unique<Impl>(dsn, connections)} {}

PostgresStore::~PostgresStore() = default;

void PostgresStore::check_reachable() const { impl_->pool.check_reachable(); }

Task<Result<std::vector<WorkRow>>> PostgresStore::find(Media media,
                                                       std::vector<std::string> identifiers,
                                                       Deadline deadline) {
  std::erase_if(identifiers, [](const std::string& id) { return !is_uuid_v4(id); });
  if (identifiers.empty()) {
    co_return std::vector<WorkRow>{};
  }
  std::function<std::vector<WorkRow>(pqxx::nontransaction&)> read =
      [media, array = uuid_array(identifiers)](pqxx::nontransaction& session) {
        return read_rows(session.exec_prepared(std::string{store_name(media)} + "_rows", array),
                         media);
      };
  co_return co_await impl_->run<std::vector<WorkRow>>(deadline, std::move(read));
}

Task<Result<std::optional<WorkRow>>> PostgresStore::find_one(Media media, std::string identifier,
                                                             Deadline deadline) {
  std::function<std::optional<WorkRow>(pqxx::nontransaction&)> read =
      [media, identifier](pqxx::nontransaction& session) -> std::optional<WorkRow> {
    const std::string name{store_name(media)};
    auto rows = read_rows(session.exec_prepared(name + "_rows", uuid_array({identifier})), media);
    if (rows.empty()) {
      rows = read_rows(session.exec_prepared(name + "_former", identifier), media);
    }
    return rows.empty() ? std::nullopt : std::optional{std::move(rows.front())};
  };
  co_return co_await impl_->run<std::optional<WorkRow>>(deadline, std::move(read));
}

Task<Result<std::string>> PostgresStore::status_of(Media media, std::string identifier,
                                                   Deadline deadline) {
  std::function<std::string(pqxx::nontransaction&)> read =
      [media, identifier](pqxx::nontransaction& session) -> std::string {
    const pqxx::result rows = session.exec_params(
        "select status from " + std::string{store_name(media)} + " where identifier = $1::uuid",
        identifier);
    return rows.empty() ? std::string{} : rows[0][0].as<std::string>();
  };
  co_return co_await impl_->run<std::string>(deadline, std::move(read));
}

Task<Result<std::map<std::string, bool>>> PostgresStore::source_visibility(Deadline deadline) {
  std::function<std::map<std::string, bool>(pqxx::nontransaction&)> read =
      [](pqxx::nontransaction& session) {
        std::map<std::string, bool> visibility;
        for (const pqxx::row& row : session.exec_prepared("visibility")) {
          // Of two spellings of one source the one that was said last holds.
          visibility.insert_or_assign(fold_case(row[0].as<std::string>()), row[1].as<bool>());
        }
        return visibility;
      };
  co_return co_await impl_->run<std::map<std::string, bool>>(deadline, std::move(read));
}

Task<Result<std::optional<WorkStore::StoredRule>>> PostgresStore::policy_rule(
    std::string rule, std::int64_t known_version, Deadline deadline) {
  std::function<std::optional<StoredRule>(pqxx::nontransaction&)> read =
      [rule, known_version](pqxx::nontransaction& session) -> std::optional<StoredRule> {
    // Not prepared with the others: a database that lacks the table must still answer searches.
    const pqxx::result rows = session.exec_params(
        "select version, value from policy_rule where rule = $1 and version <> $2", rule,
        known_version);
    if (rows.empty()) {
      return std::nullopt;
    }
    return StoredRule{rows[0][0].as<std::int64_t>(), rows[0][1].as<std::string>()};
  };
  co_return co_await impl_->run<std::optional<StoredRule>>(deadline, std::move(read));
}

Task<Result<std::string>> PostgresStore::secret(Deadline deadline) {
  if (std::optional<std::string> kept = impl_->secret.get(KeptSecret::Clock::now())) {
    co_return std::move(*kept);
  }
  std::function<std::string(pqxx::nontransaction&)> read = [](pqxx::nontransaction& session) {
    // In hexadecimal; which bytes they are is nobody's business but ours.
    return session.exec1("select encode(secret, 'hex') from api_secret where name = 'cursor'")[0]
        .as<std::string>();
  };
  Result<std::string> found = co_await impl_->run<std::string>(deadline, std::move(read));
  co_return impl_->secret.take(std::move(found), KeptSecret::Clock::now());
}

Task<Result<bool>> PostgresStore::ping(Deadline deadline) {
  std::function<bool(pqxx::nontransaction&)> read = [](pqxx::nontransaction& session) {
    session.exec1("select 1");
    return true;
  };
  co_return co_await impl_->run<bool>(deadline, std::move(read));
}

}  // namespace freshet::api
