#include "api/side_threads.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>

namespace freshet::api {
namespace {

std::optional<int> run(SideThreads& threads, std::function<int()> work,
                       Deadline deadline = Deadline::in(std::chrono::seconds{30})) {
  boost::asio::io_context context;
  std::optional<int> outcome;
  boost::asio::co_spawn(
      context,
      [&]() -> Task<void> { outcome = co_await threads.run<int>(deadline, std::move(work)); },
      boost::asio::detached);
  context.run();
  return outcome;
}

TEST(SideThreads, GiveWhatWasMadeOrNothing) {
  SideThreads threads{1, 4};
  EXPECT_EQ(run(threads, [] { return 7; }), 7);
  EXPECT_EQ(run(threads, []() -> int { throw std::runtime_error{"no"}; }), std::nullopt);
  EXPECT_EQ(run(threads, [] { return 8; }), 8) << "the thread goes on";
}

TEST(SideThreads, TakeNoMoreThanMayWait) {
  SideThreads threads{1, 0};
  EXPECT_EQ(run(threads, [] { return 7; }), std::nullopt);
}

}  // namespace
}  // namespace freshet::api
