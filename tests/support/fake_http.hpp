#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "core/http/http_client.hpp"

namespace freshet::test {

/// Answers from a function, or in order from a list, and remembers what was asked.
/// @thread_safety  `send`; the function is called by one thread at a time.
class FakeHttp final : public http::HttpClient {
 public:
  using Answer = std::function<Result<http::Response>(const http::Request&)>;

  FakeHttp() = default;
  explicit FakeHttp(Answer answer) : answer_{std::move(answer)} {}

  /// Adds an answer to the list, which is used when there is no function.
  void then(Result<http::Response> answer) { answers_.push_back(std::move(answer)); }

  Result<http::Response> send(const http::Request& request) override {
    const std::lock_guard lock{mutex_};
    requests.push_back(request);
    if (answer_) {
      return answer_(request);
    }
    if (answers_.empty()) {
      return http::Response{404, {}, "{}", http::full_url(request)};
    }
    auto answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  std::vector<http::Request> requests;

 private:
  Answer answer_;
  std::deque<Result<http::Response>> answers_;
  std::mutex mutex_;
};

}  // namespace freshet::test
