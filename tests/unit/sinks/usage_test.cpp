#include <gmock/gmock.h>

#include "core/json.hpp"
#include "sinks/usage/clicks_publisher.hpp"
#include "sinks/usage/facts.hpp"
#include "sinks/usage/usage_rows.hpp"

namespace freshet::usage {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr const char* kWork = "3f0c2a52-7c1b-4c39-9b2e-0d6a4d1f5a10";
const UtcTime kNow = *parse_time("2026-11-30T12:30:00Z");

Event event_of(std::string_view type, std::string_view payload = "{}") {
  Event event;
  event.event_id = make_event_id();
  event.type = type;
  event.occurred_at = event.received_at = kNow;
  event.agent = "desktop";
  event.payload = parse_json(payload).value().as_object();
  return event;
}

/// `measure|label|sublabel=count` of each sum, but for those that every event has.
std::vector<std::string> sums_of(const Facts& facts) {
  std::vector<std::string> list;
  for (const auto& [key, count] : facts.rollups) {
    EXPECT_EQ(key.day, "2026-11-30");
    if (key.measure != "events" && key.measure != "agents") {
      list.push_back(key.measure + "|" + key.label + "|" + key.sublabel + "=" +
                     std::to_string(count));
    }
  }
  return list;
}

Facts facts_of(const Event& event) {
  Facts facts;
  facts.add(event);
  return facts;
}

TEST(UsageFacts, EveryEventIsCountedByTypeOriginAndAgent) {
  Facts facts;
  facts.add(event_of("OPEN_PAGES_MENU"));
  facts.add(event_of("OPEN_PAGES_MENU"));
  EXPECT_THAT(facts.rollups,
              ElementsAre(Pair(RollupKey{"2026-11-30", "agents", "desktop", ""}, 2),
                          Pair(RollupKey{"2026-11-30", "events", "OPEN_PAGES_MENU", "web"}, 2)));
  EXPECT_TRUE(facts.clicks.empty());
}

TEST(UsageFacts, OfASearchAreItsWordsFiltersAndWhetherItFoundAnything) {
  Event event = event_of("GET_SEARCH_RESULTS", R"({"mediaType":"image","resultsCount":0})");
  event.query = " Grüne  EULE ";
  event.filters = parse_json(R"({"license":["cc0","pdm"]})").value().as_object();
  EXPECT_THAT(sums_of(facts_of(event)),
              ElementsAre("filters|license|cc0=1", "filters|license|pdm=1", "queries|grüne eule|=1",
                          "searches|image|web=1", "zero_result_queries|grüne eule|=1"));
  event.payload["resultsCount"] = 7;
  event.filters.clear();
  EXPECT_THAT(sums_of(facts_of(event)),
              ElementsAre("queries|grüne eule|=1", "searches|image|web=1"));
  event.page = 2;
  EXPECT_TRUE(sums_of(facts_of(event)).empty()) << "a further page is no further search";
}

TEST(UsageFacts, OfACallerOfTheApiAreApartAndNotInClicks) {
  Event event = event_of("SEARCH_EVENT", R"({"resultsCount":3,"elapsedTime":14.2})");
  event.origin = Origin::api;
  event.media_type = "audio";
  EXPECT_THAT(sums_of(facts_of(event)),
              ElementsAre("queries||=1", "response_times|15|api=1", "searches|audio|api=1"));
  Event click = event_of("RESULT_CLICK_EVENT");
  click.origin = Origin::api;
  click.result_id = kWork;
  EXPECT_TRUE(facts_of(click).clicks.empty());
}

TEST(UsageFacts, OfAClickAreRankSourceAndWork) {
  Event event = event_of("SELECT_SEARCH_RESULT", R"({"kind":"search","mediaType":"image"})");
  event.result_id = kWork;
  event.rank = 4;
  event.source = "met";
  const Facts facts = facts_of(event);
  EXPECT_THAT(sums_of(facts),
              ElementsAre("clicks|search|image=1", "clicks_by_rank|4|=1", "clicks_by_source|met|=1",
                          std::string{"results|"} + kWork + "|image=1"));
  ASSERT_EQ(facts.clicks.size(), 1U);
  EXPECT_EQ(facts.clicks.begin()->first, (ClickKey{"2026-11-30T12:00:00.000Z", kWork, 4}));
  EXPECT_EQ(facts.clicks.begin()->second.clicks, 1);
  EXPECT_EQ(facts.clicks.begin()->second.media_type, "image");

  event.payload["kind"] = "related";
  EXPECT_THAT(sums_of(facts_of(event)),
              ElementsAre("clicks|related|image=1", "clicks_by_source|met|=1",
                          std::string{"results|"} + kWork + "|image=1"));
  EXPECT_TRUE(facts_of(event).clicks.empty()) << "it was no result of a search";
}

TEST(UsageFacts, OfImpressionsAreRanksAndWorks) {
  const Facts facts = facts_of(
      event_of("IMPRESSION", R"({"results":[{"id":"3F0C2A52-7C1B-4C39-9B2E-0D6A4D1F5A10","rank":0},
        {"id":"4f0c2a52-7c1b-4c39-9b2e-0d6a4d1f5a10","rank":1}]})"));
  EXPECT_THAT(sums_of(facts), ElementsAre("impressions_by_rank|0|=1", "impressions_by_rank|1|=1"));
  ASSERT_EQ(facts.clicks.size(), 2U);
  EXPECT_EQ(facts.clicks.begin()->first.identifier, kWork);
  EXPECT_EQ(facts.clicks.begin()->second.impressions, 1);
}

