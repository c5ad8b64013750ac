#include "api/within.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

namespace freshet::api {
namespace {

using Deliver = std::function<void(std::string)>;

constexpr Deadline kOver{Deadline::Clock::time_point{}};
constexpr Deadline kFarAway{Deadline::Clock::time_point::max()};

class WithinTest : public testing::Test {
 protected:
  std::optional<std::string> wait(Deadline deadline, std::function<void(Deliver)> begin) {
    std::optional<std::string> outcome;
    bool has_ended = false;
    boost::asio::co_spawn(
        context,
        [&]() -> Task<void> {
          outcome = co_await within<std::string>(deadline, begin);
          has_ended = true;
        },
        boost::asio::detached);
    context.run();
    context.restart();
    EXPECT_TRUE(has_ended);
    return outcome;
  }

  boost::asio::io_context context{1};
};

TEST_F(WithinTest, GivesWhatIsDeliveredAtOnceOrLater) {
  EXPECT_EQ(wait(kFarAway, [](const Deliver& deliver) { deliver("now"); }), "now");
  EXPECT_EQ(wait(kFarAway,
                 [this](const Deliver& deliver) {
                   boost::asio::post(context, [deliver] { deliver("later"); });
                 }),
            "later");
}

TEST_F(WithinTest, EndsAtTheDeadlineWhateverItWaitsFor) {
  EXPECT_EQ(wait(kOver, [](const Deliver&) {}), std::nullopt);
}

TEST_F(WithinTest, WhatComesTooLateDoesNoHarm) {
  Deliver kept;
  EXPECT_EQ(wait(kOver, [&](const Deliver& deliver) { kept = deliver; }), std::nullopt);
  kept("too late");
  kept = {};
  context.run();
}

}  // namespace
}  // namespace freshet::api
