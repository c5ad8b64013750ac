#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/accounts.hpp"
#include "api/local_limiter.hpp"
#include "api/mailer.hpp"
#include "api/secrets.hpp"

namespace freshet::api {

/// Applications in memory.
class FakeAccounts final : public AccountStore {
 public:
  struct Stored {
    Application application;
    std::string secret_digest;
    std::string code_digest;
    std::vector<std::string> tokens;  ///< digests
  };

  Task<Result<Added>> add(Registration given, Deadline) override {
    if (fault) {
      co_return *fault;
    }
    for (const Stored& known : stored) {
      if (known.application.name == given.name) {
        co_return Added::name_is_taken;
      }
    }
    registrations.push_back(given);
    stored.push_back({{.client_id = given.client_id, .name = given.name, .privileges = {}},
                      given.secret_digest,
                      given.code_digest,
                      {}});
    co_return Added::yes;
  }
  Task<Result<std::optional<WithSecret>>> find_client(std::string client_id, Deadline) override {
    if (fault) {
      co_return *fault;
    }
    for (const Stored& known : stored) {
      if (known.application.client_id == client_id) {
        co_return std::optional{WithSecret{known.application, known.secret_digest}};
      }
    }
    co_return std::optional<WithSecret>{};
  }
  Task<Result<bool>> add_token(std::string client_id, std::string digest, std::chrono::seconds life,
                               Deadline) override {
    for (Stored& known : stored) {
      if (known.application.client_id == client_id) {
        known.tokens.push_back(digest);
        last_life = life;
      }
    }
    co_return true;
  }
  Task<Result<std::optional<TokenOwner>>> find_token(std::string digest, Deadline) override {
    ++asked_for_tokens;
    if (fault) {
      co_return *fault;
    }
    for (const Stored& known : stored) {
      for (const std::string& token : known.tokens) {
        if (token == digest) {
          co_return std::optional{TokenOwner{known.application, std::chrono::hours{12}}};
        }
      }
    }
    co_return std::optional<TokenOwner>{};
  }
  Task<Result<bool>> verify(std::string digest, Deadline) override {
    for (Stored& known : stored) {
      if (known.code_digest == digest) {
        known.code_digest.clear();
        known.application.is_verified = true;
        co_return true;
      }
    }
    co_return false;
  }

  /// An application with one token.
  void have(Application application, const std::string& token) {
    stored.push_back({std::move(application), digest_of("secret"), "", {digest_of(token)}});
  }

  std::vector<Stored> stored;
  std::vector<Registration> registrations;
  std::optional<Error> fault;
  std::chrono::seconds last_life{0};
  int asked_for_tokens = 0;
};

class FakeReports final : public ReportStore {
 public:
  Task<Result<bool>> add(Report report, Deadline) override {
    if (fault) {
      co_return *fault;
    }
    reports.push_back(std::move(report));
    co_return is_known;
  }
  std::vector<Report> reports;
  std::optional<Error> fault;
  bool is_known = true;
};

class FakeMailer final : public Mailer {
 public:
  void send(Mail mail) override { mails.push_back(std::move(mail)); }
  std::vector<Mail> mails;
};

}  // namespace freshet::api
