#include "sinks/usage/day_keeper.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "core/stop.hpp"
#include "core/time.hpp"

namespace freshet::usage {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 1h;
constexpr auto kRetryAfter = 5s;
constexpr auto kLimit = 120s;
constexpr int kMostLabels = 1'000;  // of a measure of a day, once its events are gone
// One more than the sink takes: no day goes while events of it may be on their way to the database.
constexpr int kDaysOfGrace = 1;

class DayKeeper final : public SinkCompanion {
 public:
  DayKeeper(const Config& config, std::stop_token stop)
      : keep_days_{config.usage.keep_days},
        stop_{std::move(stop)},
        connection_{{.dsn = config.postgres.dsn, .application = "freshet sink usage days"}},
        thread_{[this](const std::stop_token& own) { run(own); }} {}

  bool is_done() const override { return is_done_; }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto dropped = drop();
      if (!dropped) {
        log::warn("usage_days_delayed", {{"text", dropped.error().message()}});
      } else {
        is_done_ = true;
        if (*dropped > 0) {
          log::info("usage_days_dropped", {{"days", *dropped}});
        }
      }
      wait_for_stop(stop, dropped ? std::chrono::milliseconds{kEvery} : kRetryAfter);
    }
  }

  // Whoever waits for this thread must not lose it to what a library throws.
  Result<int> drop() try {
    const std::string before =
        format_date(SystemClock{}.now() - std::chrono::hours{24} * (keep_days_ + kDaysOfGrace));
    return connection_.run(Deadline::in(kLimit), stop_, [&](pqxx::connection_base& open) {
      pqxx::work work{open};
      const pqxx::result rows =
          work.exec_params("select usage_drop_days($1::date, $2::integer)", before, kMostLabels);
      work.commit();
      return rows[0][0].as<int>();
    });
  } catch (const std::exception& error) {
    return Error{Errc::store_refused, Retry::after_backoff, error.what()};
  }

  const int keep_days_;
  const std::stop_token stop_;
  postgres::Connection connection_;
  std::atomic<bool> is_done_ = false;
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace

std::unique_ptr<SinkCompanion> make_day_keeper(const Config& config, std::stop_token stop) {
  return std::make_unique<DayKeeper>(config, std::move(stop));
}

}  // namespace freshet::usage
