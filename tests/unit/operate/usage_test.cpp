#include "operate/usage.hpp"

#include <gmock/gmock.h>

namespace freshet {
namespace {

using testing::ElementsAre;
using Counted = UsageReport::Counted;

TEST(UsageReport, HasTheFiguresOfTheDailyReport) {
  const UsageReport report =
      make_usage_report("2026-11-30", {{"searches", "image", "web", 6},
                                       {"searches", "audio", "web", 2},
                                       {"searches", "image", "api", 40},
                                       {"sessions", "", "", 4},
                                       {"clicks", "search", "image", 5},
                                       {"clicks", "related", "image", 1},
                                       {"copies", "html", "image", 3},
                                       {"details", "ATTRIBUTION_CLICKED", "", 1},
                                       {"details", "REUSE_SURVEY", "", 2},
                                       {"details", "SHARED_SOCIAL", "", 9},
                                       {"events", "GET_MEDIA", "web", 7},
                                       {"events", "VISIT_CREATOR_LINK", "web", 8},
                                       {"ratings", "relevant", "", 3},
                                       {"ratings", "irrelevant", "", 1},
                                       {"embedding_sites", "blog.example", "", 11}});
  EXPECT_EQ(report.day, "2026-11-30");
  EXPECT_EQ(report.searches, 8);
  EXPECT_EQ(report.api_searches, 40);
  EXPECT_EQ(report.sessions, 4);
  EXPECT_EQ(report.avg_searches_per_session, 2.0);
  EXPECT_EQ(report.results_clicked, 6);
  EXPECT_EQ(report.attribution_buttonclicks, 4);
  EXPECT_EQ(report.survey_responses, 2);
  EXPECT_EQ(report.shared_social, 9);
  EXPECT_EQ(report.source_clicked, 7);
  EXPECT_EQ(report.creator_clicked, 8);
  EXPECT_EQ(report.avg_rating, 0.75);
  EXPECT_EQ(report.attribution_referer_hits, 11);
}

TEST(UsageReport, OfNothingHasNoRates) {
  const UsageReport report = make_usage_report("2026-11-30", {});
  EXPECT_EQ(report.avg_rating, std::nullopt);
  EXPECT_EQ(report.avg_searches_per_session, std::nullopt);
  EXPECT_TRUE(report.response_times.empty());
  EXPECT_EQ(UsageReport::Rank{}.rate(), std::nullopt);
}

TEST(UsageReport, TopIsInTrueOrderAndWithoutTheTail) {
  std::vector<UsageSum> sums{{"queries", "", "other", 5000}, {"queries", "cat", "", 7},
                             {"queries", "owl", "", 9},      {"queries", "ant", "", 7},
                             {"results", "b", "image", 1},   {"results", "a", "image", 2},
                             {"results", "a", "audio", 1}};
  const UsageReport report = make_usage_report("2026-11-30", sums);
  EXPECT_THAT(report.top_searches,
              ElementsAre(Counted{"owl", 9}, Counted{"ant", 7}, Counted{"cat", 7}));
  ASSERT_EQ(report.top_results.size(), 2U);
  EXPECT_EQ(report.top_results[0].identifier, "a");
  EXPECT_EQ(report.top_results[0].clicks, 3);
  for (int i = 0; i < 300; ++i) {
    sums.push_back({"queries", "rare " + std::to_string(i), "", 1});
  }
  EXPECT_EQ(make_usage_report("2026-11-30", sums).top_searches.size(), kMostTopSearches);
}

TEST(UsageReport, RanksAreNumbersAndTimesPercentiles) {
  const UsageReport report = make_usage_report("2026-11-30", {{"impressions_by_rank", "10", "", 4},
                                                              {"impressions_by_rank", "2", "", 8},
                                                              {"clicks_by_rank", "2", "", 2},
                                                              {"response_times", "10", "web", 50},
                                                              {"response_times", "20", "web", 45},
                                                              {"response_times", "900", "web", 5},
                                                              {"response_times", "7", "api", 1}});
  ASSERT_EQ(report.ranks.size(), 2U);
  EXPECT_EQ(report.ranks[0].rank, 2);
  EXPECT_EQ(report.ranks[0].rate(), 0.25);
  EXPECT_EQ(report.ranks[1].rank, 10);
  EXPECT_EQ(report.ranks[1].clicks, 0);
  ASSERT_EQ(report.response_times.size(), 2U);
  const UsageReport::Times& web = report.response_times[0];
  EXPECT_EQ(web.count, 100);
  EXPECT_EQ(web.p50, 10);
  EXPECT_EQ(web.p95, 20);
  EXPECT_EQ(web.p99, 900);
  EXPECT_EQ(report.response_times[1].p50, 7);
}

TEST(UsageReport, IsPrintedWithEveryListThatHasRows) {
  const UsageReport report =
      make_usage_report("2026-11-30", {{"queries", "", "", 3}, {"filters", "license", "cc0", 2}});
  EXPECT_THAT(usage_report_text(report), testing::HasSubstr("(no words)"));
  EXPECT_THAT(usage_report_text(report), testing::HasSubstr("license=cc0"));
  EXPECT_EQ(to_json_object(report).at("filters").at(0).at("name"), "license=cc0");
}

}  // namespace
}  // namespace freshet
