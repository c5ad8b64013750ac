#include "api/redis_limiter.hpp"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "api/within.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

// Of each limit its key holds the times (ms) of the requests in its window, the newest first. The
// answer has two numbers for each: what is left, or what was counted; and how long to wait, or -1.
constexpr const char* kScript = R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local answer = {}
for i, key in ipairs(KEYS) do
  local most = tonumber(ARGV[2 * i])
  local period = tonumber(ARGV[2 * i + 1])
  local oldest = redis.call('LINDEX', key, -1)
  while oldest and now - tonumber(oldest) >= period do
    redis.call('RPOP', key)
    oldest = redis.call('LINDEX', key, -1)
  end
  local used = redis.call('LLEN', key)
  if ARGV[1] == 'count' then
    answer[2 * i - 1], answer[2 * i] = used, -1
  elseif used >= most then
    answer[2 * i - 1], answer[2 * i] = 0, period - (now - tonumber(oldest))
  else
    redis.call('LPUSH', key, string.format('%.0f', now))
    redis.call('PEXPIRE', key, period)
    answer[2 * i - 1], answer[2 * i] = most - used - 1, -1
  end
end
return answer
)";

constexpr std::size_t kMostWaiting = 4096;
constexpr std::size_t kMostTogether = 64;
constexpr std::chrono::milliseconds kSocketPatience{100};
constexpr std::chrono::seconds kRetryPause{1};

struct FreeContext {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using ContextHandle = std::unique_ptr<redisContext, FreeContext>;
using ReplyHandle = std::unique_ptr<redisReply, FreeReply>;

/// Pairs of numbers, as the script answers; nothing: Redis could not.
using Numbers = std::optional<std::vector<long long>>;

struct Asked {
  std::vector<std::string> words;  ///< of the command, behind its name and the script's
  std::function<void(Numbers)> deliver;
};

std::vector<std::string> words_of(const char* mode, const std::vector<Limit>& limits) {
  std::vector<std::string> words{std::to_string(limits.size())};
  for (const Limit& limit : limits) {
    words.push_back("freshet:throttle_" + std::string{limit.scope} + "_" + limit.identity);
  }
  words.emplace_back(mode);
  for (const Limit& limit : limits) {
    words.push_back(std::to_string(limit.rate.most));
    words.push_back(std::to_string(std::chrono::milliseconds{limit.rate.period}.count()));
  }
  return words;
}

timeval as_timeval(std::chrono::milliseconds span) {
  return {.tv_sec = span.count() / 1000, .tv_usec = (span.count() % 1000) * 1000};
}

/// A connection that broke is empty, and made anew by `open`.
class Connection {
 public:
  explicit Connection(RedisUrl url) : url_{std::move(url)} {}

  /// @return why not, or nothing
  std::optional<std::string> open() {
    context_.reset(redisConnectWithTimeout(url_.host.c_str(), std::stoi(url_.port),
                                           as_timeval(kSocketPatience)));
    if (context_ == nullptr || context_->err != 0) {
      return close(context_ == nullptr ? "out of memory" : context_->errstr);
    }
    if (redisSetTimeout(context_.get(), as_timeval(kSocketPatience)) != REDIS_OK) {
      return close("no time limit can be set");
    }
    if (!url_.password.empty()) {
      const auto fault = url_.user.empty() ? said({"AUTH", url_.password})
                                           : said({"AUTH", url_.user, url_.password});
      if (fault) {
        return close(*fault);
      }
    }
    if (url_.database != 0) {
      if (const auto fault = said({"SELECT", std::to_string(url_.database)})) {
        return close(*fault);
      }
    }
    send({"SCRIPT", "LOAD", kScript});
    const ReplyHandle reply = receive();
    if (reply == nullptr || reply->type != REDIS_REPLY_STRING) {
      return close(reply == nullptr ? "no answer" : std::string{reply->str, reply->len});
    }
    script_.assign(reply->str, reply->len);
    return std::nullopt;
  }

  bool is_open() const { return context_ != nullptr; }
  const std::string& script() const { return script_; }

  void send(const std::vector<std::string>& words) {
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      starts.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), starts.data(),
                           sizes.data());
  }

  /// Null where the connection broke.
  ReplyHandle receive() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
      return nullptr;
    }
    return ReplyHandle{static_cast<redisReply*>(reply)};
  }

  std::string close(const std::string& why) {
    context_.reset();
    return why;
  }

 private:
  std::optional<std::string> said(const std::vector<std::string>& words) {
    send(words);
    const ReplyHandle reply = receive();
    if (reply == nullptr) {
      return "no answer";
    }
    return reply->type == REDIS_REPLY_ERROR ? std::optional{std::string{reply->str, reply->len}}
                                            : std::nullopt;
  }

  RedisUrl url_;
  ContextHandle context_;
  std::string script_;
};

