#include "processors/stages/dedupe/scan.hpp"

#include <gtest/gtest.h>

#include "tests/unit/processors/dedupe/dedupe_fixture.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

class MemoryScanStore final : public ScanStore {
 public:
  void each_from(std::string_view from, std::string_view prefix,
                 const std::function<bool(std::string_view, std::string_view)>& visit) override {
    for (auto it = records.lower_bound(std::max(from, prefix));
         it != records.end() && it->first.starts_with(prefix); ++it) {
      if (!visit(it->first, it->second)) {
        break;
      }
    }
  }
  std::map<std::string, std::string> notes() override { return notes_; }
  void write_notes(const std::vector<std::pair<std::string, std::string>>& notes) override {
    for (const auto& [name, text] : notes) {
      notes_.insert_or_assign(name, text);
    }
  }

  std::map<std::string, std::string, std::less<>> records;
  std::map<std::string, std::string> notes_;
};

class ListVisitor final : public ScanVisitor {
 public:
  explicit ListVisitor(bool resumes = true) : resumes_{resumes} {}
  bool resumes() const override { return resumes_; }
  void begin() override { ++begun; }
  bool visit(std::string_view key, std::string_view, ScanBatch&) override {
    seen.emplace_back(key);
    return key.ends_with("2");
  }
  void finish(ScanBatch&) override { ++finished; }

  std::vector<std::string> seen;
  int begun = 0;
  int finished = 0;

 private:
  bool resumes_;
};

class ScanOf : public testing::Test {
 protected:
  ScanOf() {
    for (const char* key : {"audio:p:1", "image:a:1", "image:a:2", "image:a:3", "image:b:1"}) {
      store.records.emplace(key, "{}");
    }
    scan.load();
  }

  std::shared_ptr<ListVisitor> request(const std::string& name, const std::string& prefix,
                                       const std::string& token, bool resumes = true) {
    auto visitor = std::make_shared<ListVisitor>(resumes);
    scan.request({name, prefix, token, visitor});
    return visitor;
  }

  /// A slice of so many works.
  Scan::Slice slice(int works) {
    auto tools = partition.tools(1);
    ScanBatch batch{*partition.dedupe, tools, partition.out};
    return scan.run([&, left = works]() mutable { return --left > 0; }, batch);
  }
  /// A process that begins with what the earlier one left on disk.
  void restart() {
    scan.rollback();
    scan.load();
  }

  OnePartition partition;
  MemoryScanStore store;
  Scan scan{store};
};

using Keys = std::vector<std::string>;

TEST_F(ScanOf, AllWorksVisitsAllInTheOrderOfTheirKeys) {
  const auto all = request("lists", "", "1");
  EXPECT_TRUE(scan.has_work());
  const Scan::Slice made = slice(100);
  EXPECT_EQ(made.works, 5);
  EXPECT_EQ(made.written, 1);
  EXPECT_TRUE(scan.has_work()) << "not before it is committed";
  EXPECT_FALSE(scan.is_done("lists", "1"));
  scan.commit();
  EXPECT_FALSE(scan.has_work());
  EXPECT_TRUE(scan.is_done("lists", "1"));
  EXPECT_EQ(all->seen, (Keys{"audio:p:1", "image:a:1", "image:a:2", "image:a:3", "image:b:1"}));
  EXPECT_EQ(all->begun, 1);
  EXPECT_EQ(all->finished, 1);
}

TEST_F(ScanOf, ARangeVisitsThoseOfItsPrefix) {
  const auto some = request("popularity:image:a", "image:a:", "1");
  slice(100);
  EXPECT_EQ(some->seen, (Keys{"image:a:1", "image:a:2", "image:a:3"}));
  const auto none = request("popularity:image:zz", "image:zz:", "1");
  scan.commit();
  EXPECT_EQ(slice(100).works, 0);
  scan.commit();
  EXPECT_EQ(none->finished, 1);
  EXPECT_FALSE(scan.has_work());
}

TEST_F(ScanOf, SlicesFollowEachOther) {
  const auto all = request("lists", "", "1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(scan.has_work());
    slice(2);
    scan.commit();
  }
  EXPECT_FALSE(scan.has_work());
  EXPECT_EQ(all->seen.size(), 5U) << "each once";
  EXPECT_EQ(all->begun, 1);
}

TEST_F(ScanOf, ASliceWithoutTimeStillVisitsOneWork) {
  request("lists", "", "1");
  EXPECT_EQ(slice(0).works, 1);
}

// What a slice writes has to fit into a batch; how much else is in the batch does not matter.
TEST_F(ScanOf, ASliceEndsWhenItHasWrittenMuch) {
  for (int i = 0; i < 3 * Scan::kMostWritten; ++i) {
    store.records.emplace("image:c:" + std::to_string(i) + "2", "{}");
  }
  request("lists", "", "1");
  request("popularity:image:a", "image:a:", "1");
  EXPECT_EQ(slice(1'000'000).written, Scan::kMostWritten);
  scan.commit();
  EXPECT_EQ(slice(1'000'000).written, Scan::kMostWritten);
  scan.commit();
  while (scan.has_work()) {
    EXPECT_GT(slice(1'000'000).works, 0);
    scan.commit();
  }
}

