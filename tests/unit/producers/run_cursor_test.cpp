#include "producers/run_cursor.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace freshet {
namespace {

using ::testing::IsEmpty;

constexpr std::int64_t kUnknown = Cursor::kUnknown;
const Params kBirds{{"subject", "birds"}};
const Params kTrees{{"subject", "trees"}};
const Params kStones{{"subject", "stones"}};

TEST(RequestArguments, AreWhatChoosesRequestsAndNothingElse) {
  RunOptions options;
  options.limit = 5;
  options.skip_errors = true;
  options.accept_fewer = true;
  EXPECT_THAT(request_arguments(options), IsEmpty());
  options.initial_params = Params{{"page", "2"}};
  options.only_params = {kBirds, kTrees};
  options.additional_params = kStones;
  options.slice = {UtcTime{0}, UtcTime{1'000'000}};
  EXPECT_EQ(to_json(request_arguments(options)),
            R"({"initial_params":{"page":"2"},)"
            R"("only_params":[{"subject":"birds"},{"subject":"trees"}],)"
            R"("additional_params":{"subject":"stones"},)"
            R"("slice":"1970-01-01T00:00:00.000Z/1970-01-01T00:00:01.000Z"})");
}

RunState unfinished() {
  RunState last;
  last.outcome = RunOutcome::failed;
  last.date = "2026-11-20";
  last.cursor.emplace();
  last.cursor->next = Params{{"page", "7"}};
  return last;
}

struct ResumeCase {
  const char* name;
  std::function<void(RunState&, RunOptions&)> change;
  Resume wanted;
};
class JudgeResume : public ::testing::TestWithParam<ResumeCase> {};

TEST_P(JudgeResume, ByOutcomeCursorAndRequests) {
  RunState last = unfinished();
  RunOptions options;
  GetParam().change(last, options);
  EXPECT_EQ(judge_resume(last, options, "2026-11-20"), GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    , JudgeResume,
    ::testing::Values(
        ResumeCase{"Failed", [](RunState&, RunOptions&) {}, Resume::yes},
        ResumeCase{"Stopped", [](RunState& s, RunOptions&) { s.outcome = RunOutcome::stopped; },
                   Resume::yes},
        ResumeCase{"DeadWhileRunning",
                   [](RunState& s, RunOptions&) { s.outcome = RunOutcome::running; }, Resume::yes},
        ResumeCase{"WithinAPage",
                   [](RunState& s, RunOptions&) {
                     s.cursor = Cursor{};
                     s.cursor->item = 3;
                   },
                   Resume::yes},
        ResumeCase{"Finished", [](RunState& s, RunOptions&) { s.outcome = RunOutcome::finished; },
                   Resume::nothing_to_resume},
        ResumeCase{"WithoutCursor", [](RunState& s, RunOptions&) { s.cursor.reset(); },
                   Resume::nothing_to_resume},
        ResumeCase{"AtItsStart", [](RunState& s, RunOptions&) { s.cursor = Cursor{}; },
                   Resume::nothing_to_resume},
        ResumeCase{"Restarted", [](RunState&, RunOptions& o) { o.restart = true; },
                   Resume::nothing_to_resume},
        ResumeCase{"OfAnotherDate", [](RunState& s, RunOptions&) { s.date = "2026-11-19"; },
                   Resume::other_requests},
        ResumeCase{"WithOtherParameters",
                   [](RunState&, RunOptions& o) { o.additional_params = kBirds; },
                   Resume::other_requests},
        ResumeCase{"OtherParametersThatItHadItself",
                   [](RunState& s, RunOptions& o) {
                     o.additional_params = kBirds;
                     s.cursor->arguments = request_arguments(o);
                   },
                   Resume::yes}),
    [](const auto& one) { return one.param.name; });

TEST(FirstSet, OfAResumedRunIsTheSameSetWhereverItStandsNow) {
  struct Case {
    const char* name;
    std::vector<Params> sets;
    std::size_t was;
    std::size_t index;
    bool is_begun;
  };
  for (const Case& one :
       {Case{"as it was", {kBirds, kTrees}, 1, 1, true},
        Case{"one came before it", {kStones, kBirds, kTrees}, 1, 2, true},
        Case{"it repeats", {kTrees, kTrees}, 1, 1, true},
        Case{"the list is shorter", {kTrees}, 1, 0, true},
        Case{"it is gone", {kBirds, kStones}, 1, 0, false}, Case{"no sets", {}, 1, 0, false}}) {
    Cursor cursor;
    cursor.set = one.was;
    cursor.fixed = kTrees;
    const FirstSet found = resumed_set(one.sets, cursor);
    EXPECT_EQ(found.index, one.index) << one.name;
    EXPECT_EQ(found.is_begun, one.is_begun) << one.name;
  }
}

TEST(FirstSet, OfFirstParametersIsTheOneTheyBelongTo) {
  EXPECT_EQ(set_of({kBirds, kTrees}, {{"page", "3"}, {"subject", "trees"}}), 1U);
  EXPECT_EQ(set_of({kBirds, kTrees}, {{"page", "3"}}), 0U);
  EXPECT_EQ(set_of({}, {{"page", "3"}}), 0U);
}

TEST(RunCursor, EntersASetWithNothingOfTheOneBefore) {
  Cursor cursor;
  cursor.next = Params{{"page", "7"}};
  cursor.item = 3;
  cursor.last_item = "hash";
  cursor.announced = 100;
  cursor.doubted_at = UtcTime{1};
  cursor.is_unproven = true;
  count_page(cursor, 10);
  enter_set(cursor, 1, kTrees);
  EXPECT_EQ(cursor.set, 1U);
  EXPECT_EQ(cursor.fixed, kTrees);
  EXPECT_FALSE(cursor.next);
  EXPECT_EQ(cursor.item, 0);
  EXPECT_EQ(cursor.last_item, "");
  EXPECT_EQ(cursor.listed, 0);
  EXPECT_EQ(cursor.announced, kUnknown);
  EXPECT_EQ(cursor.page_before, kUnknown);
  EXPECT_EQ(cursor.largest_page, kUnknown);
  EXPECT_FALSE(cursor.doubted_at);
  EXPECT_TRUE(cursor.is_unproven) << "of the run, not of a set";
}

TEST(RunCursor, CountsPagesAndKnowsWhenItDoesNot) {
  Cursor cursor;
  enter_set(cursor, 0, {});
  count_page(cursor, 10);
  count_page(cursor, 4);
  EXPECT_EQ(cursor.listed, 14);
  EXPECT_EQ(cursor.largest_page, 10);
  EXPECT_EQ(cursor.page_before, 4);
  lose_count(cursor);
  count_page(cursor, 10);
  EXPECT_EQ(cursor.listed, kUnknown) << "a page is missing";
  EXPECT_EQ(cursor.page_before, 10);
}

TEST(RunCursor, BelievesTheLeastThatWasAnnounced) {
  Cursor cursor;
  note_announced(cursor, 120);
  note_announced(cursor, 118);
  note_announced(cursor, 121);
  EXPECT_EQ(cursor.announced, 118);
}

TEST(RunCursor, LiesBeforeTheNextPageOnceOneIsPassed) {
  Cursor cursor;
  cursor.item = 3;
  cursor.last_item = "hash";
  cursor.doubted_at = UtcTime{1};
  pass_page(cursor, Params{{"page", "8"}}, {});
  EXPECT_EQ(cursor.next, (Params{{"page", "8"}}));
  EXPECT_EQ(cursor.item, 0);
  EXPECT_EQ(cursor.last_item, "");
  EXPECT_FALSE(cursor.doubted_at);
  pass_page(cursor, std::nullopt, {});
  EXPECT_FALSE(cursor.next);
}

TEST(RunCursor, ProvesAnEndByWhatCameBefore) {
  struct Case {
    const char* name;
    std::vector<std::int64_t> pages;
    std::int64_t announced;
    bool is_proven;
  };
  for (const Case& one :
       {Case{"an empty set", {}, kUnknown, true}, Case{"as many as announced", {10, 10}, 20, true},
        Case{"more than announced", {10, 10}, 19, true},
        Case{"fewer than announced", {10, 10}, 21, false},
        Case{"behind a full page", {10, 10}, kUnknown, false},
        Case{"behind a short page", {10, 4}, kUnknown, true},
        Case{"all pages smaller than asked for", {8, 8}, kUnknown, false},
        Case{"one page, smaller than asked for", {8}, kUnknown, true},
        Case{"behind a page smaller than those", {8, 5}, kUnknown, true}}) {
    Cursor cursor;
    enter_set(cursor, 0, {});
    cursor.announced = one.announced;
    for (const std::int64_t items : one.pages) {
      count_page(cursor, items);
    }
    EXPECT_EQ(is_end_proven(cursor, 10), one.is_proven) << one.name;
  }
  Cursor resumed_within;  // of a run by an older version: nothing is known
  EXPECT_FALSE(is_end_proven(resumed_within, 10));
}

TEST(RunCursor, MissesWhatWasAnnouncedAndDidNotCome) {
  Cursor cursor;
  enter_set(cursor, 0, {});
  count_page(cursor, 10);
  EXPECT_EQ(missing_in_set(cursor, 5), std::nullopt) << "nothing was announced";
  note_announced(cursor, 16);
  EXPECT_EQ(missing_in_set(cursor, 5), "the source announced 16 records and named 15");
  EXPECT_EQ(missing_in_set(cursor, 6), std::nullopt);
  lose_count(cursor);
  EXPECT_EQ(missing_in_set(cursor, 0), std::nullopt) << "not read from its start";
}

}  // namespace
}  // namespace freshet
