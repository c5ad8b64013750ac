#include "producers/tsv_run.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/check.hpp"

namespace freshet {
namespace {

class FixedClock final : public Clock {
 public:
  UtcTime now() const override { return UtcTime::from_millis(1'800'000'000'000); }
};

// Keeps what it is given; fails when told to.
class KeptOutput final : public Output {
 public:
  Result<std::optional<RunState>> last_state(const std::string& /*command*/) override {
    return std::optional<RunState>{};
  }
  Result<void> take_over(const std::string& name, std::int32_t number) override {
    EXPECT_NE(number, 0) << "those of the provider's own runs";
    taken_over.emplace_back(name, number);
    return {};
  }
  Result<void> sighting(const Sighting& sighting, std::string_view value) override {
    if (refuses) {
      return Error{Errc::broker_error, Retry::never, "the broker is away"};
    }
    keys.push_back(sighting.key);
    values.emplace_back(value);
    return {};
  }
  Result<void> removal(const std::string& /*key*/, std::string_view /*value*/) override {
    ADD_FAILURE() << "a file removes nothing";
    return {};
  }
  Result<void> rejection(const Rejection& rejection) override {
    rejections.push_back(rejection);
    return {};
  }
  Result<void> checkpoint(const RunState& state, const TotalsByProvider& added) override {
    states.push_back(state);
    for (const auto& [provider, totals] : added) {
      sums[provider].add(totals);
    }
    return {};
  }
  Result<void> alert(const Alert& /*alert*/) override {
    ADD_FAILURE() << "a file has no usual size";
    return {};
  }
  Result<void> run_finished(MediaType /*media_type*/, std::string_view /*provider*/,
                            std::string_view /*value*/) override {
    ADD_FAILURE() << "a file is no full run of its providers";
    return {};
  }

  bool refuses = false;
  std::vector<std::pair<std::string, std::int32_t>> taken_over;  ///< with the number of the sums
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<Rejection> rejections;
  std::vector<RunState> states;
  TotalsByProvider sums;
};

std::string row(const std::string& id, const std::string& provider = "met",
                const std::string& title = "T") {
  return id + "\thttps://a.com/p\thttps://a.com/i.jpg\t\\N\tjpg\t\\N\tby\t4.0\t\\N\t\\N\t" + title +
         "\t\\N\t\\N\t\\N\tf\t" + provider + "\t\\N\t\\N\t\\N\t\\N";
}

class TsvRunTest : public testing::Test {
 protected:
  TsvRunTest() {
    options_.path = testing::TempDir() + "tsv_run_" + std::to_string(getpid());
    options_.base = *parse_time("2026-01-01T00:00:00Z");
  }
  ~TsvRunTest() override { std::filesystem::remove(options_.path); }

  RunState run(std::string_view text) {
    std::ofstream{options_.path, std::ios::binary} << text;
    return run_tsv(options_,
                   {.clock = clock_,
                    .output = output_,
                    .stop = {},
                    .on_refusal = [this](const Refusal& refusal) { refusals_.push_back(refusal); },
                    .on_progress = {}});
  }

