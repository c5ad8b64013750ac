#include "core/stop.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace freshet {
namespace {

TEST(WaitForStop, ReturnsAtOnceWhenAskedToStop) {
  std::stop_source source;
  EXPECT_FALSE(wait_for_stop(source.get_token(), std::chrono::milliseconds{0}));
  source.request_stop();
  EXPECT_TRUE(wait_for_stop(source.get_token(), std::chrono::hours{1}));
}

TEST(StopDeathTest, FirstSignalAsksSecondEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const std::stop_token stop = stop_on_signals();
        kill(getpid(), SIGTERM);
        if (!wait_for_stop(stop, std::chrono::seconds{20})) {
          _exit(1);
        }
        kill(getpid(), SIGTERM);
        wait_for_stop({}, std::chrono::seconds{20});
        _exit(2);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

}  // namespace
}  // namespace freshet
