#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "app/clean_preview.hpp"
#include "producers/providers/inaturalist.hpp"
#include "producers/runner.hpp"
#include "tests/differential/compare_records.hpp"
#include "tests/support/bulk_files.hpp"
#include "tests/support/differences.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

// Joins the recorded and made-up files of iNaturalist, cleans what comes of them, and compares with
// the rows that the batch original makes of the same files. Differences are listed in
// tests/differences.json under `files/inaturalist/<case>`.

namespace freshet::test {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

struct FilesRun {
  RunReport report;
  std::vector<json::object> cleaned;
};

FilesRun run_files(const fs::path& folder, bulk::JoinOptions options, std::int64_t page) {
  const TemporaryFolder work;
  FakeHttp http;
  const auto provider = make_inaturalist(std::move(options), page);
  provider->use_files({.places = {{"inaturalist", folder.string()}},
                       .work_dir = work.path() / "work",
                       .make_client = [] { return std::make_unique<FakeHttp>(); },
                       .stop = {}});
  MemoryOutput output;
  const FakeClock clock;
  FilesRun run;
  run.report = run_provider(*provider, {},
                            {.http = http,
                             .sleep = [](std::chrono::milliseconds) { return true; },
                             .clock = clock,
                             .output = output});
  const CleanFunction clean = clean_preview();
  for (const auto& record : output.records) {
    const CleanPreview preview = clean(record.sighting.work);
    if (preview.outcome == CleanPreview::Outcome::cleaned) {
      run.cleaned.push_back(json::parse(preview.line).as_object());
    }
  }
  return run;
}

TEST(Inaturalist, MakesWhatTheOriginalMakesOfTheSameFiles) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  for (const char* name : {"fixture_col", "fixture_no_col", "made_up"}) {
    SCOPED_TRACE(name);
    const fs::path original = fixtures / "original";
    const json::value expected = json::parse(
        read_file(original / "expected" / "inaturalist" / (std::string{name} + ".json")));
    std::vector<json::object> theirs;
    for (const json::value& record : expected.at("records").as_array()) {
      theirs.push_back(renamed(record.as_object()));
      theirs.back().erase("removed_from_source");  // of the table, not of the record
    }
    FilesRun run = run_files(original / "inputs" / "inaturalist" / name, {}, 2'000);
    EXPECT_EQ(run.report.state.outcome, RunOutcome::finished) << run.report.state.error;
    const Totals& counts = run.report.state.counts;
    EXPECT_EQ(counts.at("listed"),
              expected.at("row_counts").at("photos").to_number<std::int64_t>());
    EXPECT_EQ(counts.at("listed"),
              counts.at("emitted") + counts.sum("dropped") + counts.sum("rejected"));
    compare_item(differences, "files/inaturalist/" + std::string{name}, theirs, run.cleaned);
  }
  differences.check("files/inaturalist/");
}

// How the files are cut on disk changes nothing.
TEST(Inaturalist, MakesTheSameInBucketsAndPagesOfAnySize) {
  FRESHET_NEED_FIXTURES(fixtures);
  const fs::path folder = fixtures / "original" / "inputs" / "inaturalist" / "made_up";
  const auto works = [](const FilesRun& run) {
    std::set<std::string> texts;
    for (const json::object& work : run.cleaned) {
      texts.insert(json::serialize(work));
    }
    return texts;
  };
  const FilesRun whole = run_files(folder, {}, 2'000);
  const auto expected = works(whole);
  for (const auto& [bytes, most, page] :
       {std::tuple{50U, 64U, 1}, std::tuple{500U, 7U, 3}, std::tuple{5'000U, 1U, 50}}) {
    bulk::JoinOptions options;
    options.bucket_bytes = options.part_bytes = bytes;
    options.most = most;
    const FilesRun run = run_files(folder, std::move(options), page);
    EXPECT_EQ(works(run), expected) << bytes;
    auto counts = run.report.state.counts.counters;
    auto whole_counts = whole.report.state.counts.counters;
    counts.erase("pages");
    whole_counts.erase("pages");
    EXPECT_EQ(counts, whole_counts) << bytes;
  }
}

}  // namespace
}  // namespace freshet::test
