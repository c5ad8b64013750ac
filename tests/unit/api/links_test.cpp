#include "api/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <future>
#include <latch>
#include <map>
#include <mutex>
#include <set>

namespace freshet::api {
namespace {

TEST(LinkState, IsWhatStatusAndProviderSay) {
  struct Case {
    const char* provider;
    int status;
    LinkState state;
  };
  for (const Case& one :
       {Case{"met", 200, LinkState::live}, Case{"met", 403, LinkState::unknown},
        Case{"flickr", 403, LinkState::dead}, Case{"thingiverse", 403, LinkState::dead},
        Case{"flickr", 429, LinkState::unknown}, Case{"met", 429, LinkState::unknown},
        Case{"met", 405, LinkState::unknown}, Case{"met", 501, LinkState::unknown},
        Case{"met", 404, LinkState::dead}, Case{"flickr", 404, LinkState::dead},
        Case{"met", 410, LinkState::dead}, Case{"met", 400, LinkState::dead},
        Case{"met", 301, LinkState::dead}, Case{"met", 302, LinkState::dead},
        Case{"met", 500, LinkState::dead}, Case{"met", 502, LinkState::dead},
        Case{"met", 503, LinkState::dead}, Case{"met", kNoAnswer, LinkState::dead},
        Case{"met", kNotAsked, LinkState::unknown}}) {
    EXPECT_EQ(link_state(one.provider, one.status), one.state) << one.provider << one.status;
  }
}

TEST(LinkStatusLife, IsLongOnlyForWhatIsLive) {
  using namespace std::chrono_literals;
  EXPECT_EQ(link_status_life(200), std::chrono::days{30});
  EXPECT_EQ(link_status_life(kNoAnswer), 30min);
  EXPECT_EQ(link_status_life(404), std::chrono::days{3});
  EXPECT_EQ(link_status_life(503), 1h);
  EXPECT_EQ(link_status_life(429), 1h);
}

TEST(PageMask, PagesBeginBehindAsManyLiveOnes) {
  struct Case {
    std::string mask;
    int page_size;
    int page;
    std::size_t start;
  };
  const std::string twenty(20, '1');
  for (const Case& one :
       {Case{"", 20, 1, 0}, Case{"", 20, 2, 20}, Case{"", 10, 4, 30}, Case{twenty, 20, 1, 0},
        Case{twenty, 20, 2, 20}, Case{"01011001011", 2, 2, 4}, Case{"011000", 2, 2, 3},
        Case{"01110000", 2, 2, 3}, Case{"00011101", 3, 1, 0}, Case{"0110", 2, 3, 6},
        Case{"000", 5, 2, 8},
        // A page that was too short to be filled.
        Case{"0100---", 4, 2, 4}, Case{"0100---", 4, 3, 8}, Case{"0100---1011-", 4, 3, 8},
        Case{"----", 4, 2, 0}}) {
    EXPECT_EQ(page_start(one.mask, one.page_size, one.page), one.start) << one.mask << one.page;
  }
}

TEST(PageMask, KeepsWhatStoodBeforeAndBehindAPage) {
  EXPECT_EQ(with_page("", 0, "1011"), "1011");
  EXPECT_EQ(with_page("", 3, "01"), "11101");
  EXPECT_EQ(with_page("10", 3, "01"), "10101");
  EXPECT_EQ(with_page("11111111", 2, "01"), "11011111");
  EXPECT_EQ(with_page("11", 9'999, "11"), "11");
  // Unfilled places stay with their page, and go when it is made anew.
  EXPECT_EQ(with_page("010--", 3, "1111"), "010--1111");
  EXPECT_EQ(with_page("010--1111", 0, "0101"), "0101111");
  EXPECT_EQ(with_page("010--1111", 0, "010--"), "010--1111");
  EXPECT_EQ(with_page("010--", 5, "1"), "010--111");
  // A page that was longer before moves none of those behind it.
  EXPECT_EQ(with_page("0100111", 0, "0100---"), "0100111");
  EXPECT_EQ(with_page("01001111111", 0, "0100---"), "01001111111");
  EXPECT_EQ(with_page("0100", 0, "0100---"), "0100---");
  EXPECT_TRUE(is_page_mask("0101"));
  EXPECT_TRUE(is_page_mask("0101-"));
  EXPECT_TRUE(is_page_mask(""));
  EXPECT_FALSE(is_page_mask("012"));
  EXPECT_FALSE(is_page_mask(std::string(10'001, '1')));
}

TEST(LocalLinkMemory, ForgetsInTimeAndWithinItsBound) {
  LocalLinkMemory memory{2};
  const LocalLinkMemory::Clock::time_point now{};
  using std::chrono::seconds;
  memory.put_at("a", "1", now + seconds{10});
  memory.put_at("b", "2", now + seconds{20});
  EXPECT_EQ(memory.find_at("a", now + seconds{9}), "1");
  EXPECT_EQ(memory.find_at("a", now + seconds{10}), std::nullopt);
  memory.put_at("c", "3", now + seconds{20});
  EXPECT_EQ(memory.find_at("b", now), "2");
  memory.put_at("d", "4", now + seconds{20});
  EXPECT_EQ(memory.find_at("c", now), std::nullopt);
  EXPECT_EQ(memory.find_at("b", now), "2");
  memory.put_at("b", "5", now + seconds{30});
  EXPECT_EQ(memory.find_at("b", now + seconds{25}), "5");
}

/// Answers each URL with what the test says, once it lets it.
struct Hosts {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Result<http::Response>> answers;
  std::multiset<std::string> asked;
  int under_way = 0;
  int most_under_way = 0;
  bool is_held = false;

  void let_go() {
    const std::lock_guard lock{mutex};
    is_held = false;
    changed.notify_all();
  }
  void wait_until_under_way(int count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return under_way == count; });
  }
};

class HostsClient final : public http::HttpClient {
 public:
  explicit HostsClient(Hosts& hosts) : hosts_{hosts} {}
  Result<http::Response> send(const http::Request& request) override {
    EXPECT_EQ(request.method, http::Method::head);
    EXPECT_EQ(request.redirects, http::Redirects::stop);
    std::unique_lock lock{hosts_.mutex};
    hosts_.asked.insert(request.url);
    hosts_.most_under_way = std::max(hosts_.most_under_way, ++hosts_.under_way);
    hosts_.changed.notify_all();
    hosts_.changed.wait(lock, [&] { return !hosts_.is_held; });
    --hosts_.under_way;
    const auto found = hosts_.answers.find(request.url);
    if (found == hosts_.answers.end()) {
      return Error{Errc::unreachable, Retry::after_backoff, "nobody"};
    }
    return found->second;
  }

 private:
  Hosts& hosts_;
};

http::Response status(int code) {
  http::Response response;
  response.status = code;
  return response;
}

class LinkCheckerTest : public testing::Test {
 protected:
  std::unique_ptr<LinkChecker> make_checker(int threads) {
    return std::make_unique<LinkChecker>([this] { return std::make_unique<HostsClient>(hosts_); },
                                         threads, metrics_);
  }
  static std::optional<int> ask(LinkChecker& checker, const std::string& url) {
    std::promise<std::optional<int>> told;
    checker.check(url, [&](std::optional<int> found) { told.set_value(found); });
    return told.get_future().get();
  }

  Hosts hosts_;
  Metrics metrics_;
};

TEST_F(LinkCheckerTest, ThatNobodyAnswersIsBelievedOnlyWhileOthersDo) {
  const auto links = make_checker(1);
  EXPECT_EQ(ask(*links, "https://away.example/1"), std::nullopt);
  hosts_.answers.emplace("https://there.example/1", status(404));
  EXPECT_EQ(ask(*links, "https://there.example/1"), 404);
  EXPECT_EQ(ask(*links, "https://away.example/1"), kNoAnswer);
}

TEST_F(LinkCheckerTest, WhatIsNotPublicIsNotJudged) {
  const auto links = make_checker(1);
  hosts_.answers.emplace("https://inside.example/1",
                         Error{Errc::invalid_value, Retry::never, "its address is not public"});
  EXPECT_EQ(ask(*links, "https://inside.example/1"), kNotAsked);
}

TEST_F(LinkCheckerTest, AsksAUrlOnceAndTwoOfAHostAtATime) {
  const auto links = make_checker(8);
  hosts_.is_held = true;
  for (int i = 0; i < 6; ++i) {
    hosts_.answers.emplace("https://one.example/" + std::to_string(i), status(200));
  }
  std::latch done{12};
  for (int twice = 0; twice < 2; ++twice) {
    for (int i = 0; i < 6; ++i) {
      links->check("https://one.example/" + std::to_string(i), [&](std::optional<int> found) {
        EXPECT_EQ(found, 200);
        done.count_down();
      });
    }
  }
  hosts_.wait_until_under_way(LinkChecker::kMostOfOneHost);
  hosts_.let_go();
  done.wait();
  const std::lock_guard lock{hosts_.mutex};
  EXPECT_EQ(hosts_.asked.size(), 6U);
  EXPECT_EQ(hosts_.most_under_way, LinkChecker::kMostOfOneHost);
}

TEST_F(LinkCheckerTest, WhatDoesNotFitIsNotAskedAndSaidSo) {
  const auto links = make_checker(1);
  hosts_.is_held = true;
  links->check("https://first.example/", [](auto) {});
  hosts_.wait_until_under_way(1);
  for (std::size_t i = 0; i < LinkChecker::kMostWaiting; ++i) {
    links->check("https://many.example/" + std::to_string(i), [](auto) {});
  }
  bool is_told = false;
  links->check("https://late.example/", [&](std::optional<int> found) {
    is_told = true;
    EXPECT_EQ(found, std::nullopt);
  });
  EXPECT_TRUE(is_told);
  hosts_.let_go();
}

class FakeLinkLog final : public LinkLog {
 public:
  void note(const Link& link, int status) override {
    const std::lock_guard lock{mutex};
    noted.insert(link.identifier + " " + std::to_string(status));
  }
  std::mutex mutex;
  std::multiset<std::string> noted;
};

class CheckedLinksTest : public LinkCheckerTest {
 protected:
  std::vector<LinkState> states(CheckedLinks& links, std::vector<Link> asked) {
    boost::asio::io_context context;
    std::vector<LinkState> found;
    boost::asio::co_spawn(
        context,
        [&]() -> Task<void> {
          LinkLook look = co_await links.look(std::move(asked), mask_of_);
          found = std::move(look.states);
          mask_ = std::move(look.mask);
        },
        boost::asio::detached);
    context.run();
    return found;
  }
  LocalLinkMemory memory_{100};
  FakeLinkLog log_;
  std::string mask_of_;  ///< whose mask is asked for
  PageMask mask_;        ///< that was found
};

TEST_F(CheckedLinksTest, TheMaskOfAQueryComesWithItsLinks) {
  const auto checker = make_checker(1);
  CheckedLinks links{memory_, *checker, log_, std::chrono::seconds{10}, true};
  hosts_.answers.emplace("https://a.example/1", status(404));
  const std::vector<Link> asked{{"met", "https://a.example/1", "a"}};
  links.keep_mask("one", "011");
  mask_of_ = "one";
  EXPECT_THAT(states(links, asked), testing::ElementsAre(LinkState::dead));
  EXPECT_EQ(mask_, "011");
  EXPECT_TRUE(states(links, {}).empty());
  EXPECT_EQ(mask_, "011");
  mask_of_ = "another";
  EXPECT_THAT(states(links, asked), testing::ElementsAre(LinkState::dead));
  EXPECT_EQ(mask_, "");
  mask_of_ = "";
  EXPECT_TRUE(states(links, {}).empty());
}

TEST_F(CheckedLinksTest, WaitsForWhatIsNotKnownAsLongAsItIsTold) {
  const auto checker = make_checker(4);
  CheckedLinks patient{memory_, *checker, log_, std::chrono::seconds{10}, true};
  hosts_.answers.emplace("https://a.example/1", status(200));
  hosts_.answers.emplace("https://b.example/1", status(404));
  const std::vector<Link> asked{
      {"met", "https://a.example/1", "a"}, {"met", "https://b.example/1", "b"}, {"met", "", "c"}};
  const auto expected = testing::ElementsAre(LinkState::live, LinkState::dead, LinkState::unknown);
  EXPECT_THAT(states(patient, asked), expected);
  EXPECT_THAT(states(patient, asked), expected);  // from memory
  EXPECT_EQ(hosts_.asked.size(), 2U);
  EXPECT_THAT(log_.noted, testing::ElementsAre("a 200", "b 404")) << "each look once";
}

TEST(EncodeLinkCheck, SaysWhatBecameOfALook) {
  const UtcTime at = *parse_time("2026-11-21T09:00:00Z");
  EXPECT_EQ(encode_link_check({"met", "https://a.example/\"1", "id", Media::audio}, 404, at),
            R"({"identifier":"id","media_type":"audio","provider":"met",)"
            R"("url":"https://a.example/\"1","state":"dead","status":404,)"
            R"("checked_at":"2026-11-21T09:00:00.000Z"})");
  for (const int none : {kNoAnswer, kNotAsked}) {
    EXPECT_NE(encode_link_check({"met", "u", "id"}, none, at).find(R"("status":null)"),
              std::string::npos);
  }
  EXPECT_NE(encode_link_check({"met", "u", "id"}, kNotAsked, at).find(R"("state":"unknown")"),
            std::string::npos);
}

TEST_F(CheckedLinksTest, DoesNotWaitWhereItIsNotTo) {
  const auto checker = make_checker(1);
  CheckedLinks hasty{memory_, *checker, log_, std::chrono::milliseconds{0}, true};
  hosts_.answers.emplace("https://b.example/1", status(404));
  hosts_.is_held = true;
  const std::vector<Link> asked{{"met", "https://b.example/1"}};
  EXPECT_THAT(states(hasty, asked), testing::ElementsAre(LinkState::unknown));
  hosts_.let_go();
  EXPECT_EQ(ask(*checker, "https://b.example/1"), 404);
  EXPECT_THAT(states(hasty, asked), testing::ElementsAre(LinkState::dead));
}

TEST_F(CheckedLinksTest, ASlowHostCostsTheWaitAndNoMore) {
  const auto checker = make_checker(1);
  CheckedLinks links{memory_, *checker, log_, std::chrono::milliseconds{20}, true};
  hosts_.is_held = true;
  EXPECT_THAT(states(links, {{"met", "https://slow.example/1"}}),
              testing::ElementsAre(LinkState::unknown));
  hosts_.let_go();
}

}  // namespace
}  // namespace freshet::api
