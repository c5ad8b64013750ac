#include "api/redis_queue.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "core/log.hpp"

namespace freshet::api {
namespace {

constexpr std::size_t kMostWaiting = 4096;
constexpr std::size_t kMostTogether = 64;
constexpr std::chrono::seconds kRetryPause{1};

struct Asked {
  std::vector<std::string> command;
  RedisQueue::Deliver deliver;

  void settle(const redisReply* reply) const {
    if (deliver) {
      deliver(reply);
    }
  }
};

/// An error that says nothing about the server: a command that it does not take.
bool is_of_the_command(std::string_view fault) {
  return fault.starts_with("ERR wrong number of arguments") || fault.starts_with("WRONGTYPE");
}

}  // namespace

bool lacks_script(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR &&
         std::string_view{reply.str, reply.len}.starts_with("NOSCRIPT");
}

struct RedisQueue::Impl {
  Impl(RedisUrl url, Words said) : connection{std::move(url)}, words{std::move(said)} {
    thread = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!connection.is_open()) {
        const auto fault = connection.open();
        say(fault);
        if (fault) {
          std::unique_lock lock{mutex};
          arrived.wait_for(lock, stop, kRetryPause, [] { return false; });
          continue;
        }
      }
      std::vector<Asked> together;
      {
        std::unique_lock lock{mutex};
        if (!arrived.wait(lock, stop, [this] { return !waiting.empty(); })) {
          return;
        }
        while (!waiting.empty() && together.size() < kMostTogether) {
          together.push_back(std::move(waiting.front()));
          waiting.pop_front();
        }
      }
      for (const Asked& one : together) {
        connection.send(one.command);
      }
      for (const Asked& one : together) {
        receive(one);
      }
    }
  }

  void receive(const Asked& one) {
    const RedisReply reply = connection.is_open() ? connection.receive() : nullptr;
    if (reply == nullptr && connection.is_open()) {
      say(connection.close("it does not answer"));
    } else if (reply != nullptr && reply->type == REDIS_REPLY_ERROR && !lacks_script(*reply)) {
      const std::string fault{reply->str, reply->len};
      if (is_of_the_command(fault)) {
        // Nobody else's matter; settled as an error, which no reader takes for an answer.
        log::warn(words.name + "_refused", {{"command", one.command.front()}, {"reason", fault}});
      } else {
        // Such as READONLY of a replica, or OOM: what it holds cannot be relied on.
        say(connection.close(fault));
      }
    }
    one.settle(reply.get());
  }

  /// Logs a change.
  void say(const std::optional<std::string>& fault) {
    const bool was_lost = std::exchange(is_lost_and_said, fault.has_value());
    is_up.store(!fault);
    if (fault && !was_lost) {
      log::warn(words.name + "_lost", {{"reason", *fault}, {"then", words.then}});
    } else if (!fault && was_lost) {
      log::info(words.name + "_back");
    }
    if (fault) {
      const std::scoped_lock lock{mutex};
      for (const Asked& one : waiting) {
        one.settle(nullptr);
      }
      waiting.clear();
    }
  }

  RedisConnection connection;
  const Words words;
  bool is_lost_and_said = false;
  std::atomic<bool> is_up{false};
  std::mutex mutex;
  std::condition_variable_any arrived;
  std::deque<Asked> waiting;
  std::jthread thread;  // last: it uses the others
};

RedisQueue::RedisQueue(RedisUrl url, Words words)
    : impl_{std::make_unique<Impl>(std::move(url), std::move(words))} {}

RedisQueue::~RedisQueue() = default;

bool RedisQueue::enqueue(std::vector<std::string> command, Deliver deliver) {
  {
    const std::scoped_lock lock{impl_->mutex};
    if (!impl_->is_up.load() || impl_->waiting.size() >= kMostWaiting) {
      return false;
    }
    impl_->waiting.push_back({std::move(command), std::move(deliver)});
  }
  impl_->arrived.notify_one();
  return true;
}

}  // namespace freshet::api
