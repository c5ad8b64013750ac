#include "producers/schedule/scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "producers/kafka_output.hpp"
#include "producers/provider_run.hpp"
#include "producers/registry.hpp"
#include "producers/schedule/due.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLook = 15s;   // another process may have run something
constexpr std::chrono::milliseconds kAfter = 60s;  // a run that could not even begin

std::vector<std::string> names_in(const std::string& setting) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from <= setting.size();) {
    const std::size_t comma = std::min(setting.find(',', from), setting.size());
    if (comma > from) {
      names.push_back(setting.substr(from, comma - from));
    }
    from = comma + 1;
  }
  return names;
}

/// A provider that is run by schedule.
struct Watched {
  std::string command;
  std::function<std::unique_ptr<Provider>()> make;
  Schedule schedule;
  std::jthread thread{};
  bool is_running = false;
  UtcTime not_before{};
};
using AllWatched = std::vector<std::unique_ptr<Watched>>;

std::unique_ptr<Watched> watched(const SourceFile& source, const Config& config) {
  key_for(source.make()->spec(), config);
  return std::make_unique<Watched>(Watched{source.command, source.make, source.schedule});
}

/// @param folder  `produce.sources`
std::unique_ptr<Watched> watched(const std::string& name, const SourceFolder& folder,
                                 const Config& config) {
  if (const SourceFile* const source = find_source(folder.sources, name)) {
    return watched(*source, config);
  }
  const RegisteredProvider* const provider = find_provider(name);
  if (provider == nullptr) {
    refuse_unknown(name, folder);
  }
  const Schedule* const schedule = find_schedule(name);
  if (schedule == nullptr) {
    throw StartupError{name + " has no schedule"};
  }
  key_for(provider->make()->spec(), config);
  return std::make_unique<Watched>(Watched{name, provider->make, *schedule});
}

AllWatched all_watched(const ScheduledRun& run, const Config& config) {
  AllWatched result;
  const SourceFolder folder = read_source_files(config.produce.sources);
  log_faults(folder);
  const auto add = [&](const std::string& name) {
    try {
      result.push_back(watched(name, folder, config));
    } catch (const StartupError& lacking) {  // the others are free
      log::warn("provider_not_scheduled",
                {{"provider", name}, {"reason", std::string{lacking.what()}}});
    }
  };
  const std::string& setting = config.produce.scheduled;
  std::vector<std::string> names = run.providers;
  if (names.empty() && run.files.empty() && setting != "all") {
    names = names_in(setting);
  }
  for (const std::string& name : names) {
    const bool may_be_faulty = run.providers.empty() && !folder.faults.empty() &&
                               find_source(folder.sources, name) == nullptr &&
                               find_provider(name) == nullptr;
    if (may_be_faulty) {
      add(name);
    } else {
      result.push_back(watched(name, folder, config));
    }
  }
  for (const SourceFile& file : run.files) {
    result.push_back(watched(file, config));
  }
  const bool wants_all =
      setting == "all" || (setting.empty() && run.if_unset == ScheduledRun::IfUnset::all);
  if (!result.empty() || !wants_all) {
    return result;
  }
  for (const RegisteredProvider& provider : providers()) {
    add(std::string{provider.command});
  }
  for (const SourceFile& source : folder.sources) {
    add(source.command);
  }
  return result;
}

class Scheduler {
 public:
  Scheduler(const ScheduledRun& run, const Context& context)
      : context_{context},
        until_idle_{run.until_idle},
        providers_{all_watched(run, context.config)},
        server_{context.metrics, context.config.metrics.listen} {
    if (!context.config.produce.catch_up_since.empty()) {
      since_ = parse_day(context.config.produce.catch_up_since);
    }
    log::info("metrics_served", {{"address", server_.address()}});
    log::info("schedules_begun", {{"providers", providers_.size()}});
    server_.add_component("produce", [this] {
      const std::lock_guard lock{mutex_};
      return not_ready_;
    });
  }

  int run() {
    auto idle_since = std::chrono::steady_clock::now();
    while (!context_.stop.stop_requested()) {
      const auto wait = look();
      if (has_running()) {
        idle_since = std::chrono::steady_clock::now();
      } else if (until_idle_ && is_read() &&
                 std::chrono::steady_clock::now() - idle_since >= *until_idle_) {
        break;
      }
      std::unique_lock lock{mutex_};
      woken_.wait_for(lock, context_.stop, until_idle_ ? std::min(wait, 200ms) : wait,
                      [this] { return std::exchange(has_ended_, false); });
    }
    for (const auto& one : providers_) {
      if (one->thread.joinable()) {
        one->thread.join();  // it has the same stop, and keeps its place
      }
    }
    return until_idle_ && has_failed_ ? ExitCode::failed : ExitCode::done;
  }

