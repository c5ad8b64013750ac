#include "api/live_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

/// 60 works, found in the order of their numbers.
class LivePageTest : public testing::Test, protected FakeServices {
 protected:
  static constexpr int kWorks = 60;

  LivePageTest() {
    links.on = true;
    for (int i = 0; i < kWorks; ++i) {
      WorkRow row;
      row.identifier = std::to_string(i);
      row.text<Field::url>() = url_of(i);
      store.rows.push_back(row);
    }
  }
  static std::string url_of(int number) {
    return "https://files.example/" + std::to_string(number);
  }
  void kill(std::initializer_list<int> numbers) {
    for (const int number : numbers) {
      links.dead.insert(url_of(number));
    }
  }

  /// The numbers on a page of five.
  std::vector<int> page(int number, Call call = patient_call()) {
    asked.clear();
    is_end = false;
    AskForHits ask = [this](Window window) -> Task<std::variant<Hits, Reply>> {
      asked.push_back(window);
      Hits hits;
      hits.total = kWorks;
      for (std::size_t i = window.start;
           i < std::min<std::size_t>(window.start + window.size, kWorks); ++i) {
        hits.hits.push_back({std::to_string(i), {}});
      }
      co_return hits;
    };
    std::vector<int> found;
    boost::asio::io_context context;
    boost::asio::co_spawn(
        context,
        [&]() -> Task<void> {
          auto made = co_await find_live_page(with(limiter), call, "query", 5, number, ask);
          is_end = std::get<LivePage>(made).is_end;
          for (const Hit& hit : std::get<LivePage>(made).hits.hits) {
            found.push_back(std::stoi(hit.identifier));
          }
        },
        boost::asio::detached);
    context.run();
    return found;
  }
  static Call patient_call() {
    return {.request = {},
            .media = Media::image,
            .identifier = {},
            .text = {},
            .caller = {},
            .body = {},
            .deadline = Deadline::in(std::chrono::hours{1})};
  }

  NoLimiter limiter;
  std::vector<Window> asked;
  bool is_end = false;  ///< of the page that was made last
};

using testing::ElementsAre;

TEST_F(LivePageTest, AsksForNoMoreThanThePageWhileNothingIsDead) {
  EXPECT_THAT(page(1), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(asked, ElementsAre(Window{0, 5}));
  EXPECT_THAT(page(3), ElementsAre(10, 11, 12, 13, 14));
  EXPECT_TRUE(links.masks["query"].empty());
}

TEST_F(LivePageTest, IsFilledWithWhatComesNext) {
  kill({1, 3, 6});
  EXPECT_THAT(page(1), ElementsAre(0, 2, 4, 5, 7));
  EXPECT_EQ(links.masks["query"], "10101101");
  EXPECT_THAT(page(2), ElementsAre(8, 9, 10, 11, 12));
  EXPECT_THAT(asked, ElementsAre(Window{8, 5}));
}

TEST_F(LivePageTest, NoWorkIsOnTwoPagesAndNoneIsLeftOut) {
  kill({0, 4, 5, 6, 13, 14, 15, 16, 17, 18, 19, 33, 59});
  std::vector<int> seen;
  for (int number = 1; number <= 12; ++number) {
    const std::vector<int> found = page(number);
    seen.insert(seen.end(), found.begin(), found.end());
  }
  std::vector<int> live;
  for (int i = 0; i < kWorks; ++i) {
    if (!links.dead.contains(url_of(i))) {
      live.push_back(i);
    }
  }
  EXPECT_EQ(seen, live);
}

TEST_F(LivePageTest, WhatDiesMeanwhileDoesNotMoveThePagesBehindIt) {
  EXPECT_THAT(page(1), ElementsAre(0, 1, 2, 3, 4));
  kill({2, 3});  // found out once they were shown
  EXPECT_THAT(page(2), ElementsAre(5, 6, 7, 8, 9));
}

TEST_F(LivePageTest, IsEmptyWhereAllAreDead) {
  for (int i = 0; i < kWorks; ++i) {
    kill({i});
  }
  EXPECT_TRUE(page(1).empty());
  EXPECT_LE(asked.size(), 6U);
  EXPECT_FALSE(is_end) << "nobody looked behind the last round";
}

TEST_F(LivePageTest, AShortPageIsTheEndOnlyWhereTheHitsEnd) {
  kill({0, 1});
  Call hasty = patient_call();
  hasty.deadline = Deadline::in(std::chrono::milliseconds{0});
  EXPECT_THAT(page(1, hasty), ElementsAre(2, 3, 4));
  EXPECT_FALSE(is_end);
  EXPECT_THAT(page(2), ElementsAre(5, 6, 7, 8, 9)) << "none is left out between them";
  EXPECT_FALSE(is_end);
  kill({58});
  EXPECT_THAT(page(12), ElementsAre(55, 56, 57, 59));
  EXPECT_TRUE(is_end);
}

TEST_F(LivePageTest, AHastyLookAtAnEarlierPageMovesNoneBehindIt) {
  kill({0, 2, 3});
  EXPECT_THAT(page(1), ElementsAre(1, 4, 5, 6, 7));
  EXPECT_THAT(page(2), ElementsAre(8, 9, 10, 11, 12));
  Call hasty = patient_call();
  hasty.deadline = Deadline::in(std::chrono::milliseconds{0});
  EXPECT_THAT(page(1, hasty), ElementsAre(1, 4));
  EXPECT_THAT(page(2), ElementsAre(8, 9, 10, 11, 12));
  EXPECT_THAT(page(3), ElementsAre(13, 14, 15, 16, 17));
}

TEST_F(LivePageTest, StaysShortWhenThereIsNoTimeLeft) {
  kill({0, 1});
  Call call = patient_call();
  call.deadline = Deadline::in(std::chrono::milliseconds{0});
  EXPECT_THAT(page(1, call), ElementsAre(2, 3, 4));
  EXPECT_EQ(asked.size(), 1U);
}

}  // namespace
}  // namespace freshet::api
