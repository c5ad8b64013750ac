#include "producers/page_expander.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <latch>

#include "tests/support/fake_http.hpp"

namespace freshet {
namespace {

/// Makes of each number one request and one record.
class Numbers final : public Provider {
 public:
  const ProviderSpec& spec() const override { return spec_; }
  std::optional<Params> next(Run& /*run*/, const Reply* /*previous*/) override { return Params{}; }
  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    if (before) {
      before(item.as_int64());
    }
    if (item == 3) {
      emit.record(MediaType::image, {});
      throw WrongShape{"three"};
    }
    if (!fetch.head("https://api.example/" + std::to_string(item.as_int64()))) {
      return emit.drop(ProducerDrop::detail_gone);
    }
    emit.record(MediaType::image, {{"foreign_identifier", item}});
  }
  std::function<void(std::int64_t)> before;

 private:
  ProviderSpec spec_;
};

struct Bench {
  explicit Bench(int size) {
    for (int i = 0; i < size; ++i) {
      values.emplace_back(i);
    }
    for (const json::value& value : values) {
      items.push_back(&value);
    }
  }
  json::array values;
  std::vector<const json::value*> items;
  Numbers provider;
  test::FakeHttp http{[](const http::Request& request) -> Result<http::Response> {
    return http::Response{request.url.ends_with("/7") ? 404 : 200, {}, "", request.url};
  }};
  FetchSession session{http, {}, [](std::chrono::milliseconds) { return true; }};
};

std::string told(const Expanded& one) {
  if (!one.emit.rejections().empty()) {
    return one.emit.rejections().front().message();
  }
  return one.emit.drafts().empty()
             ? "gone"
             : json::serialize(one.emit.drafts().front().fields.at("foreign_identifier"));
}

class Expander : public ::testing::TestWithParam<int> {};

TEST_P(Expander, GivesResultsInTheOrderOfTheList) {
  Bench bench{200};
  PageExpander expander{bench.provider, bench.session, GetParam()};
  for (const std::size_t first : {std::size_t{0}, std::size_t{5}}) {
    const PageExpander::Page page{expander, bench.items, first};
    for (std::size_t i = first; i < bench.items.size(); ++i) {
      const Expanded one = expander.take();
      EXPECT_EQ(told(one), i == 3 ? "three" : i == 7 ? "gone" : std::to_string(i));
      EXPECT_EQ(one.emit.drafts().size(), i == 3 || i == 7 ? 0U : 1U) << "all or nothing";
      ASSERT_EQ(one.spent.answers.size(), i == 3 ? 0U : 1U);
      if (i != 3) {
        EXPECT_EQ(one.spent.answers[0], i == 7 ? Answered::gone : Answered::usable);
      }
      EXPECT_EQ(one.spent.requests, i == 3 ? 0 : 1);
    }
  }
  EXPECT_EQ(bench.http.requests.size(), 199U + 195U);
}

INSTANTIATE_TEST_SUITE_P(InFlight, Expander, ::testing::Values(1, 2, 16));

TEST(PageExpander, HasAsManyInFlightAsItIsTold) {
  Bench bench{8};
  std::latch all{8};  // nobody passes before all eight are there
  bench.provider.before = [&](std::int64_t) { all.arrive_and_wait(); };
  PageExpander expander{bench.provider, bench.session, 8};
  const PageExpander::Page page{expander, bench.items, 0};
  for (int i = 0; i < 8; ++i) {
    expander.take();
  }
}

TEST(PageExpander, WorksAheadOnlySoFarAndLeavesAPageInTheMiddle) {
  Bench bench{1'000};
  std::atomic<int> begun = 0;
  bench.provider.before = [&](std::int64_t) { ++begun; };
  PageExpander expander{bench.provider, bench.session, 2};
  {
    const PageExpander::Page page{expander, bench.items, 0};
    for (int i = 0; i < 10; ++i) {
      expander.take();
    }
  }
  EXPECT_LE(begun, 10 + 8);
  // The next page has nothing of it.
  const PageExpander::Page page{expander, bench.items, 990};
  EXPECT_EQ(told(expander.take()), "990");
}

TEST(PageExpander, AnEmptyPageAsksForNothing) {
  Bench bench{0};
  PageExpander expander{bench.provider, bench.session, 4};
  const PageExpander::Page page{expander, bench.items, 0};
  EXPECT_TRUE(bench.http.requests.empty());
}

}  // namespace
}  // namespace freshet
