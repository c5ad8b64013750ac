#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "api/usage/usage_log.hpp"

namespace freshet::api {

/// Keeps what it is given, or fails as told.
class FakeUsageLog final : public UsageLog {
 public:
  bool is_enabled() const override { return enabled; }
  Task<Result<void>> send(std::vector<usage::Event> events, Deadline) override {
    if (failure) {
      co_return *failure;
    }
    sent.insert(sent.end(), events.begin(), events.end());
    co_return Result<void>{};
  }
  void note(const usage::Event& event) override { noted.push_back(event); }

  bool enabled = true;
  std::optional<Error> failure;
  std::vector<usage::Event> sent;
  std::vector<usage::Event> noted;
};

}  // namespace freshet::api
