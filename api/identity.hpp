#pragma once

#include <chrono>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "api/accounts.hpp"
#include "api/api_metrics.hpp"
#include "api/http_message.hpp"

namespace freshet::api {

/// Finds out who asks, by the token in the Authorization header.
///
/// What a token means is kept for `kFor`, so that requests do not wait for a database, and what is
/// revoked is so after that long. That there is no such token is kept as well: bad ones must not
/// keep the database busy. One for each thread of the server; at most `kMost` tokens are kept.
class Identity {
 public:
  static constexpr std::chrono::seconds kFor{10};
  static constexpr std::size_t kMost = 4096;

  Identity(AccountStore& accounts, ApiMetrics& metrics) : accounts_{accounts}, metrics_{metrics} {}

  /// A scheme other than Bearer counts as anonymous.
  /// @return the caller; 401 for a bad token, which is never silently anonymous; 403 for an
  ///         application that was revoked; 503 while nobody can say
  Task<std::variant<Caller, Reply>> of(std::string authorization, Deadline deadline);

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    std::string digest;
    std::optional<Application> application;  ///< nothing: there is no such token
    Clock::time_point until;
  };
  using Knowledge = std::list<Known>;  // the newest in front

  void keep(Known known);

  AccountStore& accounts_;
  ApiMetrics& metrics_;
  Knowledge known_;
  std::unordered_map<std::string_view, Knowledge::iterator> by_digest_;
};

/// 401 for a bad token.
Reply bad_token_reply();

}  // namespace freshet::api
