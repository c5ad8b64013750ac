#include "api/redis_link_memory.hpp"

#include <utility>

#include "api/redis_queue.hpp"
#include "api/within.hpp"

namespace freshet::api {
namespace {

using Texts = std::vector<std::optional<std::string>>;

std::optional<Texts> read_texts(const redisReply* reply) {
  if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) {
    return std::nullopt;
  }
  Texts texts;
  for (std::size_t i = 0; i < reply->elements; ++i) {
    const redisReply& one = *reply->element[i];
    texts.push_back(one.type == REDIS_REPLY_STRING
                        ? std::optional<std::string>{std::in_place, one.str, one.len}
                        : std::nullopt);
  }
  return texts;
}

}  // namespace

RedisLinkMemory::RedisLinkMemory(RedisUrl url, std::size_t most_here)
    : local_{most_here},
      queue_{std::make_unique<RedisQueue>(
          std::move(url),
          RedisQueue::Words{"redis_links", "each server knows what it found out itself"})} {}

RedisLinkMemory::~RedisLinkMemory() = default;

Task<Texts> RedisLinkMemory::find(std::vector<std::string> keys) {
  if (keys.empty()) {
    co_return Texts{};  // MGET of nothing is an error
  }
  std::vector<std::string> words{"MGET"};
  words.insert(words.end(), keys.begin(), keys.end());
  std::function<void(std::function<void(std::optional<Texts>)>)> begin =
      [this, &words](const std::function<void(std::optional<Texts>)>& deliver) {
        if (!queue_->enqueue(std::move(words),
                             [deliver](const redisReply* reply) { deliver(read_texts(reply)); })) {
          deliver(std::nullopt);
        }
      };
  const auto answer =
      co_await within<std::optional<Texts>>(Deadline::in(kPatience), std::move(begin));
  if (answer && *answer && (*answer)->size() == keys.size()) {
    co_return **answer;
  }
  co_return co_await local_.find(std::move(keys));
}

void RedisLinkMemory::put(std::string key, std::string text, std::chrono::seconds life) {
  local_.put(key, text, life);
  queue_->enqueue({"SET", std::move(key), std::move(text), "EX", std::to_string(life.count())}, {});
}

}  // namespace freshet::api
