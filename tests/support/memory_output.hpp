#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/record/finished_run.hpp"
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
  Result<void> take_over(const std::string& name, std::int32_t /*sums*/) override {
    taken_over.push_back(name);
    if (on_take_over) {
      on_take_over();
    }
    return {};
  }
  Result<void> sighting(const Sighting& sighting, std::string_view value) override {
    if (on_sighting) {
      on_sighting();
    }
    records.push_back({sighting, std::string{value}});
    return {};
  }
  Result<void> removal(const std::string& key, std::string_view value) override {
    removals.emplace_back(key, value);
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
    tell_checkpoint(Moment::before);
    states.push_back(state);
    for (const auto& [provider, totals_added] : added) {
      totals[provider].add(totals_added);
    }
    acknowledged = records.size();
    acknowledged_rejections = rejections.size();
    tell_checkpoint(Moment::after);
    return {};
  }
  Result<void> alert(const Alert& alert) override {
    alerts.push_back(alert);
    return {};
  }
  Result<void> run_finished(MediaType media_type, std::string_view provider,
                            std::string_view value) override {
    finished.emplace_back(finished_run_key(media_type, provider), value);
    return {};
  }

  /// Before a checkpoint is kept, and after; may throw what kills a run.
  enum class Moment { before, after };
  std::function<void(Moment)> on_checkpoint;
  /// What a process that was killed leaves behind: whatever was acknowledged.
  void lose_what_was_not_acknowledged() {
    records.resize(acknowledged);
    rejections.resize(acknowledged_rejections);
  }

  std::function<void()> on_sighting;
  std::function<void()> on_take_over;
  std::vector<std::string> taken_over;
  int checkpoints_left = -1;  ///< until deliveries fail; negative: never
  std::vector<Record> records;
  std::vector<std::pair<std::string, std::string>> removals;  ///< key, value
  std::vector<Rejection> rejections;
  std::vector<RunState> states;
  std::vector<Alert> alerts;
  TotalsByProvider totals;
  std::size_t acknowledged = 0;  ///< of `records`
  std::size_t acknowledged_rejections = 0;
  std::vector<std::pair<std::string, std::string>> finished;

 private:
  void tell_checkpoint(Moment moment) const {
    if (on_checkpoint) {
      on_checkpoint(moment);
    }
  }
};

}  // namespace freshet::test
