#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "api/http_message.hpp"
#include "api/side_threads.hpp"

namespace freshet::api::web {

/// Who may look at the page for operators.
///
/// With a password: whoever sends it (basic authentication, any name). Without one: only who asks
/// from this machine, by its own name and through no proxy, since a proxy's requests come from this
/// machine, too. Not every proxy says that it is one; where settings speak of one, nobody looks
/// without a password.
///
/// @thread_safety  All of it but `end`.
class OpsGate {
 public:
  enum class Verdict {
    allowed,
    password_wanted,
    too_many_tries,  ///< wrong passwords: none of that address is looked at for some seconds
    elsewhere,       ///< there is no password, and the request is not from here
  };
  static constexpr int kMostTries = 5;
  static constexpr std::chrono::seconds kTriesWithin{10};
  static constexpr std::size_t kMostAddresses = 1'000;  ///< whose tries are remembered

  /// Whether the settings say that requests come through a proxy.
  enum class Proxy { none, there };

  /// @param password_hash  as crypt(3) makes it; empty: there is no password
  explicit OpsGate(std::string password_hash, Proxy proxy = Proxy::none)
      : password_hash_{std::move(password_hash)}, proxy_{proxy} {}

  /// @param request  outlives the call
  Task<Verdict> judge(const Request& request);
  /// Ends the thread that hashes; what waits for it must still be there.
  void end() { hashing_.end(); }

 private:
  using Clock = std::chrono::steady_clock;
  using Tries = std::deque<Clock::time_point>;

  /// Counts a try before it is judged, so that many at once are no way around.
  /// @return whether there is one left
  bool take_try(const std::string& identity, Clock::time_point now);

  const std::string password_hash_;
  const Proxy proxy_;
  std::mutex mutex_;
  std::string accepted_;  ///< digest of the password that was right: hashing it takes long
  std::map<std::string, Tries> tries_;  ///< by whom limits count together
  SideThreads hashing_{1, 16};
};

}  // namespace freshet::api::web
