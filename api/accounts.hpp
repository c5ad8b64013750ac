#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/caller.hpp"
#include "api/media.hpp"
#include "api/stores.hpp"
#include "core/deadline.hpp"
#include "core/result.hpp"

namespace freshet::api {

/// An application that registered, as its token shows it.
struct Application {
  std::string client_id;
  std::string name;
  RateModel model = RateModel::standard;
  bool is_verified = false;
  bool is_revoked = false;
  std::vector<std::string> privileges;
};

/// What a registration stores. Nothing in it can be used by who reads it: of the secret and the
/// code only their digests are kept.
struct Registration {
  std::string client_id;
  std::string secret_digest;
  std::string name;
  std::string description;
  std::string email;
  std::string code_digest;
};

/// Applications, their tokens and codes. Shared by all threads. Every call has ended when its
/// deadline is over.
/// @error  of every call: Errc::unreachable, timed_out, throttled, store_refused
class AccountStore {
 public:
  AccountStore() = default;
  AccountStore(const AccountStore&) = delete;
  AccountStore& operator=(const AccountStore&) = delete;
  virtual ~AccountStore() = default;

  enum class Added { yes, name_is_taken };
  virtual Task<Result<Added>> add(Registration registration, Deadline deadline) = 0;

  /// The application with this id, and the digest of its secret.
  struct WithSecret {
    Application application;
    std::string secret_digest;
  };
  virtual Task<Result<std::optional<WithSecret>>> find_client(std::string client_id,
                                                              Deadline deadline) = 0;

  /// Stores a token that holds from now on for so long.
  virtual Task<Result<bool>> add_token(std::string client_id, std::string token_digest,
                                       std::chrono::seconds life, Deadline deadline) = 0;

  /// The application that a token belongs to, and how long the token still holds.
  struct TokenOwner {
    Application application;
    std::chrono::seconds left{0};
  };
  virtual Task<Result<std::optional<TokenOwner>>> find_token(std::string token_digest,
                                                             Deadline deadline) = 0;

  /// Confirms the address of the application that this code was made for. A code works once.
  /// @return whether there was one
  virtual Task<Result<bool>> verify(std::string code_digest, Deadline deadline) = 0;
};

/// What somebody reports about a work.
struct Report {
  Media media = Media::image;
  std::string identifier;
  std::string reason;  ///< mature, dmca or other
  std::optional<std::string> description;
};

/// Reports of works.
class ReportStore {
 public:
  ReportStore() = default;
  ReportStore(const ReportStore&) = delete;
  ReportStore& operator=(const ReportStore&) = delete;
  virtual ~ReportStore() = default;

  /// Stores a report, to be announced on its topic.
  /// @return whether there is such a work
  /// @error  Errc::unreachable, timed_out, throttled, store_refused
  virtual Task<Result<bool>> add(Report report, Deadline deadline) = 0;
};

}  // namespace freshet::api
