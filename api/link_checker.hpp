#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/metrics.hpp"

namespace freshet::api {

/// Asks by HEAD what there is at URLs, in the background: few at a time, at most two of one host,
/// each URL once however many ask. What does not fit into its queue is not asked; it will be shown,
/// and asked for, again.
///
/// That nobody answers is believed only while others do: without a network no link is dead.
/// @thread_safety  All of it.
class LinkChecker {
 public:
  using ClientFactory = std::function<std::unique_ptr<http::HttpClient>()>;
  /// Called from a thread of ours with the status (api/link_state.hpp); nothing: it could not be
  /// found out.
  using Deliver = std::function<void(std::optional<int> status)>;
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds kTimeout{3'000};
  static constexpr std::size_t kMostWaiting = 4'096;
  static constexpr int kMostOfOneHost = 2;
  static constexpr std::chrono::seconds kBelievedAfterAnswer{60};

  /// @param make_client  that asks only what is public, and follows no redirects; one a thread
  LinkChecker(ClientFactory make_client, int threads, Metrics& metrics);
  ~LinkChecker();  ///< what waits is given up
  LinkChecker(const LinkChecker&) = delete;
  LinkChecker& operator=(const LinkChecker&) = delete;

  void check(const std::string& url, Deliver deliver);

 private:
  struct Host {
    std::deque<std::string> waiting;  ///< URLs
    int busy = 0;
    bool is_ready = false;  ///< it is in `ready_`: something waits, and it has room
  };
  using Hosts = std::unordered_map<std::string, Host>;
  struct Taken {
    std::string url;
    Hosts::pointer host;  ///< stays until this is settled
  };

  void run(const std::stop_token& stop);
  std::optional<int> ask(http::HttpClient& client, const std::string& url);
  std::optional<Taken> take(const std::stop_token& stop);
  void settle(const Taken& asked, std::optional<int> status);
  void make_ready_if_due(Hosts::pointer host);

  const ClientFactory make_client_;
  Counter& live_;
  Counter& dead_;
  Counter& failed_;
  Counter& dropped_;
  std::mutex mutex_;  // guards what is below
  std::condition_variable_any changed_;
  std::unordered_map<std::string, std::vector<Deliver>> under_way_;
  Hosts hosts_;                       // of which something waits or is asked
  std::deque<Hosts::pointer> ready_;  // in turns, so that none waits behind a host of many works
  std::size_t waiting_ = 0;           // URLs, over all hosts
  Clock::time_point last_answer_{};
  bool has_answer_ = false;
  std::vector<std::jthread> threads_;  // last: they use the others
};

}  // namespace freshet::api
