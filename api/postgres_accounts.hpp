#pragma once

#include <memory>
#include <string>

#include "api/accounts.hpp"

namespace freshet::api {

/// Keeps applications, tokens and reports in the tables of
/// schemas/postgres/0007_accounts_and_reports.sql.
///
/// What the API writes, it writes on connections of its own: searches cannot write, and do not wait
/// for those who register.
///
/// The io_contexts whose coroutines wait here must outlive it.
class PostgresAccounts final : public AccountStore, public ReportStore {
 public:
  PostgresAccounts(const std::string& dsn, int connections);
  ~PostgresAccounts() override;

  Task<Result<Added>> add(Registration registration, Deadline deadline) override;
  Task<Result<std::optional<WithSecret>>> find_client(std::string client_id,
                                                      Deadline deadline) override;
  Task<Result<bool>> add_token(std::string client_id, std::string token_digest,
                               std::chrono::seconds life, Deadline deadline) override;
  Task<Result<std::optional<TokenOwner>>> find_token(std::string token_digest,
                                                     Deadline deadline) override;
  Task<Result<bool>> verify(std::string code_digest, Deadline deadline) override;

  Task<Result<bool>> add(Report report, Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
