#include "api/redis_connection.hpp"

#include <sys/time.h>

#include <chrono>

namespace freshet::api {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

timeval as_timeval(std::chrono::milliseconds span) {
  return {.tv_sec = span.count() / 1000, .tv_usec = (span.count() % 1000) * 1000};
}

}  // namespace

std::optional<std::string> RedisConnection::open() {
  context_.reset(
      redisConnectWithTimeout(url_.host.c_str(), std::stoi(url_.port), as_timeval(kPatience)));
  if (context_ == nullptr || context_->err != 0) {
    return close(context_ == nullptr ? "out of memory" : context_->errstr);
  }
  if (redisSetTimeout(context_.get(), as_timeval(kPatience)) != REDIS_OK) {
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
  return std::nullopt;
}

std::string RedisConnection::close(const std::string& why) {
  std::string reason = why;  // it may lie in what is closed
  context_.reset();
  return reason;
}

void RedisConnection::send(const std::vector<std::string>& words) {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), starts.data(),
                         sizes.data());
}

RedisReply RedisConnection::receive() {
  void* reply = nullptr;
  if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
    return nullptr;
  }
  return RedisReply{static_cast<redisReply*>(reply)};
}

std::optional<std::string> RedisConnection::said(const std::vector<std::string>& words) {
  send(words);
  const RedisReply reply = receive();
  if (reply == nullptr) {
    return "no answer";
  }
  return reply->type == REDIS_REPLY_ERROR ? std::optional{std::string{reply->str, reply->len}}
                                          : std::nullopt;
}

}  // namespace freshet::api
