#include "sinks/targets/change_retention.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "core/stop.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 60s;
constexpr auto kBetween = 200ms;  // between two stretches, so that rows are not kept waiting
constexpr auto kLimit = 60s;
constexpr int kMostTogether = 5'000;

class ChangeRetention final : public SinkCompanion {
 public:
  ChangeRetention(const Config& config, std::stop_token stop)
      : stop_{std::move(stop)},
        connection_{{.dsn = config.postgres.dsn, .application = "freshet sink postgres changes"}},
        thread_{[this](const std::stop_token& own) { run(own); }} {}

  bool is_done() const override { return true; }

 private:
  void run(const std::stop_token& own) {
    std::string said;  // a fault that stays is said once
    while (!own.stop_requested() && !stop_.stop_requested()) {
      std::string fault;
      std::int64_t forgotten = 0;
      try {
        const auto done =
            connection_.run(Deadline::in(kLimit), stop_, [](pqxx::connection_base& open) {
              pqxx::work work{open};
              const auto count = work.exec1("SELECT forget_work_changes('30 days', " +
                                            std::to_string(kMostTogether) + ")")[0]
                                     .as<std::int64_t>();
              work.commit();
              return count;
            });
        forgotten = done ? *done : 0;
        fault = done ? "" : done.error().message();
      } catch (const std::exception& thrown) {
        fault = thrown.what();
      }
      if (!fault.empty() && fault != said && !stop_.stop_requested()) {
        log::warn("changes_not_forgotten", {{"reason", fault}});
      }
      said = fault;
      if (forgotten > 0) {
        log::debug("changes_forgotten", {{"entries", forgotten}});
      }
      wait_for_stop(own, forgotten == kMostTogether ? std::chrono::milliseconds{kBetween}
                                                    : std::chrono::milliseconds{kEvery});
    }
  }

  const std::stop_token stop_;
  postgres::Connection connection_;
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace

std::unique_ptr<SinkCompanion> make_change_retention(const Config& config, std::stop_token stop) {
  return std::make_unique<ChangeRetention>(config, std::move(stop));
}

}  // namespace freshet
