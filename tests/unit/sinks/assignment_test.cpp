#include "sinks/assignment.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

namespace freshet {
namespace {

using namespace std::chrono_literals;
using kafka::Offset;
using kafka::Partition;
using State = Assignment::State;
using Step = Assignment::Step;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

constexpr std::size_t kRoom = 500;
constexpr Assignment::Time kStart{1h};
const std::vector<Partition> kPartitions{Partition{0}, Partition{1}};
const Assignment::Offsets kOffsets{{Partition{0}, Offset{10}}, {Partition{1}, Offset{0}}};

Assignment in_state(State state) {
  Assignment assignment;
  if (state == State::unassigned) {
    return assignment;
  }
  assignment.assigned(kPartitions, kStart);
  if (state == State::starting) {
    return assignment;
  }
  assignment.started(kOffsets);
  if (state == State::parked) {
    assignment.next_step(0, true, kStart - Assignment::kParkAfterTrouble);
    EXPECT_EQ(assignment.next_step(0, true, kStart), Step::park);
  }
  return assignment;
}

std::string name_of(State state) {
  switch (state) {
    case State::unassigned:
      return "Unassigned";
    case State::starting:
      return "Starting";
    case State::reading:
      return "Reading";
    case State::parked:
      return "Parked";
  }
  return "";
}

// -- transitions

using Event = std::function<void(Assignment&)>;
const Event kAssigned = [](Assignment& a) { a.assigned(kPartitions, kStart); };
const Event kRevoked = [](Assignment& a) { a.revoked(); };
const Event kRejoined = [](Assignment& a) { ASSERT_TRUE(a.rejoined(kStart)); };
const Event kRestarted = [](Assignment& a) { a.restarted(kStart); };
const Event kStarted = [](Assignment& a) { a.started(kOffsets); };
const Event kStartFailed = [](Assignment& a) { a.start_failed(kStart); };

struct Transition {
  std::string name;
  State from;
  Event event;
  State to;
  bool forgets;  ///< offsets, ends and commits that were known
};
class AssignmentMoves : public ::testing::TestWithParam<Transition> {};

TEST_P(AssignmentMoves, ToTheState) {
  const Transition& row = GetParam();
  Assignment assignment = in_state(row.from);
  assignment.done({{Partition{0}, Offset{5}}});
  row.event(assignment);
  EXPECT_EQ(assignment.state(), row.to);
  if (row.forgets) {
    EXPECT_THAT(assignment.next_offsets(), IsEmpty());
    EXPECT_THAT(assignment.ends(), IsEmpty());
    EXPECT_THAT(assignment.to_commit(), IsEmpty());
  } else {
    EXPECT_THAT(assignment.to_commit(), ElementsAre(Pair(Partition{0}, Offset{5})));
  }
  EXPECT_EQ(assignment.owned().empty(), row.to == State::unassigned);
}

std::vector<Transition> transitions() {
  std::vector<Transition> rows;
  const std::vector<State> all{State::unassigned, State::starting, State::reading, State::parked};
  const auto from = [&](const std::string& event, const std::vector<State>& states,
                        const Event& what, State to, bool forgets) {
    for (const State state : states) {
      rows.push_back({event + "While" + name_of(state), state, what, to, forgets});
    }
  };
  from("Assigned", all, kAssigned, State::starting, true);
  from("Revoked", all, kRevoked, State::unassigned, true);
  from("Rejoined", all, kRejoined, State::unassigned, true);
  const std::vector<State> owning{State::starting, State::reading, State::parked};
  from("Restarted", owning, kRestarted, State::starting, true);
  from("Started", {State::starting, State::parked}, kStarted, State::reading, false);
  from("StartFailed", {State::starting, State::parked}, kStartFailed, State::starting, false);
  return rows;
}

INSTANTIATE_TEST_SUITE_P(, AssignmentMoves, ::testing::ValuesIn(transitions()),
                         [](const auto& one) { return one.param.name; });

// -- what to do next

struct Ask {
  std::size_t room;
  bool has_trouble;
  std::chrono::milliseconds after;  ///< since `kStart`
  Step step;
};
struct Plan {
  const char* name;
  State from;
  std::vector<Ask> asks;
};
class AssignmentSteps : public ::testing::TestWithParam<Plan> {};

TEST_P(AssignmentSteps, FollowFromRoomTroubleAndTime) {
  Assignment assignment = in_state(GetParam().from);
  std::size_t number = 0;
  for (const Ask& ask : GetParam().asks) {
    EXPECT_EQ(assignment.next_step(ask.room, ask.has_trouble, kStart + ask.after), ask.step)
        << "step " << number;
    ++number;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , AssignmentSteps,
    ::testing::Values(Plan{"WithoutPartitionsItOnlyStaysInTheGroup",
                           State::unassigned,
                           {{kRoom, false, 0s, Step::keep_alive}, {0, true, 1h, Step::keep_alive}}},
                      Plan{"ANewAssignmentStartsAtOnceWhateverRoomThereIs",
                           State::starting,
                           {{0, true, 0s, Step::start}, {kRoom, false, 0s, Step::start}}},
                      Plan{"ItReadsAsLongAsThereIsRoom",
                           State::reading,
                           {{kRoom, false, 0s, Step::read}, {1, true, 1h, Step::read}}},
                      Plan{"ASlowStoreParksItAfterTenSeconds",
                           State::reading,
                           {{0, false, 0s, Step::await_room},
                            {0, false, 9'999ms, Step::await_room},
                            {0, false, 10s, Step::park},
                            {0, false, 11s, Step::keep_alive}}},
                      Plan{"AStoreThatRefusedParksItAfterTwo",
                           State::reading,
                           {{0, true, 0s, Step::await_room},
                            {0, true, 1'999ms, Step::await_room},
                            {0, true, 2s, Step::park}}},
                      Plan{"TroubleThatComesLateCountsFromWhenItWasFull",
                           State::reading,
                           {{0, false, 0s, Step::await_room},
                            {0, false, 5s, Step::await_room},
                            {0, true, 5s, Step::park}}},
                      Plan{"RoomInBetweenCountsAnew",
                           State::reading,
                           {{0, true, 0s, Step::await_room},
                            {1, true, 1s, Step::read},
                            {0, true, 2s, Step::await_room},
                            {0, true, 3'999ms, Step::await_room},
                            {0, true, 4s, Step::park}}},
                      Plan{"ParkedItWaitsForRoomAndReadsOn",
                           State::parked,
                           {{0, true, 1h, Step::keep_alive}, {1, true, 1h, Step::resume}}}),
    [](const auto& one) { return one.param.name; });

TEST(Assignment, TriesAFailedStartAgainASecondLater) {
  Assignment assignment = in_state(State::starting);
  assignment.start_failed(kStart);
  EXPECT_EQ(assignment.next_step(kRoom, false, kStart + 999ms), Step::keep_alive);
  EXPECT_EQ(assignment.next_step(kRoom, false, kStart + 1s), Step::start);
}

TEST(Assignment, CountsFullnessAnewOnceItIsParkedAndReadsOn) {
  Assignment assignment = in_state(State::parked);
  ASSERT_EQ(assignment.next_step(1, true, kStart + 1h), Step::resume);
  assignment.started(assignment.next_offsets());
  EXPECT_EQ(assignment.next_step(0, true, kStart + 1h), Step::await_room);
}

// -- records and ends

TEST(Assignment, TakesEachRecordOnceAndTellsWhereItsPartitionStood) {
  Assignment assignment = in_state(State::reading);
  EXPECT_THAT(assignment.take(Partition{0}, Offset{10}), Optional(Offset{10}));
  EXPECT_THAT(assignment.take(Partition{0}, Offset{14}), Optional(Offset{11})) << "after a gap";
  EXPECT_EQ(assignment.take(Partition{0}, Offset{14}), std::nullopt) << "taken before";
  EXPECT_EQ(assignment.take(Partition{0}, Offset{3}), std::nullopt) << "taken before";
  EXPECT_EQ(assignment.take(Partition{7}, Offset{0}), std::nullopt) << "not ours";
  EXPECT_THAT(assignment.next_offsets(),
              ElementsAre(Pair(Partition{0}, Offset{15}), Pair(Partition{1}, Offset{0})));
}

TEST(Assignment, ReadsOnFromWhereItParked) {
  Assignment assignment = in_state(State::reading);
  assignment.take(Partition{0}, Offset{10});
  assignment.reached_end(Partition{1});
  assignment.next_step(0, true, kStart);
  ASSERT_EQ(assignment.next_step(0, true, kStart + 2s), Step::park);
  ASSERT_EQ(assignment.next_step(kRoom, true, kStart + 3s), Step::resume);
  assignment.started(assignment.next_offsets());
  EXPECT_THAT(assignment.next_offsets(),
              ElementsAre(Pair(Partition{0}, Offset{11}), Pair(Partition{1}, Offset{0})));
  EXPECT_THAT(assignment.ends(), IsEmpty()) << "an end is told again";
}

TEST(Assignment, AnEndLastsUntilARecordComes) {
  Assignment assignment = in_state(State::reading);
  assignment.reached_end(Partition{0});
  assignment.reached_end(Partition{7});  // not ours
  EXPECT_THAT(assignment.ends(), ElementsAre(Partition{0}));
  assignment.polled(Partition{0});
  EXPECT_THAT(assignment.ends(), IsEmpty());
}

// -- commits

TEST(Assignment, CommitsWhatIsDoneOnceAndKeepsItUntilThatWorked) {
  Assignment assignment = in_state(State::reading);
  assignment.done({{Partition{0}, Offset{12}}});
  assignment.done({{Partition{0}, Offset{15}}, {Partition{1}, Offset{1}}});
  EXPECT_THAT(assignment.to_commit(),
              ElementsAre(Pair(Partition{0}, Offset{15}), Pair(Partition{1}, Offset{1})));
  assignment.committed();
  EXPECT_THAT(assignment.to_commit(), IsEmpty());
}

TEST(Assignment, CommitsWhatLiesBeforeAnEndThatIsReached) {
  struct Case {
    const char* name;
    bool at_end;
    std::optional<Offset> committed;
    Offset stands_at;
    bool commits;
  };
  for (const Case& one :
       {Case{"markers behind the last record", true, Offset{15}, Offset{16}, true},
        Case{"nothing was ever committed", true, {}, Offset{10}, true},
        Case{"it is committed already", true, Offset{16}, Offset{16}, false},
        Case{"not at the end", false, Offset{15}, Offset{16}, false}}) {
    Assignment assignment = in_state(State::reading);
    if (one.committed) {
      assignment.done({{Partition{0}, *one.committed}});
      assignment.committed();
    }
    if (one.at_end) {
      assignment.reached_end(Partition{0});
    }
    assignment.stands_at(Partition{0}, one.stands_at);
    EXPECT_EQ(assignment.to_commit(), one.commits
                                          ? Assignment::Offsets({{Partition{0}, one.stands_at}})
                                          : Assignment::Offsets{})
        << one.name;
  }
}

TEST(Assignment, IsBehindFromTheCommitAndNotAtAnEnd) {
  Assignment assignment = in_state(State::reading);
  assignment.take(Partition{0}, Offset{10});
  EXPECT_THAT(assignment.behind(),
              ElementsAre(Pair(Partition{0}, Offset{11}), Pair(Partition{1}, Offset{0})));
  assignment.done({{Partition{0}, Offset{8}}});
  assignment.committed();
  assignment.reached_end(Partition{1});
  EXPECT_THAT(assignment.behind(), ElementsAre(Pair(Partition{0}, Offset{8})));
}

// -- idle for good

class AssignmentIdle : public ::testing::Test {
 protected:
  bool ask(std::chrono::milliseconds after, bool is_nothing_under_way = true) {
    return assignment_.is_idle(is_nothing_under_way, 2s, kStart + after);
  }
  void reach_ends() {
    assignment_.reached_end(Partition{0});
    assignment_.reached_end(Partition{1});
  }
  Assignment assignment_ = in_state(State::reading);
};

TEST_F(AssignmentIdle, OnceAllWasQuietForLongAndAgainAfterAsLong) {
  reach_ends();
  EXPECT_FALSE(ask(0s));
  EXPECT_FALSE(ask(1'999ms));
  EXPECT_TRUE(ask(2s));
  EXPECT_FALSE(ask(3s)) << "others had something to do";
  EXPECT_TRUE(ask(4s));
}

TEST_F(AssignmentIdle, NotBeforeEveryEnd) {
  assignment_.reached_end(Partition{0});
  EXPECT_FALSE(ask(0s));
  EXPECT_FALSE(ask(1h));
}

TEST_F(AssignmentIdle, CountsAnewAfterWorkOrARecord) {
  reach_ends();
  EXPECT_FALSE(ask(0s));
  EXPECT_FALSE(ask(1s, false));
  EXPECT_FALSE(ask(2s));
  EXPECT_FALSE(ask(3'999ms));
  assignment_.polled(Partition{1});
  EXPECT_FALSE(ask(4s));
  reach_ends();
  EXPECT_FALSE(ask(5s));
  EXPECT_TRUE(ask(7s));
}

TEST_F(AssignmentIdle, OnlyWhileItReads) {
  for (const State state : {State::unassigned, State::starting, State::parked}) {
    assignment_ = in_state(state);
    EXPECT_FALSE(ask(0s)) << name_of(state);
    EXPECT_FALSE(ask(1h)) << name_of(state);
  }
}

TEST_F(AssignmentIdle, AlsoWithNoPartitionAtAll) {
  assignment_.assigned({}, kStart);
  assignment_.started({});
  EXPECT_FALSE(ask(0s));
  EXPECT_TRUE(ask(2s)) << "others are asked whether they are done";
}

// -- fenced

TEST(Assignment, JoinsAgainThreeTimesInTwoMinutes) {
  Assignment assignment = in_state(State::reading);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(assignment.rejoined(kStart + i * 1s)) << i;
    assignment.assigned(kPartitions, kStart);
  }
  EXPECT_FALSE(assignment.rejoined(kStart + 119s)) << "another process has its name";
  EXPECT_EQ(assignment.state(), State::starting) << "left as it was";
  EXPECT_TRUE(assignment.rejoined(kStart + 120s));
}

}  // namespace
}  // namespace freshet
