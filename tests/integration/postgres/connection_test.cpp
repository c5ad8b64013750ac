// The limits of core/postgres on a real server: a statement that does not come back stands for a
// server that is frozen (which tests/integration/test_freezes.py makes).
#include "core/postgres/connection.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace freshet::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto kLong = 60s;     // the statements below would take that
constexpr auto kSoonest = 20s;  // what a busy machine is given to end them

std::string dsn() {
  const char* const text = std::getenv("FRESHET_POSTGRES_DSN");
  return text != nullptr ? text : "host=127.0.0.1 port=1";
}

Result<int> ask(Connection& connection, const std::string& sql, Deadline deadline,
                const std::stop_token& stop = {}) {
  return connection.run(deadline, stop, [&](pqxx::connection_base& open) {
    pqxx::nontransaction work{open};
    return work.exec1(sql)[0].as<int>();
  });
}

class ConnectionTest : public testing::Test {
 protected:
  Connection connection{{.dsn = dsn(), .application = "freshet test"}};
  const Deadline::Clock::time_point before = Deadline::Clock::now();
  Deadline::Clock::duration took() const { return Deadline::Clock::now() - before; }
};

TEST_F(ConnectionTest, AWaitEndsAtTheDeadlineAndTheNextCallConnectsAnew) {
  const auto late = ask(connection, "select 1 from pg_sleep(60)", Deadline::in(300ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().errc(), Errc::timed_out) << late.error().message();
  EXPECT_EQ(late.error().retry(), Retry::after_backoff);
  EXPECT_LT(took(), kSoonest);
  EXPECT_FALSE(connection.is_open());
  const auto again = ask(connection, "select 2", Deadline::in(kLong));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, 2);
}

TEST_F(ConnectionTest, ATransactionThatIsCutDoesNotWaitForItsRollback) {
  const auto late = connection.run(Deadline::in(300ms), {}, [](pqxx::connection_base& open) {
    pqxx::work work{open};
    work.exec("select pg_sleep(60)");
    work.commit();
    return true;
  });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().errc(), Errc::timed_out) << late.error().message();
  EXPECT_LT(took(), kSoonest);
}

TEST_F(ConnectionTest, AStopEndsAWait) {
  std::stop_source stop;
  std::jthread stopper{[&] {
    std::this_thread::sleep_for(300ms);
    stop.request_stop();
  }};
  const auto given_up =
      ask(connection, "select 1 from pg_sleep(60)", Deadline::in(kLong), stop.get_token());
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().retry(), Retry::never);
  EXPECT_LT(took(), kSoonest);
}

TEST_F(ConnectionTest, ManyWaitsEndEachAtItsOwnDeadline) {
  std::vector<std::jthread> threads;
  std::vector<Errc> ends(8, Errc::unspecified);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    threads.emplace_back([&, i] {
      Connection own{{.dsn = dsn(), .application = "freshet test"}};
      // The last ones to begin are the first ones to end.
      const auto limit = std::chrono::milliseconds{200 + 100 * (ends.size() - i)};
      ends[i] = ask(own, "select 1 from pg_sleep(60)", Deadline::in(limit)).error().errc();
    });
  }
  threads.clear();
  EXPECT_EQ(ends, std::vector<Errc>(ends.size(), Errc::timed_out));
  EXPECT_LT(took(), kSoonest);
}

TEST_F(ConnectionTest, ARefusedStatementKeepsTheConnection) {
  const auto refused = ask(connection, "select nothing from nowhere", Deadline::in(kLong));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::store_refused) << refused.error().message();
  EXPECT_TRUE(connection.is_open());
  EXPECT_TRUE(ask(connection, "select 1", Deadline::in(kLong)));
}

TEST_F(ConnectionTest, TheServersOwnLimitIsATimeoutThatKeepsTheConnection) {
  Connection limited{
      {.dsn = dsn(), .application = "freshet test", .setup = {"set statement_timeout = 100"}}};
  const auto late = ask(limited, "select 1 from pg_sleep(60)", Deadline::in(kLong));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().errc(), Errc::timed_out) << late.error().message();
  EXPECT_TRUE(limited.is_open());
}

TEST_F(ConnectionTest, AServerThatEndsTheConnectionIsUnreachableOnce) {
  const auto pid = ask(connection, "select pg_backend_pid()", Deadline::in(kLong));
  ASSERT_TRUE(pid) << pid.error().message();
  Connection other{{.dsn = dsn(), .application = "freshet test"}};
  ASSERT_TRUE(ask(other, "select 1 from pg_terminate_backend(" + std::to_string(*pid) + ", 10000)",
                  Deadline::in(kLong)));
  const auto lost = ask(connection, "select 1", Deadline::in(kLong));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().errc(), Errc::unreachable) << lost.error().message();
  EXPECT_TRUE(ask(connection, "select 1", Deadline::in(kLong)));
}

TEST_F(ConnectionTest, ExceptionsThatAreNotLibpqxxsPass) {
  const auto fail = [](pqxx::connection_base&) -> int { throw std::logic_error{"ours"}; };
  EXPECT_THROW(static_cast<void>(connection.run(Deadline::in(kLong), {}, fail)), std::logic_error);
}

TEST_F(ConnectionTest, WhatCannotBeReachedSaysSo) {
  for (const std::string where : {"host=127.0.0.1 port=1", "nonsense"}) {
    Connection nowhere{{.dsn = where, .application = "freshet test"}};
    const auto answer = ask(nowhere, "select 1", Deadline::in(kLong));
    ASSERT_FALSE(answer) << where;
    EXPECT_EQ(answer.error().errc(), Errc::unreachable) << answer.error().message();
  }
}

}  // namespace
}  // namespace freshet::postgres