 private:
  bool has_running() {
    const std::lock_guard lock{mutex_};
    return std::any_of(providers_.begin(), providers_.end(),
                       [](const auto& one) { return one->is_running; });
  }

  bool is_read() {
    const std::lock_guard lock{mutex_};
    return !not_ready_;
  }

  /// Starts what is due. @return how long until the next look, at most
  std::chrono::milliseconds look() {
    if (providers_.empty()) {
      const std::lock_guard lock{mutex_};
      not_ready_.reset();
      return kLook;
    }
    const auto states = read_run_states(context_.config.kafka);
    {
      const std::lock_guard lock{mutex_};
      not_ready_ = states ? std::nullopt : std::optional{states.error().message()};
    }
    if (!states) {
      log::warn("run_states_unreadable", {{"reason", states.error().message()}});
      return 1s;
    }
    std::chrono::milliseconds wait = kLook;
    for (const auto& one : providers_) {
      if (const auto at = look_at(*one, *states)) {
        wait = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(*at - clock_.now()),
                          std::chrono::milliseconds{0}, wait);
      }
    }
    return wait;
  }

  std::optional<UtcTime> look_at(Watched& one, const std::vector<RunState>& states) {
    const UtcTime now = clock_.now();
    {
      const std::lock_guard lock{mutex_};
      if (one.is_running) {
        return std::nullopt;
      }
    }
    const auto found = std::find_if(states.begin(), states.end(), [&](const RunState& state) {
      return state.command == one.command;
    });
    const RunState* last = found == states.end() ? nullptr : &*found;
    if (last != nullptr && is_alive(*last, now)) {
      return std::nullopt;  // by another process
    }
    if (now < one.not_before) {
      return one.not_before;
    }
    const Next next = next_run(one.schedule, last, since_, now);
    show_next(one, next, now);
    if (next.due) {
      start(one, *next.due);
    }
    return next.at;
  }

  void show_next(const Watched& one, const Next& next, UtcTime now) {
    const UtcTime at = next.due ? now : next.at.value_or(now);
    context_.metrics
        .gauge("freshet_produce_next_run_seconds", "When the next run is due, Unix time",
               {{"provider", one.command}})
        .set(static_cast<double>(at.millis()) / 1000);
  }

  void start(Watched& one, const Due& due) {
    RunOptions options;
    options.again = due.again;
    options.time_limit = due.again ? one.schedule.again_time_limit : one.schedule.time_limit;
    if (due.day) {
      options.date = format_day(*due.day);
    }
    {
      const std::lock_guard lock{mutex_};
      one.is_running = true;
    }
    // The thread before it has ended, or `is_running` would still be set.
    one.thread = std::jthread{[this, &one, options] {
      const bool has_begun = run_one(one, options);
      const std::lock_guard lock{mutex_};
      one.is_running = false;
      one.not_before = has_begun ? UtcTime{} : clock_.now() + kAfter;
      has_ended_ = true;
      woken_.notify_all();
    }};
  }

  /// False: it could not begin, so its state says nothing of it.
  bool run_one(const Watched& one, const RunOptions& options) {
    const std::string& command = one.command;
    try {
      const auto provider = one.make();
      KafkaOutput output{context_.config.kafka, clock_, context_.stop};
      const RunReport report = run_with_config(*provider, options, context_.config,
                                               context_.metrics, {output, context_.stop});
      if (report.exit_code() != ExitCode::done) {
        has_failed_ = true;
        log::warn("scheduled_run_failed", {{"provider", command}, {"text", report.state.error}});
      }
      return true;
    } catch (const RefusedError& refused) {
      log::info("scheduled_run_is_made_elsewhere",
                {{"provider", command}, {"text", std::string{refused.what()}}});
    } catch (const std::exception& error) {
      has_failed_ = true;
      log::error("scheduled_run_not_begun",
                 {{"provider", command}, {"text", std::string{error.what()}}});
    }
    return false;
  }

  const Context& context_;
  std::optional<std::chrono::milliseconds> until_idle_;
  const SystemClock clock_;
  std::optional<Day> since_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool has_ended_ = false;
  std::atomic<bool> has_failed_ = false;
  std::optional<std::string> not_ready_{"the states of runs were not read yet"};
  AllWatched providers_;
  MetricsServer server_;
};

}  // namespace

int run_scheduled(const ScheduledRun& run, const Context& context) {
  kafka::Admin admin{context.config.kafka};
  if (const auto reachable = admin.reachable(10s); !reachable) {
    throw StartupError{reachable.error().message()};
  }
  return Scheduler{run, context}.run();
}

}  // namespace freshet