TEST_F(ScanOf, ASliceWritesNoMoreThanItMay) {
  for (int i = 0; i < 10; ++i) {
    store.records.emplace("image:c:" + std::to_string(i) + "2", "{}");
  }
  request("lists", "", "1");
  auto tools = partition.tools(1);
  ScanBatch batch{*partition.dedupe, tools, partition.out};
  EXPECT_EQ(scan.run([] { return true; }, batch, 3).written, 3);
  scan.commit();
  EXPECT_EQ(scan.run([] { return true; }, batch, 100).written, 8) << "one of the others, and these";
  scan.commit();
  EXPECT_FALSE(scan.has_work());
}

TEST_F(ScanOf, AnAbortedSliceIsVisitedAgain) {
  const auto all = request("lists", "", "1");
  slice(2);
  scan.commit();
  slice(2);
  scan.rollback();
  slice(100);
  scan.rollback();
  EXPECT_FALSE(scan.is_done("lists", "1"));
  slice(100);
  scan.commit();
  EXPECT_EQ(all->seen.size(), 2U + 2 + 3 + 3);
  EXPECT_EQ(all->begun, 1) << "it goes on where the last commit was";
}

TEST_F(ScanOf, OneThatCountsBeginsAgainAfterAnAbort) {
  const auto counts = request("run:image:a", "", "1", false);
  slice(2);
  scan.commit();
  slice(2);
  scan.rollback();
  counts->seen.clear();
  slice(100);
  scan.commit();
  EXPECT_EQ(counts->seen.size(), 5U);
  EXPECT_EQ(counts->begun, 2);
  EXPECT_EQ(counts->finished, 1);
}

TEST_F(ScanOf, ARestartInTheMiddleGoesOn) {
  request("lists", "", "1");
  slice(3);
  scan.commit();
  slice(1);  // lost
  restart();
  EXPECT_FALSE(scan.has_work()) << "until policy asks for it";
  const auto rest = request("lists", "", "1");
  slice(100);
  scan.commit();
  EXPECT_EQ(rest->seen, (Keys{"image:a:3", "image:b:1"}));
  restart();
  request("lists", "", "1");
  EXPECT_FALSE(scan.has_work()) << "it is done";
}

TEST_F(ScanOf, ARestartUnderAnotherTokenBeginsAtTheStart) {
  request("lists", "", "1");
  slice(3);
  scan.commit();
  restart();
  const auto all = request("lists", "", "2");
  slice(100);
  EXPECT_EQ(all->seen.size(), 5U);
}

TEST_F(ScanOf, OneThatCountsBeginsAgainAfterARestart) {
  request("run:image:a", "", "1", false);
  slice(3);
  scan.commit();
  restart();
  const auto all = request("run:image:a", "", "1", false);
  slice(100);
  EXPECT_EQ(all->seen.size(), 5U);
}

TEST_F(ScanOf, ANewerJobTakesThePlaceOfOneThatRuns) {
  const auto old = request("lists", "", "1");
  slice(3);
  scan.commit();
  const auto all = request("lists", "", "2");
  EXPECT_EQ(scan.jobs(), 1U);
  slice(100);
  scan.commit();
  EXPECT_EQ(old->seen.size(), 3U);
  EXPECT_EQ(all->seen.size(), 5U);
  EXPECT_FALSE(scan.is_done("lists", "1"));
  // Back to the first: what was written meanwhile has to be visited again.
  request("lists", "", "1");
  EXPECT_TRUE(scan.has_work());
}

TEST_F(ScanOf, TheSameJobIsNotQueuedTwice) {
  const auto first = request("lists", "", "1");
  slice(2);
  scan.commit();
  request("lists", "", "1");
  EXPECT_EQ(scan.jobs(), 1U);
  slice(100);
  scan.commit();
  EXPECT_EQ(first->seen.size(), 5U) << "and goes on where it was";
}

TEST_F(ScanOf, SeveralJobsRunOneAfterAnother) {
  const auto lists = request("lists", "", "1");
  const auto some = request("popularity:image:b", "image:b:", "1");
  slice(100);
  scan.commit();
  EXPECT_FALSE(scan.has_work());
  EXPECT_EQ(lists->seen.size(), 5U);
  EXPECT_EQ(some->seen.size(), 1U);
}

TEST_F(ScanOf, NotesThatAreNoneOfItsOwnAreIgnored) {
  store.notes_ = {{"other", "done 1"},     {"scan:lists", "from 999 x"},
                  {"scan:a", "from x1 1"}, {"scan:b", "from 99999999999999999999999 1"},
                  {"scan:c", ""},          {"scan:d", "from 0 image:a:2"}};
  scan.load();
  const auto all = request("lists", "", "1");
  const auto from = request("d", "", "");
  slice(100);
  EXPECT_EQ(all->seen.size(), 5U);
  EXPECT_EQ(from->seen.size(), 3U);
}

}  // namespace
}  // namespace freshet
