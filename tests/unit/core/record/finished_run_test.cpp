#include "core/record/finished_run.hpp"

#include <gtest/gtest.h>

#include <string>

namespace freshet {
namespace {

constexpr UtcTime kStart{1'764'460'800'123'000};
constexpr UtcTime kEnd{1'764'464'400'000'001};

class FinishedRuns : public testing::Test {
 protected:
  Result<FinishedRun> read(std::string_view key, std::string_view value) {
    const auto raw = reader_.read(value, arena_);
    if (!raw) {
      return raw.error();
    }
    EXPECT_EQ(raw->kind, RawRecord::Kind::run_finished);
    return read_finished_run(key, *raw);
  }
  Result<FinishedRun> read_body(std::string_view body, std::string_view key = "run:image:met") {
    value_ = write_raw_record(
        {.kind = RawRecord::Kind::run_finished, .fetched_at = kEnd, .run_id = "r", .body = body});
    return read(key, value_);
  }

 private:
  RawReader reader_;
  Arena arena_;
  std::string value_;
};

TEST_F(FinishedRuns, AreReadAsTheyWereWritten) {
  for (const std::int64_t rejected : {0, 1, 4'000}) {
    const std::string value =
        write_finished_run(MediaType::audio, "free\"sound", kStart, rejected, kEnd, "run-1");
    const auto run = read("run:audio:free\"sound", value);
    ASSERT_TRUE(run) << run.error().message();
    EXPECT_EQ(run->scope, "audio:free\"sound");
    EXPECT_EQ(run->provider, "free\"sound");
    EXPECT_EQ(run->started_at, kStart);
    EXPECT_TRUE(run->is_whole);
    EXPECT_EQ(run->has_gaps, rejected > 0);
  }
  EXPECT_EQ(finished_run_key(MediaType::image, "met"), "run:image:met");
}

TEST_F(FinishedRuns, OfOneDayAreNotWhole) {
  const auto run = read_body(
      R"({"media_type":"image","provider":"met","started_at":"2025-11-30T00:00:00.000Z","complete":true,"date":"2025-11-29"})");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_FALSE(run->is_whole);
}

struct Refusal {
  const char* name;
  const char* key;
  const char* body;
  Errc errc;
  const char* field;
};

class RefusedRuns : public FinishedRuns, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedRuns, NameTheFieldAndTheRule) {
  const auto run = read_body(GetParam().body, GetParam().key);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().errc(), GetParam().errc);
  EXPECT_EQ(run.error().field(), GetParam().field);
  EXPECT_FALSE(run.error().rule().empty());
}

constexpr const char* kMet =
    R"({"media_type":"image","provider":"met","started_at":"2025-11-30T00:00:00.000Z","complete":true})";

INSTANTIATE_TEST_SUITE_P(
    All, RefusedRuns,
    testing::Values(
        Refusal{"KeyOfAWork", "image:met:1", kMet, Errc::wrong_key, "key"},
        Refusal{"NoProvider", "run:image:", kMet, Errc::wrong_key, "key"},
        Refusal{"NoMediaType", "run:met", kMet, Errc::wrong_key, "key"},
        Refusal{"UnknownMediaType", "run:video:met", kMet, Errc::wrong_key, "key"},
        Refusal{"AnotherProvider", "run:image:smk", kMet, Errc::wrong_key, "key"},
        Refusal{"AnotherMediaType", "run:audio:met", kMet, Errc::wrong_key, "key"},
        Refusal{"NoStart", "run:image:met",
                R"({"media_type":"image","provider":"met","complete":true})", Errc::invalid_value,
                "run_finished.started_at"},
        Refusal{
            "StartAfterTheEnd", "run:image:met",
            R"({"media_type":"image","provider":"met","started_at":"2031-01-01T00:00:00.000Z","complete":true})",
            Errc::invalid_value, "run_finished.started_at"},
        Refusal{
            "StartBefore1970", "run:image:met",
            R"({"media_type":"image","provider":"met","started_at":"1969-12-31T23:59:59.999Z","complete":true})",
            Errc::invalid_value, "run_finished.started_at"},
        Refusal{
            "CompleteIsNoBoolean", "run:image:met",
            R"({"media_type":"image","provider":"met","started_at":"2025-11-30T00:00:00.000Z","complete":1})",
            Errc::invalid_value, "run_finished.complete"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace freshet
