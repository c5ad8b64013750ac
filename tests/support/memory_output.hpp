#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "producers/output.hpp"

namespace freshet::test {

/// Keeps what a run gives out, and fails on request as a broker does.
class MemoryOutput final : public Output {
 public:
  struct Record {
    Sighting sighting;
    std::string value;
  };

  Result<std::optional<RunState>> last_state(const std::string& command) override {
    for (auto state = states.rbegin(); state != states.rend(); ++state) {
      if (state->command == command) {
        // As it would come back from the topic.
        return std::optional<RunState>{*parse_run_state(encode_run_state(*state))};
      }
    }
    return std::optional<RunState>{};
  }
  Result<void> sighting(const Sighting& sighting, std::string_view value) override {
    if (on_sighting) {
      on_sighting();
    }
    records.push_back({sighting, std::string{value}});
    return {};
  }
  Result<void> rejection(const Rejection& rejection) override {
    rejections.push_back(rejection);
    return {};
  }
  Result<void> checkpoint(const RunState& state, const TotalsByProvider& added) override {
    if (checkpoints_left == 0) {
      return Error{Errc::broker_error, Retry::after_backoff, "not delivered"};
    }
    checkpoints_left -= checkpoints_left > 0 ? 1 : 0;
    states.push_back(state);
    for (const auto& [provider, totals_added] : added) {
      totals[provider].add(totals_added);
    }
    acknowledged = records.size();
    return {};
  }
  Result<void> run_finished(MediaType media_type, std::string_view provider,
                            std::string_view value) override {
    finished.emplace_back(run_finished_key(media_type, provider), value);
    return {};
  }

  std::function<void()> on_sighting;
  int checkpoints_left = -1;  ///< until deliveries fail; negative: never
  std::vector<Record> records;
  std::vector<Rejection> rejections;
  std::vector<RunState> states;
  TotalsByProvider totals;
  std::size_t acknowledged = 0;  ///< of `records`
  std::vector<std::pair<std::string, std::string>> finished;
};

}  // namespace freshet::test