Numbers read_numbers(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) {
    return std::nullopt;
  }
  std::vector<long long> numbers;
  for (std::size_t i = 0; i < reply.elements; ++i) {
    if (reply.element[i]->type != REDIS_REPLY_INTEGER) {
      return std::nullopt;
    }
    numbers.push_back(reply.element[i]->integer);
  }
  return numbers;
}

bool lacks_script(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR &&
         std::string_view{reply.str, reply.len}.starts_with("NOSCRIPT");
}

}  // namespace

struct RedisLimiter::Impl {
  explicit Impl(RedisUrl url) : connection{std::move(url)} {
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
      ask(together);
    }
  }

  /// Sends all of them before the first answer is read.
  void ask(std::vector<Asked>& together) {
    for (const Asked& one : together) {
      send("EVALSHA", connection.script(), one);
    }
    std::vector<Asked> again;  // Redis forgot the script: it was started anew, or flushed
    for (Asked& one : together) {
      const ReplyHandle reply = connection.is_open() ? connection.receive() : nullptr;
      if (reply != nullptr && lacks_script(*reply)) {
        again.push_back(std::move(one));
        continue;
      }
      settle(one, reply.get());
    }
    for (Asked& one : again) {
      if (connection.is_open()) {
        send("EVAL", kScript, one);
      }
      const ReplyHandle reply = connection.is_open() ? connection.receive() : nullptr;
      settle(one, reply.get());
    }
  }

  void send(const char* command, const std::string& script, const Asked& one) {
    std::vector<std::string> words{command, script};
    words.insert(words.end(), one.words.begin(), one.words.end());
    connection.send(words);
  }

  void settle(const Asked& one, const redisReply* reply) {
    if (reply == nullptr && connection.is_open()) {
      say(connection.close("it does not answer"));
    } else if (reply != nullptr && reply->type == REDIS_REPLY_ERROR) {
      // Such as READONLY of a replica, or OOM: what it holds cannot be relied on.
      say(connection.close(std::string{reply->str, reply->len}));
    }
    one.deliver(reply == nullptr ? std::nullopt : read_numbers(*reply));
  }

  /// Logs a change.
  void say(const std::optional<std::string>& fault) {
    const bool was_lost = std::exchange(is_lost_and_said, fault.has_value());
    is_up.store(!fault);
    if (fault && !was_lost) {
      log::warn("redis_lost", {{"reason", *fault}, {"then", "each server counts for itself"}});
    } else if (!fault && was_lost) {
      log::info("redis_back");
    }
    if (fault) {
      const std::scoped_lock lock{mutex};
      for (const Asked& one : waiting) {
        one.deliver(std::nullopt);
      }
      waiting.clear();
    }
  }

  /// @return what the script answered; nothing: count without Redis
  Task<Numbers> ask_script(std::vector<std::string> words) {
    if (!is_up.load()) {
      co_return std::nullopt;
    }
    std::function<void(std::function<void(Numbers)>)> begin =
        [this, &words](const std::function<void(Numbers)>& deliver) {
          {
            const std::scoped_lock lock{mutex};
            if (!is_up.load() || waiting.size() >= kMostWaiting) {
              deliver(std::nullopt);
              return;
            }
            waiting.push_back({std::move(words), deliver});
          }
          arrived.notify_one();
        };
    std::optional<Numbers> answer =
        co_await within<Numbers>(Deadline::in(kPatience), std::move(begin));
    co_return answer ? std::move(*answer) : std::nullopt;
  }

  Connection connection;
  bool is_lost_and_said = false;
  std::atomic<bool> is_up{false};
  std::mutex mutex;
  std::condition_variable_any arrived;
  std::deque<Asked> waiting;
  std::jthread thread;  // last: it uses the others
};

RedisLimiter::RedisLimiter(RedisUrl url, std::unique_ptr<Limiter> local)
    : local_{std::move(local)}, impl_{std::make_unique<Impl>(std::move(url))} {}

RedisLimiter::~RedisLimiter() = default;

Task<std::vector<Taken>> RedisLimiter::take(std::vector<Limit> limits) {
  const Numbers numbers = co_await impl_->ask_script(words_of("take", limits));
  if (!numbers || numbers->size() != limits.size() * 2) {
    co_return co_await local_->take(std::move(limits));
  }
  std::vector<Taken> all;
  for (std::size_t i = 0; i < numbers->size(); i += 2) {
    const long long wait = (*numbers)[i + 1];
    all.push_back({.is_allowed = wait < 0,
                   .available = static_cast<int>((*numbers)[i]),
                   .wait = std::chrono::milliseconds{std::max(wait, 0LL)}});
  }
  co_return all;
}

Task<std::optional<std::vector<int>>> RedisLimiter::count(std::vector<Limit> limits) {
  const Numbers numbers = co_await impl_->ask_script(words_of("count", limits));
  if (!numbers || numbers->size() != limits.size() * 2) {
    co_return std::nullopt;
  }
  std::vector<int> counts;
  for (std::size_t i = 0; i < numbers->size(); i += 2) {
    counts.push_back(static_cast<int>((*numbers)[i]));
  }
  co_return counts;
}

}  // namespace freshet::api