  FixedClock clock_;
  KeptOutput output_;
  TsvOptions options_;
  std::vector<Refusal> refusals_;
};

TEST_F(TsvRunTest, TimesFollowLineNumbersAndAnotherLoadIsTheSame) {
  const std::string text = row("a") + "\n" + row("b") + "\r\n";
  EXPECT_EQ(run(text).outcome, RunOutcome::finished);
  const auto first = output_.values;
  ASSERT_EQ(first.size(), 2U);
  EXPECT_TRUE(first[0].starts_with(
      R"({"seen":{"fetched_at":"2026-01-01T00:00:00.000001Z","run_id":"tsv-20260101T000000-)"))
      << first[0];
  EXPECT_TRUE(first[1].starts_with(R"({"seen":{"fetched_at":"2026-01-01T00:00:00.000002Z")"))
      << first[1];
  output_.values.clear();
  run(text);
  EXPECT_EQ(output_.values, first);
}

// Loads side by side must not fence each other, nor write over each other's sums.
TEST_F(TsvRunTest, LoadsOfDifferentFilesAreTakenOverApart) {
  const std::filesystem::path folder = options_.path + "_folder";
  const std::filesystem::path there = folder / "x_20260101000000.tsv";
  const std::filesystem::path here = testing::TempDir() + "x_20260101000000.tsv";
  std::filesystem::create_directory(folder);
  const auto load = [&](const std::filesystem::path& path, MediaType media_type) {
    options_.path = path;
    options_.media_type = media_type;
    run("");
    return output_.taken_over.back();
  };
  const auto image = load(here, MediaType::image);
  const auto audio = load(here, MediaType::audio);
  const auto elsewhere = load(there, MediaType::image);
  EXPECT_NE(image.first, audio.first);
  EXPECT_NE(image.second, audio.second);
  EXPECT_NE(image.first, elsewhere.first);
  EXPECT_NE(image.second, elsewhere.second);
  // But one file is one, however it is named.
  EXPECT_EQ(load(folder / ".." / here.filename(), MediaType::image), image);
  // A pipe is of its process.
  options_.path = "/dev/null";
  const auto name = [&] {
    run_tsv(options_,
            {.clock = clock_, .output = output_, .stop = {}, .on_refusal = {}, .on_progress = {}});
    return output_.taken_over.back().first;
  };
  const std::string ours = name();
  EXPECT_EQ(name(), ours);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string theirs = name();
    const auto written = write(ends[1], theirs.data(), theirs.size());
    _exit(written == static_cast<ssize_t>(theirs.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string theirs(256, '\0');
  theirs.resize(
      static_cast<std::size_t>(std::max<ssize_t>(read(ends[0], theirs.data(), theirs.size()), 0)));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(theirs.size(), ours.size());
  EXPECT_NE(theirs, ours);
  std::filesystem::remove(here);
  std::filesystem::remove_all(folder);
  options_.path = testing::TempDir() + "tsv_run_" + std::to_string(getpid());
}

TEST_F(TsvRunTest, PutsBadLinesAsideAndGoesOn) {
  const RunState state = run(row("a") + "\nbad\tline\n" + row("\\N", "x") + "\n" + row("b", "y") +
                             "\n" + row("c", "z", std::string(1 << 20, 't')) + "\n" +
                             std::string(4 << 20, 'x') + "\n" + row("d"));
  EXPECT_EQ(state.outcome, RunOutcome::finished);
  EXPECT_EQ(output_.keys, (std::vector<std::string>{"image:met:a", "image:y:b", "image:met:d"}));
  ASSERT_EQ(output_.rejections.size(), 4U);
  EXPECT_EQ(output_.rejections[0].item, 2);
  EXPECT_EQ(output_.rejections[0].value, "bad\tline");
  EXPECT_EQ(output_.rejections[0].url, options_.path);
  EXPECT_FALSE(output_.rejections[0].key);
  EXPECT_EQ(output_.rejections[1].error.field(), "foreign_identifier");
  EXPECT_EQ(output_.rejections[2].error.errc(), Errc::too_large);
  EXPECT_EQ(output_.rejections[2].key, "image:z:c");
  EXPECT_EQ(output_.rejections[3].error.errc(), Errc::too_large);
  EXPECT_LT(output_.rejections[3].value.size(), 4U << 20);
  EXPECT_EQ(refusals_.size(), 4U);
  // The sums hold: listed = emitted + rejected.
  Totals all;
  for (const auto& [provider, totals] : output_.sums) {
    all.add(totals);
  }
  EXPECT_EQ(all.at("listed"), 7);
  EXPECT_EQ(all.at("emitted"), 3);
  EXPECT_EQ(all.sum("rejected"), 4);
  EXPECT_EQ(output_.sums.at("y").at("emitted"), 1);
}

TEST_F(TsvRunTest, StopsAtItsLimitAndAtTheEndMark) {
  options_.limit = 1;
  EXPECT_EQ(run(row("a") + "\n" + row("b")).outcome, RunOutcome::finished);
  EXPECT_EQ(output_.keys.size(), 1U);
  options_.limit.reset();
  run(row("c") + "\n\\.\n" + row("d"));
  EXPECT_EQ(output_.keys.back(), "image:met:c");
}

TEST_F(TsvRunTest, FailsWhenNothingIsDelivered) {
  output_.refuses = true;
  const RunState state = run(row("a"));
  EXPECT_EQ(state.outcome, RunOutcome::failed);
  EXPECT_EQ(state.error, "the broker is away");
  EXPECT_TRUE(output_.states.empty());  // nothing may be kept as done
}

TEST_F(TsvRunTest, BringsFormerIdentifiersBesideTheWork) {
  run(row("a"));
  const std::string before = output_.values.back();
  options_.former_identifiers["image:met:a"] = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
  run(row("a"));
  const std::string& after = output_.values.back();
  EXPECT_NE(after.find(R"(","former_identifier":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},"work":{)"),
            std::string::npos)
      << after;
  EXPECT_EQ(after.substr(after.find("\"work\"")), before.substr(before.find("\"work\"")));
}

TEST(FormerIdentifiersTest, AreReadFromKeyAndUuid) {
  const std::string path = testing::TempDir() + "identifiers_" + std::to_string(getpid());
  std::ofstream{path} << "image:met:a,b,0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11\n";
  EXPECT_EQ(read_former_identifiers(path).at("image:met:a,b"),
            "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11");
  std::ofstream{path} << "image:met:a\n";
  EXPECT_THROW(read_former_identifiers(path), StartupError);
  std::filesystem::remove(path);
  EXPECT_THROW(read_former_identifiers(path), StartupError);
}

TEST(TimeInFileName, IsFourteenDigitsBehindAnUnderscore) {
  for (const char* const name :
       {"met_image_v001_20230401123456.tsv", "/a_1/x_20230401123456_b.tsv.gz", "_20230401123456"}) {
    EXPECT_EQ(time_in_file_name(name), parse_time("2023-04-01T12:34:56Z")) << name;
  }
  for (const char* const name :
       {"image.tsv", "-", "x_2023040112345.tsv", "x_202304011234567.tsv", "x_20231301123456.tsv",
        "/20230401123456/x_20230401123456/y.tsv"}) {
    EXPECT_FALSE(time_in_file_name(name)) << name;
  }
}

// A file as Windows programs save it, ended as psql ends one.
TEST_F(TsvRunTest, MarksAndReturnsAreNoPartOfARow) {
  const RunState state =
      run("\xEF\xBB\xBF" + row("a") + "\r\n" + row("b") + "\r\n\\.\r\n" + row("after the end"));
  EXPECT_EQ(state.outcome, RunOutcome::finished);
  EXPECT_EQ(output_.keys, (std::vector<std::string>{"image:met:a", "image:met:b"}));
  EXPECT_TRUE(output_.rejections.empty());
}

TEST_F(TsvRunTest, AFileInUtf16IsRefusedWhole) {
  using namespace std::string_view_literals;
  const RunState state =
      run("\xFF\xFE"
          "a\0\t\0\n\0"sv);
  EXPECT_EQ(state.outcome, RunOutcome::failed);
  EXPECT_NE(state.error.find("utf-16le"), std::string::npos) << state.error;
  EXPECT_TRUE(output_.keys.empty());
  EXPECT_TRUE(output_.rejections.empty());
}

// What the batch system's Python wrote as JSON, and PostgreSQL as text.
TEST_F(TsvRunTest, MendsWhatJsonCannotHoldAndCountsIt) {
  std::string line = row("a");
  const std::string nulls = "\tT\t\\N\t\\N\t";
  line.replace(line.find(nulls), nulls.size(),
               "\tT\t{\"views\": NaN, \"text\": \"half \\\\ud83d\"}\t[{\"name\": \"t\", "
               "\"accuracy\": Infinity}]\t");
  const RunState state = run(line + "\n" + row("b") + "\n");
  EXPECT_EQ(state.outcome, RunOutcome::finished);
  EXPECT_EQ(output_.keys, (std::vector<std::string>{"image:met:a", "image:met:b"}));
  EXPECT_NE(output_.values[0].find("\"meta_data\":{\"views\":null,\"text\":\"half \xEF\xBF\xBD\"},"
                                   "\"tags\":[{\"name\":\"t\",\"accuracy\":null}]"),
            std::string::npos)
      << output_.values[0];
  EXPECT_EQ(state.counts.at("mended"), 3);
  EXPECT_EQ(output_.sums.at("met").at("mended"), 3);
}

TEST_F(TsvRunTest, IdentifiersOfAFileWithMarkAndReturnsAreRead) {
  std::ofstream{options_.path, std::ios::binary}
      << "\xEF\xBB\xBFimage:met:a,0f3a52bb-4b8a-4bff-8d0a-6f2f2f3e1c11\r\n";
  const FormerIdentifiers identifiers = read_former_identifiers(options_.path);
  ASSERT_EQ(identifiers.size(), 1U);
  EXPECT_EQ(identifiers.begin()->first, "image:met:a");
}

}  // namespace
}  // namespace freshet
