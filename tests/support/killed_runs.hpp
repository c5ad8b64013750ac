#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "producers/runner.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet::test {

/// What ends a process at once. Not a std::exception: nobody may catch it.
struct Killed {};

/// What a provider's runs left on the topics: what counts in the end.
struct LeftBehind {
  std::map<std::string, std::string> works;  ///< by key, the last sighting of each
  std::set<std::string> rejections;
  std::size_t ends = 0;  ///< `run_finished`
  int exit_code = 0;

  bool operator==(const LeftBehind&) const = default;
};

inline LeftBehind left_behind(const MemoryOutput& output, int exit_code) {
  LeftBehind left;
  for (const auto& record : output.records) {
    left.works[record.sighting.key] = record.sighting.work;
  }
  for (const Rejection& rejection : output.rejections) {
    left.rejections.insert(rejection.value);
  }
  left.ends = output.finished.size();
  left.exit_code = exit_code;
  return left;
}

/// Makes a run of a new provider object into an output; may be killed in the middle.
using MakeRun = std::function<RunReport(MemoryOutput&)>;

/// Kills a run at each of its checkpoints, just before it is kept and just after, and lets another
/// process go on: it must leave behind what an undisturbed run leaves.
inline void expect_same_when_killed_at_every_checkpoint(const MakeRun& run) {
  MemoryOutput undisturbed;
  const LeftBehind whole = left_behind(undisturbed, run(undisturbed).exit_code());
  const std::size_t checkpoints = undisturbed.states.size();
  for (std::size_t at = 0; at < checkpoints; ++at) {
    for (const auto moment : {MemoryOutput::Moment::before, MemoryOutput::Moment::after}) {
      MemoryOutput output;
      std::size_t seen = 0;
      output.on_checkpoint = [&](MemoryOutput::Moment now) {
        if (now == moment && seen++ == at) {
          throw Killed{};
        }
      };
      EXPECT_THROW(run(output), Killed);
      output.on_checkpoint = nullptr;
      output.lose_what_was_not_acknowledged();
      // Killed behind its last checkpoint it is over, and there is nothing to go on with.
      const bool is_over =
          !output.states.empty() && output.states.back().outcome != RunOutcome::running;
      const RunReport again = is_over ? RunReport{} : run(output);
      const LeftBehind left = left_behind(output, is_over ? whole.exit_code : again.exit_code());
      EXPECT_EQ(left.works, whole.works) << "killed at checkpoint " << at;
      EXPECT_EQ(left.rejections, whole.rejections) << "killed at checkpoint " << at;
      EXPECT_EQ(left.exit_code, whole.exit_code)
          << "killed at checkpoint " << at << ": " << again.state.error;
      EXPECT_GE(left.ends, whole.ends) << "killed at checkpoint " << at;
      EXPECT_EQ(left.ends > 0, whole.ends > 0) << "killed at checkpoint " << at;
    }
  }
}

}  // namespace freshet::test
