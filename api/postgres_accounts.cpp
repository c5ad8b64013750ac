#include "api/postgres_accounts.hpp"

#include "api/postgres_pool.hpp"
#include "core/key.hpp"

namespace freshet::api {
namespace {

postgres::ConnectionOptions connection_options(const std::string& dsn) {
  // Nothing is prepared: a database that lacks these tables must not keep the API from searching.
  return {
      .dsn = dsn, .application = "freshet api accounts", .setup = {"set statement_timeout = 4500"}};
}

constexpr std::string_view kApplicationColumns =
    "a.client_id, a.name, a.rate_limit_model, a.verified, a.revoked, "
    "array_to_string(a.privileges, ' ')";

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) {
      words.emplace_back(text.substr(0, space));
    }
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

RateModel read_model(std::string_view text) {
  return text == "exempt"     ? RateModel::exempt
         : text == "enhanced" ? RateModel::enhanced
                              : RateModel::standard;
}

Application read_application(const pqxx::row& row) {
  return {.client_id = row[0].as<std::string>(),
          .name = row[1].as<std::string>(),
          .model = read_model(row[2].c_str()),
          .is_verified = row[3].as<bool>(),
          .is_revoked = row[4].as<bool>(),
          .privileges = split_words(row[5].c_str())};
}

/// The report of a live work; the row has what its event says, so that it is said of the work as it
/// was then.
std::string report_statement(Media media, std::string_view condition) {
  const std::string name{store_name(media)};
  return "insert into report (media_type, identifier, provider, foreign_identifier, reason, "
         "description) select '" +
         name + "', w.identifier, w.provider, w.foreign_identifier, $2, $3 from " + name +
         "_live w where " + std::string{condition} + " limit 1 returning id";
}

}  // namespace

struct PostgresAccounts::Impl {
  Impl(const std::string& dsn, int connections) : pool{connection_options(dsn), connections} {}
  PostgresPool pool;
};

PostgresAccounts::PostgresAccounts(const std::string& dsn, int connections)
    : impl_{std::make_unique<Impl>(dsn, connections)} {}

PostgresAccounts::~PostgresAccounts() = default;

Task<Result<AccountStore::Added>> PostgresAccounts::add(Registration registration,
                                                        Deadline deadline) {
  std::function<Added(pqxx::connection_base&)> ask =
      [given = std::move(registration)](pqxx::connection_base& open) {
        pqxx::work work{open};
        // The names of others are compared without case: `Acme` must not be taken for `ACME`.
        const auto rows = work.exec_params(
            "insert into api_application (client_id, secret_digest, name, description, email) "
            "values ($1, $2, $3, $4, $5) on conflict do nothing returning client_id",
            given.client_id, given.secret_digest, given.name, given.description, given.email);
        if (rows.empty()) {
          return Added::name_is_taken;
        }
        work.exec_params("insert into api_verification (code_digest, client_id) values ($1, $2)",
                         given.code_digest, given.client_id);
        work.commit();
        return Added::yes;
      };
  co_return co_await impl_->pool.run<Added>(deadline, std::move(ask));
}

Task<Result<std::optional<AccountStore::WithSecret>>> PostgresAccounts::find_client(
    std::string client_id, Deadline deadline) {
  std::function<std::optional<WithSecret>(pqxx::connection_base&)> ask =
      [client_id](pqxx::connection_base& open) -> std::optional<WithSecret> {
    pqxx::nontransaction session{open};
    const auto rows = session.exec_params("select " + std::string{kApplicationColumns} +
                                              ", a.secret_digest from api_application a "
                                              "where a.client_id = $1",
                                          client_id);
    if (rows.empty()) {
      return std::nullopt;
    }
    return WithSecret{read_application(rows[0]), rows[0][6].as<std::string>()};
  };
  co_return co_await impl_->pool.run<std::optional<WithSecret>>(deadline, std::move(ask));
}

Task<Result<bool>> PostgresAccounts::add_token(std::string client_id, std::string token_digest,
                                               std::chrono::seconds life, Deadline deadline) {
  std::function<bool(pqxx::connection_base&)> ask = [client_id, token_digest,
                                                     life](pqxx::connection_base& open) {
    pqxx::work work{open};
    work.exec_params(
        "insert into api_token (token_digest, client_id, expires_at) "
        "values ($1, $2, now() + make_interval(secs => $3))",
        token_digest, client_id, life.count());
    // A few of those that are over go with each that comes, so that they never pile up.
    work.exec(
        "delete from api_token where token_digest in (select token_digest from api_token "
        "where expires_at < now() order by expires_at limit 10 for update skip locked)");
    work.commit();
    return true;
  };
  co_return co_await impl_->pool.run<bool>(deadline, std::move(ask));
}

Task<Result<std::optional<AccountStore::TokenOwner>>> PostgresAccounts::find_token(
    std::string token_digest, Deadline deadline) {
  std::function<std::optional<TokenOwner>(pqxx::connection_base&)> ask =
      [token_digest](pqxx::connection_base& open) -> std::optional<TokenOwner> {
    pqxx::nontransaction session{open};
    const auto rows = session.exec_params(
        "select " + std::string{kApplicationColumns} +
            ", extract(epoch from t.expires_at - now())::bigint from api_token t join "
            "api_application a using (client_id) "
            "where t.token_digest = $1 and t.expires_at > now()",
        token_digest);
    if (rows.empty()) {
      return std::nullopt;
    }
    return TokenOwner{read_application(rows[0]), std::chrono::seconds{rows[0][6].as<long>()}};
  };
  co_return co_await impl_->pool.run<std::optional<TokenOwner>>(deadline, std::move(ask));
}

Task<Result<bool>> PostgresAccounts::verify(std::string code_digest, Deadline deadline) {
  std::function<bool(pqxx::connection_base&)> ask = [code_digest](pqxx::connection_base& open) {
    pqxx::work work{open};
    const auto rows = work.exec_params(
        "with used as (delete from api_verification where code_digest = $1 returning client_id) "
        "update api_application a set verified = true from used "
        "where a.client_id = used.client_id returning a.client_id",
        code_digest);
    work.commit();
    return !rows.empty();
  };
  co_return co_await impl_->pool.run<bool>(deadline, std::move(ask));
}

Task<Result<bool>> PostgresAccounts::add(Report report, Deadline deadline) {
  std::function<bool(pqxx::connection_base&)> ask =
      [given = std::move(report)](pqxx::connection_base& open) {
        pqxx::work work{open};
        const char* const description = given.description ? given.description->c_str() : nullptr;
        for (const char* condition :
             {"w.identifier = $1::uuid", "w.former_identifiers @> array[$1::uuid]"}) {
          if (!work.exec_params(report_statement(given.media, condition), given.identifier,
                                given.reason, description)
                   .empty()) {
            work.commit();
            return true;
          }
        }
        return false;
      };
  co_return co_await impl_->pool.run<bool>(deadline, std::move(ask));
}

}  // namespace freshet::api
