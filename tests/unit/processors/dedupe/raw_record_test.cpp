#include "processors/stages/dedupe/raw_record.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

constexpr const char* kTime = "2026-11-21T00:19:33.000001Z";

class ReadRaw : public testing::Test {
 protected:
  Result<RawRecord> read(std::string_view value) { return reader.read(value, arena); }
  RawReader reader;
  Arena arena;
};

TEST_F(ReadRaw, CutsTheFormOfOurProducersWithoutCopying) {
  const std::string value =
      R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r-1"},"work":{"a":"}"}})";
  const auto record = read(value);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->kind, RawRecord::Kind::sighting);
  EXPECT_EQ(record->fetched_at, *parse_time(kTime));
  EXPECT_EQ(record->body, R"({"a":"}"})");
  EXPECT_EQ(record->body.data(), value.data() + value.find(R"({"a")"));
  EXPECT_TRUE(record->is_cut);
}

TEST_F(ReadRaw, ReadWholeItKnowsWhereWorkEnds) {
  const std::string value =
      R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r-1"},"work":{"a":1},"later":{}})";
  const auto cut = read(value);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->body, R"({"a":1},"later":{})");  // which no parser takes for JSON
  const auto record = reader.read_whole(value, arena);
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->body, R"({"a":1})");
  EXPECT_EQ(record->fetched_at, *parse_time(kTime));
  EXPECT_FALSE(record->is_cut);
}

struct Row {
  const char* name;
  const char* value;
  RawRecord::Kind kind;
  const char* body;
};

class ReadRawForm : public ReadRaw, public testing::WithParamInterface<Row> {};

TEST_P(ReadRawForm, GivesKindTimeAndBody) {
  const auto record = read(GetParam().value);
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->kind, GetParam().kind);
  EXPECT_EQ(record->fetched_at, *parse_time(kTime));
  EXPECT_EQ(record->body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ReadRawForm,
    testing::Values(
        Row{"WorkFirst",
            R"({"work":{"a":1},"seen":{"run_id":"r","fetched_at":"2026-11-21T00:19:33.000001Z"}})",
            RawRecord::Kind::sighting, R"({"a":1})"},
        Row{"SpacesAreKeptInTheBody",
            R"( { "seen" : {"fetched_at":"2026-11-21T00:19:33.000001Z"} , "work" : { "a" : 1 } } )",
            RawRecord::Kind::sighting, R"({ "a" : 1 })"},
        Row{"EscapedRunId",
            R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"a\"},\"work\":{}"},"work":{"a":1}})",
            RawRecord::Kind::sighting, R"({"a":1})"},
        Row{"UnknownMembersAreLeft",
            R"({"later":[1],"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","x":{}},"work":{"a":1}})",
            RawRecord::Kind::sighting, R"({"a":1})"},
        Row{"OffsetTime",
            R"({"seen":{"fetched_at":"2026-11-21T01:19:33.000001+01:00"},"work":{"a":1}})",
            RawRecord::Kind::sighting, R"({"a":1})"},
        Row{"Removed",
            R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r"},"removed":{"reason":"404"}})",
            RawRecord::Kind::removed, R"({"reason":"404"})"},
        Row{"RunFinished",
            R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r"},"run_finished":{"complete":true}})",
            RawRecord::Kind::run_finished, R"({"complete":true})"}),
    [](const auto& row) { return row.param.name; });

struct BadRow {
  const char* name;
  const char* value;
  Errc errc;
};

class ReadBadRaw : public ReadRaw, public testing::WithParamInterface<BadRow> {};

TEST_P(ReadBadRaw, NamesTheFault) {
  const auto record = read(GetParam().value);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().errc(), GetParam().errc);
  EXPECT_EQ(record.error().retry(), Retry::never);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ReadBadRaw,
    testing::Values(
        BadRow{"Empty", "", Errc::malformed_payload},
        BadRow{"NotJson", "hello", Errc::malformed_payload},
        BadRow{"Array", "[]", Errc::malformed_payload},
        BadRow{"BrokenSeen", R"({"seen":{"run_id" 7},"work":{"a":1}})", Errc::malformed_payload},
        BadRow{"NoWork", R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"}})",
               Errc::missing_field},
        BadRow{"NoTime", R"({"seen":{},"work":{}})", Errc::missing_field},
        BadRow{"NoSeen", R"({"work":{}})", Errc::missing_field},
        BadRow{"TimeIsANumber", R"({"seen":{"fetched_at":3},"work":{}})", Errc::missing_field},
        BadRow{"NoSuchTime", R"({"seen":{"fetched_at":"yesterday"},"work":{}})",
               Errc::invalid_value},
        BadRow{"WorkIsText", R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"},"work":"x"})",
               Errc::malformed_payload},
        BadRow{
            "TwoWorks",
            R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"},"work":{"a":1},"work":{"a":2}})",
            Errc::malformed_payload},
        BadRow{"WorkAndRemoved",
               R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"},"work":{},"removed":{}})",
               Errc::malformed_payload},
        BadRow{"TextBehind",
               R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"},"work":{"a":1}} {})",
               Errc::malformed_payload},
        BadRow{"Unclosed", R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"},"work":{"a":1})",
               Errc::malformed_payload},
        BadRow{
            "BadUtf8",
            "{\"seen\":{\"fetched_at\":\"2026-11-21T00:19:33.000001Z\"},\"work\":{\"a\":\"\xff\"}}",
            Errc::malformed_payload}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace freshet
