#include "operate/ops_watch.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/json.hpp"
#include "core/log.hpp"
#include "core/time.hpp"
#include "operate/broker.hpp"
#include "operate/dead_letter_filter.hpp"
#include "operate/lag.hpp"
#include "operate/policy.hpp"
#include "operate/source_runs.hpp"
#include "operate/sums_read.hpp"
#include "operate/usage.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kEvery = 2s;
constexpr auto kLooksFor = 15s;  // after it was asked last
// The stores count every row for the sums, and the topic of dead letters is read whole.
constexpr auto kSumsEvery = 30s;
constexpr int kShareOfTime = 20;  // of which a figure takes one part
constexpr auto kLettersEvery = 20s;
constexpr auto kRestEvery = 6s;
constexpr std::size_t kLettersShown = 20;

json::value parsed(const std::string& text) {
  auto value = parse_json(text);
  return value ? std::move(*value) : json::value{};
}

json::array runs_array(const std::vector<SourceRun>& runs) {
  const auto count = [](const std::optional<std::int64_t>& one) {
    return one ? json::value(*one) : json::value{};
  };
  json::array list;
  for (const SourceRun& run : runs) {
    list.push_back(json::object{{"provider", run.provider},
                                {"updated_at", format_millis(run.updated_at)},
                                {"failed", run.has_failed},
                                {"emitted", run.emitted},
                                {"last_full", count(run.last_full)},
                                {"usual", count(run.usual)}});
  }
  return list;
}

/// What is soon measured, with what it needs from one time to the next.
class QuickMeasuring {
 public:
  explicit QuickMeasuring(const Context& context)
      : context_{context},
        admin_{context.config.kafka},
        consumer_{context.config.kafka, reader_options()} {}

  json::value lag() {
    std::vector<GroupLag> groups;
    for (const Role& role : roles_with_groups()) {
      groups.push_back(read_lag(role, context_.config.kafka, admin_, consumer_, context_.stop));
    }
    rounds_.add(Steady::now(), groups);
    return parsed(format_lag_json(groups));
  }
  json::value runs() { return runs_array(read_source_runs(context_)); }
  json::value policy() { return policy_object(read_policy(context_)); }
  json::value usage() {
    return to_json_object(
        read_usage_report(context_.config.postgres.dsn, format_date(SystemClock{}.now())));
  }

 private:
  const Context& context_;
  kafka::Admin admin_;
  kafka::Consumer consumer_;
  LagRounds rounds_;
};

/// What takes the longer the more there is: the stores count, and a topic is read whole.
class SlowMeasuring {
 public:
  explicit SlowMeasuring(const Context& context) : context_{context}, sums_{context, kPageCount} {}

  json::value stats() { return parsed(format_sums_json(sums_.read(Refresh::no))); }
  json::value dead_letters() {
    const DeadLetterLog log = read_dead_letter_log(context_);
    DeadLetterFilter all;
    all.is_handled_too = true;
    DeadLetterSummary summary;
    scan_dead_letters(context_, all, log, [&](DeadLetterLine& line, const kafka::Message&) {
      summary.add(line);
      return true;
    });
    const auto newest = read_newest_dead_letters(context_, {}, log, kLettersShown);
    return json::object{{"summary", parsed(summary.json())},
                        {"newest", parsed(format_dead_letter_json(newest))}};
  }

 private:
  const Context& context_;
  SumsReader sums_;
};

/// One of the figures: how it is measured, and how often.
template <class Measuring>
struct Part {
  const char* name;
  std::chrono::seconds every;
  json::value (Measuring::*measure)();
  Steady::time_point next{};
};

/// Two threads measure: what is slow must not keep what is quick.
class OpsWatch final : public OpsView {
 public:
  explicit OpsWatch(const Context& context)
      : context_{context.config, context.metrics, own_stop_.get_token()},
        pass_on_{context.stop, [this] { own_stop_.request_stop(); }},
        quick_{[this] {
          run<QuickMeasuring>({{"lag", kEvery, &QuickMeasuring::lag},
                               {"policy", kRestEvery, &QuickMeasuring::policy},
                               {"usage", kRestEvery, &QuickMeasuring::usage},
                               {"runs", kRestEvery, &QuickMeasuring::runs}});
        }},
        slow_{[this] {
          run<SlowMeasuring>({{"dead_letters", kLettersEvery, &SlowMeasuring::dead_letters},
                              {"stats", kSumsEvery, &SlowMeasuring::stats}});
        }} {}

