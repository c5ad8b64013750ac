#include "core/record/envelope.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/json.hpp"

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
  EXPECT_TRUE(record->body_unchecked);
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
  EXPECT_FALSE(record->body_unchecked);
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

struct TwiceRow {
  const char* value;
  const char* field;
};

TEST_F(ReadRaw, RefusesAMemberThatStandsTwice) {
  const TwiceRow rows[] = {
      {R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"work":{"a":1},"seen":{}})", "seen"},
      {R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"work":{"a":1},"work":{}})", "work"},
      {R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"work":{"a":1},"s\u0065en":{}})", "seen"},
      {R"({"later":1,"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"work":{},"later":1})", "later"},
      {R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z","fetched_at":"2026-11-21T00:19:33Z"},"work":{}})",
       "seen.fetched_at"},
      {R"({"seen":{"x":{},"fetched_at":"2026-11-21T00:19:33Z","x":[1]},"work":{}})", "seen.x"},
      {R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"run_finished":{"complete":true,"complete":false}})",
       "run_finished.complete"},
      {R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"removed":{"reason":"a","reason":"a"}})",
       "removed.reason"}};
  for (const auto& [value, field] : rows) {
    const auto record = read(value);
    ASSERT_FALSE(record) << value;
    EXPECT_EQ(record.error().errc(), Errc::malformed_payload) << value;
    EXPECT_EQ(record.error().rule(), "duplicate_member") << value;
    EXPECT_EQ(record.error().field(), field) << value;
  }
}

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
        BadRow{
            "TwoSeen",
            R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z"},"work":{"a":1},"seen":{"fetched_at":"2024-11-21T00:19:33Z"}})",
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

// What is written is read by the scanner where that is for it, and by the parser, to the same.

/// Records made of parts that are awkward for a scanner, each with each.
class Written {
 public:
  explicit Written(std::uint32_t seed) : random_{seed} {}

  RawRecord next() {
    RawRecord record;
    record.kind = pick<RawRecord::Kind>({RawRecord::Kind::sighting, RawRecord::Kind::sighting,
                                         RawRecord::Kind::removed, RawRecord::Kind::run_finished});
    // Year 1 to 9999, mostly times that sightings have.
    record.fetched_at = UtcTime{
        random_() % 4 == 0 ? static_cast<std::int64_t>(random_() % 315'000'000'000'000'000U) -
                                 62'000'000'000'000'000
                           : static_cast<std::int64_t>(random_() % 4'000'000'000'000'000U)};
    has_plain_run_id_ = random_() % 4 != 0;
    record.run_id =
        has_plain_run_id_
            ? pick<std::string_view>({"", "r", "metropolitan_museum-20261121T001933", "},{:[]",
                                      "},work:{a:1}}", " ~!#$%&'()*+,-./:;<=>?@[]^_`{|}"})
            : pick<std::string_view>(
                  {"\"},\"work\":{}", "\\", "caf\u00e9", "a\nb", "\x7f", "\x01"});
    if (random_() % 4 == 0) {
      record.former_identifier = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
    }
    record.body = pick<std::string_view>({"{}", R"({"a":1})", R"({"a":"}}","b":{"c":[{}]}})",
                                          R"({"work":{"seen":{}}})", R"({"seen":"\"},\"work\":{"})",
                                          R"({"title":"Owl \ud83e\udd89 é"})", R"({ "a" : [ ] })"});
    return record;
  }
  /// Whether the scanner is to take the record that was made last.
  bool is_for_scanner(const RawRecord& record) const {
    return record.kind == RawRecord::Kind::sighting && has_plain_run_id_ &&
           record.former_identifier.empty();
  }

 private:
  template <class T>
  T pick(std::vector<T> choices) {
    return choices[random_() % choices.size()];
  }

  std::mt19937_64 random_;
  bool has_plain_run_id_ = false;
};

void expect_same(const Result<RawRecord>& read, const RawRecord& written, std::string_view value) {
  ASSERT_TRUE(read) << value << ": " << read.error().message();
  EXPECT_EQ(read->kind, written.kind) << value;
  EXPECT_EQ(read->fetched_at, written.fetched_at) << value;
  EXPECT_EQ(read->run_id, written.run_id) << value;
  EXPECT_EQ(read->former_identifier, written.former_identifier) << value;
  EXPECT_EQ(read->body, written.body) << value;
}

TEST_F(ReadRaw, ReadsWhatIsWrittenWithTheScannerAndWithTheParser) {
  Written written{7};
  int scanned = 0;
  for (int i = 0; i < 20'000; ++i) {
    const RawRecord record = written.next();
    const std::string value = write_raw_record(record);
    ASSERT_TRUE(parse_json(value)) << value;
    const auto read_back = read(value);
    expect_same(read_back, record, value);
    ASSERT_EQ(read_back->body_unchecked, written.is_for_scanner(record)) << value;
    scanned += read_back->body_unchecked ? 1 : 0;
    const auto whole = reader.read_whole(value, arena);
    expect_same(whole, record, value);
    EXPECT_FALSE(whole->body_unchecked);
    ASSERT_FALSE(HasFailure());
    arena.release();
  }
  EXPECT_GT(scanned, 5'000) << "the short way is the common one";
}

TEST_F(ReadRaw, IsWrittenAsTheTopicsSchemaSays) {
  EXPECT_EQ(
      write_raw_record({.fetched_at = *parse_time(kTime), .run_id = "r", .body = R"({"a":1})"}),
      R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r"},"work":{"a":1}})");
  EXPECT_EQ(write_raw_record({.kind = RawRecord::Kind::removed,
                              .fetched_at = *parse_time(kTime),
                              .run_id = "r",
                              .former_identifier = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11",
                              .body = "{}"}),
            R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r",)"
            R"("former_identifier":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},"removed":{}})");
}

}  // namespace
}  // namespace freshet