TEST(UsageFacts, OfTheOthersAreWhatTheReportsAskFor) {
  EXPECT_THAT(sums_of(facts_of(event_of("COPY_ATTRIBUTION", R"({"format":"html"})"))),
              ElementsAre("copies|html|=1"));
  EXPECT_THAT(sums_of(facts_of(event_of("DETAIL_PAGE_EVENT", R"({"event_type":"VIEWED"})"))),
              ElementsAre("details|VIEWED|=1"));
  EXPECT_THAT(sums_of(facts_of(
                  event_of("ATTRIBUTION_REFERRER_EVENT", R"({"referer_domain":"Blog.example"})"))),
              ElementsAre("embedding_sites|blog.example|=1"));
  EXPECT_THAT(sums_of(facts_of(event_of("RATE_RESULTS", R"({"relevant":true})"))),
              ElementsAre("ratings|relevant|=1"));
  EXPECT_THAT(sums_of(facts_of(event_of("SEARCH_RATING_EVENT", R"({"relevant":false})"))),
              ElementsAre("ratings|irrelevant|=1"));
  EXPECT_THAT(sums_of(facts_of(event_of("SEARCH_RESPONSE_TIME", R"({"elapsedTime":120})"))),
              ElementsAre("response_times|121|web=1"));
  EXPECT_THAT(sums_of(facts_of(event_of("APPLY_FILTER", R"({"category":"size","key":"large"})"))),
              ElementsAre("applied_filters|size|large=1"));
  EXPECT_TRUE(sums_of(facts_of(event_of("APPLY_FILTER",
                                        R"({"category":"size","key":"large","checked":false})")))
                  .empty());
}

TEST(UsageFacts, LabelsOfStrangersFitAnIndex) {
  constexpr std::size_t kMostOfAnIndexEntry = 2'704;
  std::string longest;
  for (int i = 0; i < 500; ++i) {
    longest += "\U00020000";  // four bytes
  }
  Event event = event_of("APPLY_FILTER");
  event.payload["category"] = longest;
  event.payload["key"] = longest;
  Event search = event_of("GET_SEARCH_RESULTS");
  search.query = search.source = longest;
  search.filters["size"] = json::array{longest};
  Event click = event_of("SELECT_SEARCH_RESULT", R"({"kind":"search"})");
  click.source = longest;
  Event hit = event_of("ATTRIBUTION_REFERRER_EVENT");
  hit.payload["referer_domain"] = longest;
  Facts facts;
  for (const Event& one : {event, search, click, hit}) {
    facts.add(one);
  }
  for (const auto& [key, count] : facts.rollups) {
    EXPECT_LE(key.measure.size() + key.label.size() + key.sublabel.size(),
              kMostOfAnIndexEntry - 100)
        << key.measure;
  }
  const auto filter = std::ranges::find(facts.rollups, "applied_filters",
                                        [](const auto& one) { return one.first.measure; });
  ASSERT_NE(filter, facts.rollups.end());
  EXPECT_EQ(filter->first.label, longest.substr(0, 800));
  EXPECT_EQ(filter->first.sublabel, longest.substr(0, 800));
}

