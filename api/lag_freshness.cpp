#include "api/lag_freshness.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/json_writer.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "operate/broker.hpp"

namespace freshet::api {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kEvery = 5s;
constexpr auto kGoodFor = 15s;
constexpr auto kAskedLately = 60s;

}  // namespace

struct LagFreshness::Impl {
  explicit Impl(const Config::Kafka& c)
      : config{c}, thread{[this](const std::stop_token& stop) { run(stop); }} {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock{mutex};
        const auto is_wanted = [this] { return Steady::now() - asked_at < kAskedLately; };
        if (!is_wanted() && !asked.wait(lock, stop, is_wanted)) {
          return;
        }
      }
      try {
        measure(stop);
      } catch (const std::exception& thrown) {
        if (!stop.stop_requested()) {
          say(Error{Errc::unreachable, Retry::after_backoff, thrown.what()});
          wait_for_stop(stop, kEvery);  // it does not pass by asking at once
        }
      }
    }
  }

  /// Measures with one consumer for as long as somebody asks.
  void measure(const std::stop_token& stop) {
    kafka::Admin admin{config};
    kafka::Consumer consumer{config, reader_options()};
    while (!stop.stop_requested()) {
      std::vector<GroupLag> groups;
      for (const Role& role : roles_with_groups()) {
        groups.push_back(read_lag(role, config, admin, consumer, stop));
      }
      say(build_freshness(groups, SystemClock{}.now()));
      wait_for_stop(stop, kEvery);
      const std::scoped_lock lock{mutex};
      if (Steady::now() - asked_at >= kAskedLately) {
        return;
      }
    }
  }

  void say(Result<std::string> what) {
    const std::scoped_lock lock{mutex};
    const bool was_fault = answer && !*answer;
    if (!what && !was_fault) {
      log::warn("freshness_not_measured", {{"reason", what.error().message()}});
    }
    answer = std::move(what);
    measured_at = Steady::now();
  }

  const Config::Kafka& config;
  std::mutex mutex;
  std::condition_variable_any asked;
  Steady::time_point asked_at = Steady::now() - kAskedLately;
  Steady::time_point measured_at;
  std::optional<Result<std::string>> answer;
  std::jthread thread;  // last: it uses the others
};

LagFreshness::LagFreshness(const Config& config) : impl_{std::make_unique<Impl>(config.kafka)} {}

LagFreshness::~LagFreshness() = default;

Task<Result<std::string>> LagFreshness::get(Deadline deadline) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
  constexpr auto kMargin = 200ms;  // so that it is we who say that it took too long
  for (;;) {
    {
      const std::scoped_lock lock{impl_->mutex};
      impl_->asked_at = Steady::now();
      if (impl_->answer && Steady::now() - impl_->measured_at < kGoodFor) {
        co_return *impl_->answer;
      }
    }
    impl_->asked.notify_all();
    if (Steady::now() + kMargin >= deadline.at()) {
      co_return Error{Errc::timed_out, Retry::after_backoff, "lag was not measured in time"};
    }
    timer.expires_after(50ms);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

std::string build_freshness(const std::vector<GroupLag>& groups, UtcTime measured_at) {
  double most = 0;
  for (const GroupLag& group : groups) {
    most = std::max(most, group.sum().seconds);
  }
  std::string out;
  ObjectWriter object{out};
  object.text("measured_at", format_millis(measured_at));
  object.number("seconds", most);
  object.key("stages");
  out += '[';
  const char* separator = "";
  for (const GroupLag& group : groups) {
    out += separator;
    const LagSum sum = group.sum();
    ObjectWriter stage{out};
    stage.text("stage", group.group);
    stage.integer("records", sum.records);
    stage.boolean("is_estimate", sum.is_estimate);
    stage.number("seconds", sum.seconds);
    stage.key("sources");
    out += '[';
    const char* comma = "";
    for (const auto& [name, lag] : group.by_source()) {
      out += comma;
      ObjectWriter source{out};
      source.text("source", name);
      source.integer("records", lag.records);
      source.number("seconds", lag.seconds);
      source.close();
      comma = ",";
    }
    out += ']';
    stage.close();
    separator = ",";
  }
  out += ']';
  object.close();
  return out;
}

}  // namespace freshet::api
