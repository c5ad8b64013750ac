#include "api/redis_limiter.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>
#include <iterator>
#include <string_view>

#include "api/redis_queue.hpp"
#include "api/within.hpp"

namespace freshet::api {
namespace {

// Of each limit its key holds the times (ms) of the requests in its window, the newest first; of
// one by cost, what is left in the bucket and since when. The answer has two numbers for each: what
// is left, or what was counted; and how long to wait, or -1.
constexpr const char* kScript = R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local answer = {}
local function pour(i, key, most, period, cost, full)
  local kept = redis.call('HMGET', key, 'left', 'at')
  local left = full
  if kept[1] then
    left = math.min(full, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * most / period)
  end
  if ARGV[1] == 'count' then
    answer[2 * i - 1], answer[2 * i] = full - math.floor(left), -1
    return
  end
  local wait = -1
  if left < cost then
    wait = math.floor((cost - left) * period / most) + 1
  else
    left = left - cost
  end
  redis.call('HSET', key, 'left', string.format('%.3f', left), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', key, period)
  answer[2 * i - 1], answer[2 * i] = math.floor(left), wait
end
local function count(i, key, most, period)
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
for i, key in ipairs(KEYS) do
  local most, period = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1])
  local cost, full = tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
  if cost > 0 then
    pour(i, key, most, period, cost, full)
  else
    count(i, key, most, period)
  end
end
return answer
)";

/// Pairs of numbers, as the script answers; nothing: Redis could not.
using Numbers = std::optional<std::vector<long long>>;

/// What came back: the script's numbers, or that it has to be sent whole.
struct Answer {
  Numbers numbers;
  bool lacks_script = false;
};

std::vector<std::string> words_of(const char* mode, const std::vector<Limit>& limits) {
  std::vector<std::string> words{std::to_string(limits.size())};
  for (const Limit& limit : limits) {
    words.push_back(std::string{limit.cost > 0 ? "freshet:bucket_" : "freshet:throttle_"} +
                    std::string{limit.scope} + "_" + limit.identity);
  }
  words.emplace_back(mode);
  for (const Limit& limit : limits) {
    words.push_back(std::to_string(limit.rate.most));
    words.push_back(std::to_string(std::chrono::milliseconds{limit.rate.period}.count()));
    words.push_back(std::to_string(limit.cost));
    words.push_back(std::to_string(limit.capacity()));
  }
  return words;
}

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

/// As Redis names a script: its SHA-1, in hexadecimal digits.
std::string name_of(std::string_view script) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(script.data()), script.size(), digest.data());
  std::string name;
  for (const unsigned char byte : digest) {
    fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  }
  return name;
}

Answer read_answer(const redisReply* reply) {
  if (reply == nullptr) {
    return {};
  }
  return {read_numbers(*reply), lacks_script(*reply)};
}

}  // namespace

struct RedisLimiter::Impl {
  explicit Impl(RedisUrl url) : queue{std::move(url), {"redis", "each server counts for itself"}} {}

  /// @param mode  `take` or `count`
  /// @return what the script answered; nothing: count without Redis
  Task<Numbers> ask_script(const char* mode, const std::vector<Limit>& limits) {
    const Deadline deadline = Deadline::in(kPatience);
    const std::vector<std::string> words = words_of(mode, limits);
    for (const auto& start : {std::pair{"EVALSHA", script}, {"EVAL", std::string{kScript}}}) {
      std::vector<std::string> command{start.first, start.second};
      command.insert(command.end(), words.begin(), words.end());
      std::function<void(std::function<void(Answer)>)> begin =
          [this, &command](const std::function<void(Answer)>& deliver) {
            if (!queue.enqueue(std::move(command), [deliver](const redisReply* reply) {
                  deliver(read_answer(reply));
                })) {
              deliver({});
            }
          };
      std::optional<Answer> answer = co_await within<Answer>(deadline, std::move(begin));
      if (!answer) {
        co_return std::nullopt;
      }
      if (!answer->lacks_script) {
        co_return std::move(answer->numbers);
      }
    }
    co_return std::nullopt;
  }

  const std::string script = name_of(kScript);
  RedisQueue queue;
};

RedisLimiter::RedisLimiter(RedisUrl url, std::unique_ptr<Limiter> local)
    : local_{std::move(local)}, impl_{std::make_unique<Impl>(std::move(url))} {}

RedisLimiter::~RedisLimiter() = default;

Task<std::vector<Taken>> RedisLimiter::take(std::vector<Limit> limits) {
  const Numbers numbers = co_await impl_->ask_script("take", limits);
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
  const Numbers numbers = co_await impl_->ask_script("count", limits);
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