  ~OpsWatch() override {
    own_stop_.request_stop();
    quick_.join();
    slow_.join();
  }

  std::shared_ptr<const Figures> newest() override {
    const std::scoped_lock lock{mutex_};
    asked_at_ = Steady::now();
    is_asked_.notify_all();
    return newest_;
  }

 private:
  /// Waits until somebody looks. False: it is to stop.
  bool await_looking() {
    std::unique_lock lock{mutex_};
    const auto is_looked_at = [this] { return Steady::now() - asked_at_ < kLooksFor; };
    return is_asked_.wait(lock, context_.stop, is_looked_at) && !context_.stop.stop_requested();
  }

  template <class Measuring>
  void run(std::vector<Part<Measuring>> parts) {
    std::unique_ptr<Measuring> measuring;
    while (await_looking()) {
      const auto began = Steady::now();
      try {
        if (measuring == nullptr) {
          measuring = std::make_unique<Measuring>(context_);
        }
        for (Part<Measuring>& part : parts) {
          if (began >= part.next) {
            measure(part, *measuring);
          }
        }
      } catch (const std::exception& error) {
        log::warn("ops_not_measured", {{"text", error.what()}});
      }
      std::unique_lock lock{mutex_};
      is_asked_.wait_until(lock, context_.stop, began + kEvery, [] { return false; });
    }
  }

  template <class Measuring>
  void measure(Part<Measuring>& part, Measuring& measuring) {
    const auto began = Steady::now();
    json::value value;
    std::string fault;
    try {
      value = (measuring.*part.measure)();
    } catch (const std::exception& error) {
      fault = std::string{part.name} + ": " + error.what();
    }
    const auto ended = Steady::now();
    part.next = ended + pause_after(part.every, ended - began);
    publish(part.name, std::move(value), std::move(fault));
  }

  /// A value that could not be measured anew stays.
  void publish(const char* name, json::value value, std::string fault) {
    const std::scoped_lock one_at_a_time{publishing_};
    if (fault.empty()) {
      values_[name] = std::move(value);
    }
    faults_[name] = std::move(fault);
    json::object all{{"at", format_millis(SystemClock{}.now())}};
    for (const auto& [part, measured] : values_) {
      all[part] = measured;
    }
    json::array faults;
    for (const auto& [part, text] : faults_) {
      if (!text.empty()) {
        faults.push_back(json::value(text));
      }
    }
    all["faults"] = std::move(faults);
    auto figures = std::make_shared<Figures>();
    figures->round = ++round_;
    figures->json = to_json(all);
    const std::scoped_lock lock{mutex_};
    newest_ = std::move(figures);
  }

  std::stop_source own_stop_;
  const Context context_;
  const std::stop_callback<std::function<void()>> pass_on_;
  std::mutex publishing_;  // guards the next three; taken before the other one
  std::int64_t round_ = 0;
  std::map<std::string, json::value> values_;
  std::map<std::string, std::string> faults_;
  std::mutex mutex_;  // guards the next three; held for a moment only, as requests wait for it
  std::condition_variable_any is_asked_;
  Steady::time_point asked_at_ = Steady::now() - 24h;
  std::shared_ptr<const Figures> newest_ = std::make_shared<Figures>();
  std::thread quick_;  // these last: joined before what they use is gone
  std::thread slow_;
};

}  // namespace

std::chrono::milliseconds pause_after(std::chrono::seconds every, Steady::duration took) {
  constexpr auto kSoon = 500ms;
  const auto measured = std::chrono::ceil<std::chrono::milliseconds>(took);
  return measured < kSoon ? std::chrono::milliseconds{every}
                          : std::max<std::chrono::milliseconds>(every, measured * kShareOfTime);
}

std::unique_ptr<OpsView> make_ops_view(const Context& context) {
  return std::make_unique<OpsWatch>(context);
}

}  // namespace freshet
