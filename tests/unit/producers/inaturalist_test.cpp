#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>

#include "core/crawl/gzip_source.hpp"
#include "producers/inaturalist/join.hpp"
#include "producers/inaturalist/table_file.hpp"
#include "producers/inaturalist/taxa.hpp"
#include "producers/runner.hpp"
#include "tests/support/bulk_files.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/killed_runs.hpp"
#include "tests/support/memory_output.hpp"

// Parts of the join, and runs over files that change; tests/fixtures/inaturalist has what comes of
// files, and the kills.

namespace freshet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<ByteSource> memory(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

Result<std::string> read_all(ByteSource& source, std::size_t piece) {
  std::string all;
  for (std::string into(piece, '\0');;) {
    const auto count = source.read(into);
    if (!count) {
      return count.error();
    }
    if (*count == 0) {
      return all;
    }
    all.append(into, 0, *count);
  }
}

TEST(GzipSource, GivesMembersAndPlainFilesInPiecesOfAnySize) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) {
    text += std::to_string(i) + "\n";
  }
  const std::string members = test::gzip(text.substr(0, 70'001)) + test::gzip(text.substr(70'001));
  for (const std::size_t piece : {std::size_t{1'000}, std::size_t{1} << 20U}) {
    for (const std::string& bytes : {members, text, std::string{"x"}, std::string{}}) {
      GzipSource source{memory(bytes)};
      const auto found = read_all(source, piece);
      ASSERT_TRUE(found);
      EXPECT_EQ(*found == text || *found == bytes, true) << bytes.size();
      EXPECT_EQ(found->size(), bytes.size() < 2 ? bytes.size() : text.size());
    }
  }
}

TEST(GzipSource, SaysThatAFileIsCutShortOrDamaged) {
  const std::string whole = test::gzip("some lines\nof text\n");
  for (std::size_t length = 2; length < whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    GzipSource source{memory(cut)};
    const auto found = read_all(source, 100);
    ASSERT_FALSE(found) << length;
    EXPECT_EQ(found.error().rule(), "gzip");
  }
  for (const std::string& behind : {std::string{"what is no member"}, std::string(5, '\0') + "x",
                                    std::string(600'000, '\0') + "x"}) {
    const std::string bytes = whole + behind;
    GzipSource source{memory(bytes)};
    const auto found = read_all(source, 100);
    ASSERT_FALSE(found) << behind.size();
    EXPECT_EQ(found.error().rule(), "gzip");
  }
  const std::string zeros = std::string{"\x1F\x8B"} + std::string(600, '\0');
  GzipSource source{memory(zeros)};
  EXPECT_FALSE(read_all(source, 100)) << "no member is before them";
}

TEST(GzipSource, PassesOverZerosBehindTheLastMember) {
  const std::string text = "some lines\nof text\n";
  for (const std::size_t zeros : {1UL, 512UL, 600'000UL}) {
    const std::string bytes = test::gzip(text) + test::gzip(text) + std::string(zeros, '\0');
    GzipSource source{memory(bytes)};
    const auto found = read_all(source, 7);
    ASSERT_TRUE(found) << zeros;
    EXPECT_EQ(*found, text + text);
  }
}

TEST(TableFile, FindsColumnsByNameAndTellsLinesThatAreNoRows) {
  const std::string longest(300'000, 'x');
  const std::string text =
      "\xEF\xBB\xBF"
      "b\tcol:ID\tother\tc\r\n"
      "1\t2\t3\t4\r\n"
      "1\t2\t3\n" +
      longest +
      "\n\n"
      "\t\t\t\n"
      "a\xFF\t5\t\t6";
  bulk::TableFile file{memory(text), "f"};
  ASSERT_TRUE(file.open({{"ID"}, {"x", "c"}}));
  using Next = bulk::TableFile::Next;
  ASSERT_EQ(*file.next(), Next::row);
  EXPECT_THAT(file.row(), ElementsAre("2", "4"));
  ASSERT_EQ(*file.next(), Next::fault);
  EXPECT_EQ(file.fault().rule(), "columns");
  EXPECT_EQ(file.line(), 3);
  EXPECT_EQ(file.text(), "1\t2\t3");
  ASSERT_EQ(*file.next(), Next::fault);
  EXPECT_EQ(file.fault().errc(), Errc::too_large);
  EXPECT_LT(file.text().size(), longest.size());
  ASSERT_EQ(*file.next(), Next::fault);
  EXPECT_EQ(file.fault().rule(), "columns");
  ASSERT_EQ(*file.next(), Next::row);
  EXPECT_THAT(file.row(), ElementsAre("", ""));
  ASSERT_EQ(*file.next(), Next::row) << "bytes that are not UTF-8 are mended";
  EXPECT_THAT(file.row(), ElementsAre("5", "6"));
  EXPECT_EQ(file.text(), "a\uFFFD\t5\t\t6");
  EXPECT_EQ(*file.next(), Next::end);

  bulk::TableFile lacking{memory("a\tb\n"), "f"};
  EXPECT_THAT(lacking.open({{"a"}, {"c"}}).error().message(), HasSubstr("no column c"));
  bulk::TableFile empty{memory(""), "f"};
  EXPECT_THAT(empty.open({{"a"}}).error().message(), HasSubstr("no header"));
}

TEST(TaxonNames, FillTheTitleUpToItsLengthAndLeaveTheRest) {
  std::vector<bulk::CountedName> found{{"zebra", 9}, {"ant", 7}, {"zebra", 1}};
  EXPECT_EQ(bulk::choose_names("Genus", found).title, "ant, zebra");
  EXPECT_THAT(bulk::choose_names("Genus", found).left_over, ElementsAre());

  // 254 letters and a separator are 256: one too many.
  found = {{std::string(253, 'a'), 2}, {"b", 1}};
  EXPECT_EQ(bulk::choose_names("Genus", found).title, std::string(253, 'a'));
  EXPECT_THAT(bulk::choose_names("Genus", found).left_over, ElementsAre("b"));
  found[0].name += 'a';
  EXPECT_EQ(bulk::choose_names("Genus", found).title, "Genus");
  // Letters, not bytes.
  found = {{std::string(125, 'a'), 3}, {"\u00E9\u00E9", 2}, {"x", 1}};
  for (int i = 0; i < 124; ++i) {
    found[1].name += "\u00E9";
  }
  EXPECT_THAT(bulk::choose_names("Genus", found).left_over, ElementsAre("x"))
      << "127 and 128 letters are 255";

  found.assign(1, {std::string(300, 'a'), 9});
  for (int i = 0; i < 30; ++i) {
    found.push_back({"name " + std::to_string(i), 1});
  }
  EXPECT_EQ(bulk::choose_names("Genus", found).left_over.size(), 20U);
  EXPECT_EQ(bulk::choose_names("Plantae", {}).title, "Plants");
  EXPECT_EQ(bulk::choose_names("Genus", {}).title, "Genus");
}

class InaturalistJoin : public testing::Test {
 protected:
  InaturalistJoin() {
    write(bulk::kPhotos,
          "photo_id\tobservation_uuid\tobserver_id\textension\tlicense\twidth\theight\n");
    write(bulk::kObservations, "observation_uuid\ttaxon_id\n");
    write(bulk::kTaxa, "taxon_id\tancestry\tname\n");
    write(bulk::kObservers, "observer_id\tlogin\tname\n");
  }
  void write(const char* name, const std::string& text) const {
    std::ofstream{files_.path() / name} << text;
  }
  Result<bulk::Snapshot> join(const bulk::JoinOptions& options = {}) const {
    bulk::SourceFiles source{{.places = {{"inaturalist", files_.path().string()}},
                              .work_dir = work_.path().string(),
                              .make_client = {},
                              .stop = {}}};
    const auto found = source.look();
    return found ? bulk::join_files(source, *found, work_.path(), options, {})
                 : Result<bulk::Snapshot>{found.error()};
  }

  const test::TemporaryFolder files_;
  const test::TemporaryFolder work_;
};

TEST_F(InaturalistJoin, IsOfOtherFilesWhereTheyAreCutInAnotherWay) {
  write(bulk::kObservers, "observer_id\tlogin\tname\n1\tanna\t\n");
  const auto first = join();
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(join()->id, first->id);
  bulk::JoinOptions finer;
  finer.part_bytes = 10;
  const auto second = join(finer);
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_GT(second->part_bytes.size(), first->part_bytes.size());
  EXPECT_NE(second->id, first->id) << "else a place in the old parts would be taken for one here";
}

TEST_F(InaturalistJoin, EndsWhereMostLinesOfATableAreFaulty) {
  const auto table = [](int lines, int good) {
    std::string text = "observer_id\tlogin\tname\n";
    for (int i = 0; i < lines; ++i) {
      text += (i < good ? std::to_string(i) : "anna") + "\tx\ty\n";
    }
    return text;
  };
  write(bulk::kObservers, table(9'999, 0));
  const auto few = join();
  ASSERT_TRUE(few) << few.error().message();
  EXPECT_EQ(few->faults, 9'999U) << "too few to tell";
  write(bulk::kObservers, table(12'000, 6'000));
  const auto half = join();
  ASSERT_TRUE(half) << half.error().message();
  EXPECT_EQ(half->faults, 6'000U);
  write(bulk::kObservers, table(12'000, 5'999));
  const auto most = join();
  ASSERT_FALSE(most);
  EXPECT_EQ(most.error().errc(), Errc::malformed_payload);
  EXPECT_EQ(most.error().rule(), "columns");
  EXPECT_THAT(most.error().message(), HasSubstr("observers.csv.gz"));
}

class InaturalistRuns : public testing::Test {
 protected:
  static json::value files_of(int photos, const std::string& license = "CC0") {
    const auto uuid = [](int n) {
      const std::string digits = std::to_string(100'000'000'000 + n);
      return "00000000-0000-4000-8000-" + digits;
    };
    json::array lines{
        "photo_uuid\tphoto_id\tobservation_uuid\tobserver_id\textension\tlicense\twidth\theight\t"
        "position"};
    for (int i = 0; i < photos; ++i) {
      lines.emplace_back(uuid(i) + "\t" + std::to_string(i + 1) + "\t" + uuid(i % 3) +
                         "\t1\tjpg\t" + license + "\t1\t1\t0");
    }
    json::array observations{"observation_uuid\ttaxon_id"};
    for (int i = 0; i < 3; ++i) {
      observations.emplace_back(uuid(i) + "\t1");
    }
    return json::object{
        {"files",
         {{"photos.csv.gz", lines},
          {"observations.csv.gz", observations},
          {"taxa.csv.gz", {"taxon_id\tancestry\tname", "1\t\tAves"}},
          {"observers.csv.gz", {"observer_id\tlogin\tname", "1\tanna\t"}},
          {"NameUsage.tsv", json::array{"col:ID\tcol:scientificName"}},
          {"VernacularName.tsv", json::array{"col:taxonID\tcol:name\tcol:country"}}}}};
  }

  RunReport run(const test::BulkFiles& files, const RunOptions& options = {}) {
    test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
      ++asked_;
      auto response = files.answer(request).value_or(http::Response{404, {}, "", request.url});
      if (on_answer_) {
        on_answer_(request, response);
      }
      return response;
    }};
    // The provider of another object, with the work directory of the first: as a new process.
    const auto provider = work_.make_provider("inaturalist", http);
    return run_provider(*provider, options,
                        {.http = http,
                         .sleep = [](std::chrono::milliseconds) { return true; },
                         .clock = clock_,
                         .output = output_});
  }

  const test::BulkFiles work_{files_of(1)};
  test::MemoryOutput output_;
  FakeClock clock_{*parse_time("2026-11-20T00:00:00Z")};
  std::function<void(const http::Request&, http::Response&)> on_answer_;
  int asked_ = 0;
};

TEST_F(InaturalistRuns, EndAtOnceWhereOnlyTheNamesAreNewer) {
  const test::BulkFiles files{files_of(10)};
  EXPECT_EQ(run(files).state.counts.at("emitted"), 10);
  on_answer_ = [](const http::Request& request, http::Response& response) {
    if (request.url == bulk::SourceFiles::kPublicNames) {
      response.headers[0].second = "Wed, 25 Nov 2026 06:00:00 GMT";
    }
  };
  EXPECT_EQ(run(files).state.counts.at("listed"), 0);
}

TEST_F(InaturalistRuns, EndWhereATableIsReplacedAfterItWasLookedAt) {
  const test::BulkFiles files{files_of(10)};
  on_answer_ = [](const http::Request& request, http::Response& response) {
    const bool is_newer =
        request.method == http::Method::get && request.url.ends_with("taxa.csv.gz");
    response.headers.emplace_back("etag", is_newer ? "\"december\"" : "\"november\"");
  };
  const RunReport report = run(files);
  EXPECT_EQ(report.state.outcome, RunOutcome::failed);
  EXPECT_THAT(report.state.error, HasSubstr("was replaced"));
  EXPECT_TRUE(output_.records.empty());
  on_answer_ = nullptr;
  EXPECT_EQ(run(files).state.counts.at("emitted"), 10);
}

TEST_F(InaturalistRuns, EndAtOnceWhereNoFileIsNewerThanTheLastWholeRun) {
  const test::BulkFiles files{files_of(10)};
  EXPECT_EQ(run(files).state.counts.at("emitted"), 10);
  EXPECT_EQ(output_.finished.size(), 1U);

  asked_ = 0;
  const RunReport nothing = run(files);
  EXPECT_EQ(nothing.exit_code(), 0);
  EXPECT_EQ(nothing.state.outcome, RunOutcome::finished);
  EXPECT_EQ(nothing.state.counts.at("listed"), 0);
  EXPECT_EQ(asked_, 5) << "only what the files are";
  EXPECT_EQ(output_.finished.size(), 1U) << "it says nothing of any work";
  EXPECT_TRUE(output_.alerts.empty());

  RunOptions anew;
  anew.restart = true;
  EXPECT_EQ(run(files, anew).state.counts.at("emitted"), 10);
  RunOptions part;
  part.limit = 3;
  EXPECT_EQ(run(files, part).state.counts.at("emitted"), 3) << "who asks for some gets some";

  // The files are of the 2nd, and this clock says that the last run was before.
  test::MemoryOutput earlier;
  clock_.set(*parse_time("2026-11-01T00:00:00Z"));
  std::swap(output_.states, earlier.states);
  EXPECT_EQ(run(files).state.counts.at("emitted"), 10);
  EXPECT_EQ(run(files).state.counts.at("emitted"), 10) << "they are newer";
}

TEST_F(InaturalistRuns, BeginAnewWhereTheFilesHaveChangedSinceTheRunDied) {
  const test::BulkFiles before{files_of(40)};
  std::size_t seen = 0;
  output_.on_checkpoint = [&](test::MemoryOutput::Moment now) {
    if (now == test::MemoryOutput::Moment::after && ++seen == 6) {
      throw test::Killed{};
    }
  };
  EXPECT_THROW(run(before), test::Killed);
  output_.on_checkpoint = nullptr;
  output_.lose_what_was_not_acknowledged();
  EXPECT_GT(output_.records.size(), 0U);
  EXPECT_LT(output_.records.size(), 40U);
  output_.records.clear();

  const test::BulkFiles after{files_of(50, "CC-BY")};
  const RunReport report = run(after);
  EXPECT_EQ(report.exit_code(), 0) << report.state.error;
  EXPECT_EQ(output_.records.size(), 50U) << "all of the new ones";
  for (const auto& record : output_.records) {
    EXPECT_THAT(record.sighting.work, HasSubstr(R"("license":"by")"));
  }
}

TEST_F(InaturalistRuns, RefuseAWorkDirectoryThatAnotherProcessHolds) {
  const test::BulkFiles files{files_of(10)};
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    return files.answer(request).value_or(http::Response{404, {}, "", request.url});
  }};
  const auto other = work_.make_provider("inaturalist", http);
  Fetch fetch{http, {}, [](std::chrono::milliseconds) { return true; }};
  freshet::Run run_of_other;
  ASSERT_TRUE(other->fixed_sets(run_of_other, fetch));

  const RunReport refused = run(files);
  EXPECT_EQ(refused.state.outcome, RunOutcome::failed);
  EXPECT_THAT(refused.state.error, HasSubstr("another process holds it"));
  EXPECT_TRUE(output_.records.empty());
  other->clean_up();
  EXPECT_EQ(run(files).state.counts.at("emitted"), 10);
}

TEST_F(InaturalistRuns, AreToldWhichFileIsNotThere) {
  const test::BulkFiles none{json::object{{"files", json::object{}}}};
  const RunReport report = run(none);
  EXPECT_EQ(report.state.outcome, RunOutcome::failed);
  EXPECT_THAT(report.state.error, HasSubstr("photos.csv.gz: HTTP 404"));
}

}  // namespace
}  // namespace freshet
