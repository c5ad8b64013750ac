#include "core/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "core/check.hpp"

namespace freshet {
namespace {

constexpr int kRefused = 7;

/// In a child process: standard output becomes a pipe that nobody reads.
void lose_the_reader() {
  int ends[2];
  signal(SIGPIPE, SIG_IGN);
  if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0) {
    _exit(1);
  }
  close(ends[0]);
  close(ends[1]);
}

/// Ends the child process with `kRefused` if `act` fails as it should.
template <class Act>
void expect_refusal(Act act) {
  try {
    act();
  } catch (const WorkFailed&) {
    _exit(kRefused);
  }
  _exit(0);
}

class OutputDeathTest : public testing::Test {
 protected:
  OutputDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(OutputDeathTest, WhatNobodyReadsIsAFailure) {
  EXPECT_EXIT(
      {
        lose_the_reader();
        expect_refusal([] { print_result("line\n"); });
      },
      testing::ExitedWithCode(kRefused), "");
}

TEST_F(OutputDeathTest, WhatADiskRefusesIsAFailure) {
  EXPECT_EXIT(
      {
        if (dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO) < 0) {
          _exit(1);
        }
        expect_refusal([] { print_result("line\n"); });
      },
      testing::ExitedWithCode(kRefused), "");
}

TEST_F(OutputDeathTest, AWaitEndsWhenTheReaderLeaves) {
  EXPECT_EXIT(
      {
        lose_the_reader();
        expect_refusal([] { wait_for_next_round({}, std::chrono::hours{1}); });
      },
      testing::ExitedWithCode(kRefused), "");
}

TEST(WaitForNextRound, EndsByItselfOrByAStop) {
  std::stop_source source;
  EXPECT_FALSE(wait_for_next_round(source.get_token(), std::chrono::milliseconds{1}));
  source.request_stop();
  EXPECT_TRUE(wait_for_next_round(source.get_token(), std::chrono::hours{1}));
}

}  // namespace
}  // namespace freshet
