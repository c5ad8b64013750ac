// What a loop decides about its partitions, its membership and its name, without a broker.
#include "processors/catalogue/assignment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace freshet {
namespace {

using namespace std::chrono_literals;
using Next = Assignment::Next;
using Outcome = kafka::Producer::Outcome;
using Numbers = std::vector<std::int32_t>;
using Offsets = std::vector<kafka::TopicPartitionOffset>;

const Assignment::Time kNow{1'000s};

kafka::TopicPartition raw(std::int32_t number) { return {"raw", kafka::Partition{number}}; }
kafka::TopicPartition decisions(std::int32_t number) {
  return {"decisions", kafka::Partition{number}};
}

std::vector<std::string> names(const Offsets& offsets) {
  std::vector<std::string> list;
  for (const auto& [at, offset] : offsets) {
    list.push_back(at.topic + "-" + std::to_string(at.partition.value) + "@" +
                   std::to_string(offset.value));
  }
  return list;
}

using Names = std::vector<std::string>;

StartOffsets nothing_unread() {
  return {.all = {{raw(0), kafka::Offset{5}}, {decisions(0), kafka::Offset{2}}}, .first = {}};
}

StartOffsets unread_decisions() {
  StartOffsets offsets = nothing_unread();
  offsets.first = {{decisions(0), kafka::Offset{2}}};
  return offsets;
}

// Taken up and restored, reading everything.
void make_reading(Assignment& assignment) {
  assignment.given(Numbers{0});
  static_cast<void>(assignment.begin_restore());
  static_cast<void>(assignment.restored(nothing_unread()));
}

struct Step {
  std::string name;
  std::function<void(Assignment&)> happens;
  Next next;
  bool is_assigned;
  bool is_at_rest;
};

class Transitions : public testing::TestWithParam<Step> {};

TEST_P(Transitions, LeadToWhatIsToBeDone) {
  const Step& row = GetParam();
  Assignment assignment;
  row.happens(assignment);
  EXPECT_EQ(assignment.next(), row.next);
  EXPECT_EQ(assignment.is_assigned(), row.is_assigned);
  EXPECT_EQ(assignment.is_at_rest(), row.is_at_rest);
}

INSTANTIATE_TEST_SUITE_P(
    Assignment, Transitions,
    testing::Values(
        Step{"NothingYet", [](Assignment&) {}, Next::read, false, false},
        Step{"Given", [](Assignment& a) { a.given(Numbers{0}); }, Next::restore, false, false},
        Step{"GivenWhatCannotBe",
             [](Assignment& a) { a.given(Error{Errc::broker_error, Retry::never, "odd"}); },
             Next::fail, false, false},
        Step{"Restoring",
             [](Assignment& a) {
               a.given(Numbers{0});
               static_cast<void>(a.begin_restore());
             },
             Next::read, false, false},
        Step{"GivenAnewWhileRestoring",
             [](Assignment& a) {
               a.given(Numbers{0});
               static_cast<void>(a.begin_restore());
               a.given(Numbers{1});
             },
             Next::restore, false, false},
        Step{"TakenAwayBeforeTheRestore",
             [](Assignment& a) {
               a.given(Numbers{0});
               a.taken_away();
             },
             Next::read, false, false},
        Step{"Reading", make_reading, Next::read, true, false},
        Step{"ReadToTheEnd",
             [](Assignment& a) {
               make_reading(a);
               a.read_to_end(raw(0));
               a.read_to_end(decisions(0));
             },
             Next::read, true, true},
        Step{"GivenNoPartition",
             [](Assignment& a) {
               a.given(Numbers{});
               static_cast<void>(a.begin_restore());
               static_cast<void>(a.restored({}));
             },
             Next::read, true, true},
        Step{"TakenAwayWhileReading",
             [](Assignment& a) {
               make_reading(a);
               a.taken_away();
             },
             Next::read, false, false},
        Step{"BatchAbandoned",
             [](Assignment& a) {
               make_reading(a);
               a.reconnect();
             },
             Next::reconnect, true, false},
        Step{"AbortDone",
             [](Assignment& a) {
               make_reading(a);
               a.aborted(Outcome::done);
             },
             Next::read, true, false},
        Step{"AbortNotDone", [](Assignment& a) { a.aborted(Outcome::abort); }, Next::reconnect,
             false, false},
        Step{"AbortUnknown", [](Assignment& a) { a.aborted(Outcome::unknown); }, Next::reconnect,
             false, false},
        Step{"AbortSaysFenced", [](Assignment& a) { a.aborted(Outcome::fenced); }, Next::end, false,
             false},
        Step{"BeginRefused", [](Assignment& a) { a.begin_refused(Outcome::abort); },
             Next::reconnect, false, false},
        Step{"BeginSaysFenced", [](Assignment& a) { a.begin_refused(Outcome::fenced); }, Next::end,
             false, false},
        // The first to tell ends the process, whatever is said later.
        Step{"FencedThenAborted",
             [](Assignment& a) {
               a.aborted(Outcome::fenced);
               a.aborted(Outcome::done);
             },
             Next::end, false, false},
        Step{"ReconnectedBeforeTheFault",
             [](Assignment& a) {
               a.reconnect();
               a.given(Error{Errc::broker_error, Retry::never, "odd"});
               a.connected();
             },
             Next::fail, false, false},
        Step{"Reconnected",
             [](Assignment& a) {
               make_reading(a);
               a.reconnect();
               a.taken_away();
               a.connected();
             },
             Next::read, false, false}),
    [](const auto& row) { return row.param.name; });

TEST(Assignment, ARestoreEndsWhenTheGroupSaysSomethingElse) {
  const std::vector<std::function<void(Assignment&)>> ends = {
      [](Assignment& a) { a.taken_away(); },
      [](Assignment& a) { a.given(Numbers{1}); },
      [](Assignment& a) { a.reconnect(); },
      [](Assignment& a) { a.member_fenced(); },
  };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    Assignment assignment;
    assignment.given(Numbers{0, 3});
    EXPECT_FALSE(assignment.may_go_on_restoring()) << "it has not begun";
    EXPECT_EQ(assignment.begin_restore(), (Numbers{0, 3}));
    EXPECT_TRUE(assignment.may_go_on_restoring());
    ends[i](assignment);
    EXPECT_FALSE(assignment.may_go_on_restoring()) << i;
  }
}

TEST(Assignment, WithoutUnreadDecisionsEverythingIsAssignedAtOnce) {
  Assignment assignment;
  assignment.given(Numbers{0});
  static_cast<void>(assignment.begin_restore());
  EXPECT_EQ(names(assignment.restored(nothing_unread())), (Names{"raw-0@5", "decisions-0@2"}));
  EXPECT_FALSE(assignment.holds_back());
}

TEST(Assignment, UnreadDecisionsComeAlone) {
  Assignment assignment;
  assignment.given(Numbers{0});
  static_cast<void>(assignment.begin_restore());
  EXPECT_EQ(names(assignment.restored(unread_decisions())), (Names{"decisions-0@2"}));
  EXPECT_TRUE(assignment.holds_back());
  EXPECT_FALSE(assignment.may_release());
  assignment.read_some(decisions(0));
  EXPECT_FALSE(assignment.may_release());
  assignment.read_to_end(decisions(0));
  EXPECT_FALSE(assignment.is_at_rest()) << "the sightings wait";
  EXPECT_TRUE(assignment.may_release());
  EXPECT_EQ(names(assignment.release({{decisions(0), kafka::Offset{9}}, {raw(0), std::nullopt}})),
            (Names{"raw-0@5", "decisions-0@9"}))
      << "decisions go on from where the consumer stands";
  EXPECT_FALSE(assignment.holds_back());
  EXPECT_FALSE(assignment.is_at_end()) << "all of it is yet to be read";
}

TEST(Assignment, DecisionsThatCameBehindTheEndAreReadFirstToo) {
  Assignment assignment;
  assignment.given(Numbers{0});
  static_cast<void>(assignment.begin_restore());
  static_cast<void>(assignment.restored(unread_decisions()));
  assignment.read_to_end(decisions(0));
  assignment.read_some(decisions(0));
  EXPECT_FALSE(assignment.may_release());
}

TEST(Assignment, NothingIsReleasedByALoopThatLostItsBatch) {
  Assignment assignment;
  assignment.given(Numbers{0});
  static_cast<void>(assignment.begin_restore());
  static_cast<void>(assignment.restored(unread_decisions()));
  assignment.read_to_end(decisions(0));
  assignment.reconnect();
  EXPECT_FALSE(assignment.may_release()) << "the decisions were not committed";
  assignment.taken_away();
  assignment.connected();
  EXPECT_FALSE(assignment.holds_back()) << "the next restore says anew what is unread";
}

TEST(Assignment, IsIdleSinceTheFirstMomentWithoutWork) {
  Assignment assignment;
  make_reading(assignment);
  EXPECT_EQ(assignment.note_idle(false, kNow), std::nullopt);
  EXPECT_EQ(assignment.note_idle(true, kNow + 1s), kNow + 1s);
  EXPECT_EQ(assignment.note_idle(true, kNow + 5s), kNow + 1s);
  EXPECT_EQ(assignment.note_idle(false, kNow + 6s), std::nullopt);
  EXPECT_EQ(assignment.note_idle(true, kNow + 7s), kNow + 7s);
  assignment.taken_away();
  EXPECT_EQ(assignment.note_idle(true, kNow + 8s), kNow + 8s);
}

TEST(Assignment, ARecordBehindTheEndMakesItBusy) {
  Assignment assignment;
  make_reading(assignment);
  assignment.read_to_end(raw(0));
  assignment.read_to_end(decisions(0));
  EXPECT_TRUE(assignment.is_at_rest());
  assignment.read_some(raw(0));
  EXPECT_FALSE(assignment.is_at_rest());
  assignment.read_to_end(raw(0));
  EXPECT_TRUE(assignment.is_at_rest());
}

TEST(Assignment, ACommitIsStoredAbandonedOrTheEnd) {
  using After = Assignment::AfterCommit;
  EXPECT_EQ(Assignment::after_commit(Outcome::done), After::store);
  EXPECT_EQ(Assignment::after_commit(Outcome::abort), After::abandon);
  EXPECT_EQ(Assignment::after_commit(Outcome::fenced), After::fail_fenced);
  EXPECT_EQ(Assignment::after_commit(Outcome::unknown), After::fail_unknown_outcome);
}

TEST(Assignment, AFencedMemberEndsWhenAnotherProcessHasItsName) {
  Assignment assignment;
  make_reading(assignment);
  assignment.member_fenced();
  EXPECT_EQ(assignment.next(), Next::reconnect);
  EXPECT_TRUE(assignment.fencing_explained(Outcome::fenced, kNow));
  EXPECT_EQ(assignment.next(), Next::end);
}

TEST(Assignment, AFencedMemberJoinsAgainWhenNobodyHasItsName) {
  for (const std::optional<Outcome> said :
       {std::optional{Outcome::done}, std::optional{Outcome::abort}, std::optional<Outcome>{}}) {
    Assignment assignment;
    make_reading(assignment);
    assignment.member_fenced();
    EXPECT_TRUE(assignment.fencing_explained(said, kNow));
    EXPECT_EQ(assignment.next(), Next::reconnect);
  }
}

TEST(Assignment, AMemberThatIsFencedAgainAndAgainGivesUp) {
  Assignment assignment;
  for (std::size_t i = 0; i < kafka::Rejoins::kMost; ++i) {
    assignment.member_fenced();
    ASSERT_TRUE(assignment.fencing_explained(Outcome::done, kNow + std::chrono::seconds{i}));
    assignment.connected();
  }
  assignment.member_fenced();
  EXPECT_FALSE(assignment.fencing_explained(Outcome::done, kNow + 10s));
  Assignment later = assignment;
  EXPECT_TRUE(later.fencing_explained(Outcome::done, kNow + kafka::Rejoins::kWithin + 20s));
}

}  // namespace
}  // namespace freshet