TEST(UsageFacts, AnEmptyLabelIsNotTheTailOfADay) {
  EXPECT_THAT(sums_of(facts_of(event_of("APPLY_FILTER", R"({"category":"","key":"other"})"))),
              ElementsAre("applied_filters|unnamed|other=1"));
  EXPECT_THAT(sums_of(facts_of(event_of("APPLY_FILTER", R"({"category":"","key":"large"})"))),
              ElementsAre("applied_filters||large=1"));
}

TEST(UsageFacts, ResponseTimesAreWithinATwentieth) {
  EXPECT_EQ(response_time_class(-1), 1);
  EXPECT_EQ(response_time_class(0.2), 1);
  EXPECT_EQ(response_time_class(1e300), 600'000);
  for (double time = 1; time < 600'000; time *= 1.07) {
    const auto end = static_cast<double>(response_time_class(time));
    EXPECT_GE(end, time);
    EXPECT_LE(end, std::max(time * 1.05, time + 1)) << time;
  }
}

TEST(UsageRows, EscapeWhatCopyWouldRead) {
  Event event = event_of("GET_SEARCH_RESULTS", R"({"query":"a\tb\\n"})");
  event.event_id = kWork;
  event.query = "tab\tline\nslash\\N";
  std::string line;
  append_row(line, event);
  EXPECT_EQ(
      line,
      std::string{kWork} +
          "\t2026-11-30\tGET_SEARCH_RESULTS\t2026-11-30T12:30:00.000Z\t"
          "2026-11-30T12:30:00.000Z\tdesktop\tweb\t\\N\t\\N\ttab\\tline\\nslash\\\\N\t\\N\t\\N"
          "\t\\N\t\\N\t\\N\t\\N\t{\"query\":\"a\\\\tb\\\\\\\\n\"}\n");
  const auto columns = std::ranges::count(row_columns(), ',') + 1;
  EXPECT_EQ(std::ranges::count(line, '\t') + 1, columns);
}

TEST(UsageRows, ArraysQuoteTheirTexts) {
  TextArray array;
  EXPECT_EQ(array.text(), "{}");
  array.add(R"(a "b" \c, {d})");
  array.add("");
  array.add("NULL");
  EXPECT_EQ(array.text(), R"({"a \"b\" \\c, {d}","","NULL"})");
}

TEST(UsageRows, RefuseWhatIsNoEventOfItsTopic) {
  const std::string value = encode_event(event_of("OPEN_PAGES_MENU"));
  const std::string key{value.substr(13, 36)};
  const auto fault = [&](std::string_view of_key, std::string_view schema, UtcTime now) {
    const auto decoded = decode_record({of_key, value, schema, {}, {}}, now);
    return decoded ? Errc::unspecified : decoded.error().errc();
  };
  EXPECT_EQ(fault(key, "usage-event/1", kNow), Errc::unspecified);
  EXPECT_EQ(fault(key, "", kNow), Errc::unspecified);
  EXPECT_EQ(fault(key, "usage-event/2", kNow), Errc::unknown_schema);
  EXPECT_EQ(fault(kWork, "usage-event/1", kNow), Errc::wrong_key);
  EXPECT_EQ(fault(key, "usage-event/1", kNow - std::chrono::hours{2}), Errc::future_time);
}

TEST(UsageClicks, AreWrittenWithTheirSums) {
  const WorkClicks clicks{"2026-11-30T12:00:00.000Z", kWork, "image", {{-1, 0, 1}, {4, 10, 2}}};
  EXPECT_EQ(clicks.key(), std::string{"2026-11-30T12:00:00.000Z|"} + kWork);
  EXPECT_EQ(
      encode_clicks(clicks),
      std::string{R"({"hour":"2026-11-30T12:00:00.000Z","identifier":")"} + kWork +
          R"(","media_type":"image","impressions":10,"clicks":3,"by_rank":[)"
          R"({"rank":-1,"impressions":0,"clicks":1},{"rank":4,"impressions":10,"clicks":2}]})");
}

}  // namespace
}  // namespace freshet::usage
