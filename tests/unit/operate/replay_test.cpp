#include <gmock/gmock.h>

#include "core/json.hpp"
#include "operate/replay_plan.hpp"
#include "operate/replay_works.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;

TEST(ReplayTarget, IsTheStartAnOffsetOrATime) {
  EXPECT_TRUE(std::holds_alternative<ReplayStart>(*parse_replay_target("start")));
  EXPECT_EQ(std::get<kafka::Offset>(*parse_replay_target("4711")).value, 4711);
  EXPECT_EQ(std::get<UtcTime>(*parse_replay_target("2026-11-21T00:19:33Z")),
            parse_time("2026-11-21T00:19:33Z"));
  for (const char* text : {"", "end", "-1", "2026", "2026-11-21", "99999999999999999999"}) {
    if (std::string_view{text} != "2026") {
      EXPECT_FALSE(parse_replay_target(text)) << text;
    }
  }
}

ReplayPlan plan() {
  ReplayPlan one{"sink.postgres", {}, 500};
  ReplayPartition again;
  again.at = {"media.catalog.v1", kafka::Partition{0}};
  again.was = kafka::Offset{100};
  again.is = {0};
  again.end = {120};
  again.again = 90;
  again.first = parse_time("2026-11-21T00:19:33Z");
  ReplayPartition skips = again;
  skips.at.partition = {1};
  skips.was = kafka::Offset{10};
  skips.is = {20};
  skips.again = 0;
  skips.skipped = 10;
  one.partitions = {again, skips};
  return one;
}

TEST(ReplayPlan, SaysWhatIsReadAgainAndWhatIsPassedOver) {
  EXPECT_EQ(describe_replay(plan()),
            "sink.postgres reads 90 records again, the oldest of 2026-11-21T00:19:33.000Z; 0 s at "
            "the 500 records/s that it last did; 10 records that it has not read are passed over");
  ReplayPlan one = plan();
  one.rate = 0;
  one.partitions.pop_back();
  one.partitions[0].is_estimate = true;
  EXPECT_EQ(describe_replay(one),
            "sink.postgres reads about 90 records again, the oldest of 2026-11-21T00:19:33.000Z; "
            "how fast it reads is not known yet");
  one.partitions.clear();
  EXPECT_EQ(describe_replay(one), "sink.postgres reads nothing again");
}

TEST(ReplayPlan, TheJsonIsAListOfPartitions) {
  const auto parsed = parse_json(format_replay_json(plan()));
  EXPECT_EQ(value_at(*parsed, "/0/was").as_int64(), 100);
  EXPECT_EQ(value_at(*parsed, "/0/is").as_int64(), 0);
  EXPECT_EQ(value_at(*parsed, "/0/records").as_int64(), 90);
  EXPECT_EQ(value_at(*parsed, "/1/passed_over").as_int64(), 10);
  EXPECT_THAT(format_replay_table(plan()), HasSubstr("media.catalog.v1          0  100   0"));
}

TEST(ReplayWorks, ARecordIsOfItsSourceAndOfItsProvider) {
  const char* record = R"({"work":{"source":"nasa","title":"met"}})";
  EXPECT_TRUE(is_of_source("image:flickr:1", record, "nasa"));
  EXPECT_TRUE(is_of_source("image:flickr:1", record, "flickr"));
  EXPECT_FALSE(is_of_source("image:flickr:1", record, "met"));
  EXPECT_FALSE(is_of_source("image:flickr:1", "broken nasa", "nasa"));
}

}  // namespace
}  // namespace freshet
