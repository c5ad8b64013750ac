#include "producers/run_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "core/check.hpp"
#include "core/log.hpp"
#include "producers/run_cursor.hpp"

namespace freshet {
namespace {

std::string make_run_id(const std::string& command, UtcTime started_at) {
  std::random_device random;
  std::string time = format_millis(started_at).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}-{}-{:08x}", command, time, random());
}

// State of the last run, or nothing.
std::optional<RunState> last_state(Output& output, const std::string& command) {
  auto last = output.last_state(command);
  if (!last) {
    throw WorkFailed{"the last run's state cannot be read: " + last.error().message()};
  }
  return std::move(*last);
}

// @throws RefusedError  somebody makes the last run.
void refuse_beside_another(const std::optional<RunState>& other, UtcTime now) {
  if (other && is_alive(*other, now)) {
    throw RefusedError{fmt::format(
        "run {} goes on{}, last heard of at {}; a run that is silent for {} s counts as dead",
        other->run_id, other->holder ? " on " + other->holder->host : "",
        format_millis(other->updated_at), kRunSilence.count())};
  }
}

bool resume(const RunState& last, const RunOptions& options, StartedRun& started) {
  switch (judge_resume(last, options, started.run.date)) {
    case Resume::yes:
      break;
    case Resume::nothing_to_resume:
      return false;
    case Resume::other_requests:
      log::warn(
          "unfinished_run_left_behind",
          {{"provider", last.command}, {"run_id", last.run_id}, {"date", last.date.value_or("")}});
      return false;
  }
  started.state = last;
  started.state.kind = kind_of(started.run, options);
  started.state.outcome = RunOutcome::running;
  started.state.finished_at.reset();
  started.state.error.clear();
  started.cursor = *last.cursor;
  started.run.started_at = last.started_at;
  return true;
}

}  // namespace

Run planned_run(const ProviderSpec& spec, const RunOptions& options, UtcTime now) {
  Run run;
  run.started_at = UtcTime::from_millis(now.millis());
  run.batch_limit = spec.batch_limit;
  run.slice = options.slice;
  run.date = options.date;
  if (run.date && !parse_date(*run.date)) {
    throw StartupError{"--date " + *run.date + " is not YYYY-MM-DD"};
  }
  if (run.date && spec.dated == Dated::no) {
    // Schedules give every run its date; a provider that cannot be read by one is read whole.
    log::info("date_not_used", {{"provider", spec.command}});
    run.date.reset();
  }
  if (!run.date && spec.dated == Dated::yes) {
    run.date = format_date(run.started_at - std::chrono::hours{24});
  }
  if (run.slice && !spec.takes_slice) {
    throw StartupError{spec.command + " is not read by slices of time"};
  }
  return run;
}

RunKind kind_of(const Run& run, const RunOptions& options) {
  constexpr Day kWeek = 7;
  if (run.slice || options.limit || options.max_pages || options.initial_params ||
      !options.only_params.empty() || !options.additional_params.empty()) {
    return RunKind::other;
  }
  if (!run.date) {
    return RunKind::whole;
  }
  const auto day = parse_day(*run.date);
  const bool is_old = options.again || (day && day_at(run.started_at) - *day > kWeek);
  return is_old ? RunKind::again : RunKind::day;
}

StartedRun start_run(const ProviderSpec& spec, const RunOptions& options, Output& output,
                     const Clock& clock) {
  StartedRun started;
  started.run = planned_run(spec, options, clock.now());
  started.state.command = spec.command;
  started.state.run_id = make_run_id(spec.command, started.run.started_at);
  started.state.date = started.run.date;
  started.state.kind = kind_of(started.run, options);
  started.state.started_at = started.run.started_at;
  refuse_beside_another(last_state(output, spec.command), clock.now());
  if (const auto taken = output.take_over(spec.command, 0); !taken) {
    throw WorkFailed{"the run's state cannot be taken over: " + taken.error().message()};
  }
  // Once more: only now does nobody else write it. A run that began at the same moment may stand
  // there as if it went on; it is fenced, so this one must, or both would end.
  const auto last = last_state(output, spec.command);
  if (last) {
    started.state.full_runs = last->full_runs;
    started.state.history = last->history;
  }
  // Nor can one that died before its first page was acknowledged.
  started.state.is_first = !last || (last->is_first && last->outcome == RunOutcome::running &&
                                     (!last->cursor || last->cursor->is_start()));
  started.is_resumed = last && resume(*last, options, started);
  started.run.is_resumed = started.is_resumed;
  if (last && started.state.kind == RunKind::whole && !options.restart) {
    started.run.last_whole_at = last->history.whole_at;
  }
  started.state.holder = this_process();
  started.cursor.arguments = request_arguments(options);
  // Said before the first page, which may take long: `--status` must not show the run before.
  started.state.updated_at = clock.now();
  if (const auto kept = output.checkpoint(started.state, {}); !kept) {
    if (kept.error().errc() == Errc::fenced) {
      throw RefusedError{kept.error().message()};  // one that began at the same moment
    }
    throw WorkFailed{"the run's state cannot be kept: " + kept.error().message()};
  }
  log::info("run_started", {{"provider", spec.command},
                            {"run_id", started.state.run_id},
                            {"date", started.run.date.value_or("")},
                            {"resumed", started.is_resumed}});
  return started;
}

}  // namespace freshet
