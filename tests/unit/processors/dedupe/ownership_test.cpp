// Who owns a URL is a function of the set of sightings, removals and decisions: over random works
// that share URLs, in random orders, through topics that are read in random interleavings, with
// aborts, crashes, restores and compaction; and the situations that have names, one by one.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/json.hpp"
#include "ownership_model.hpp"
#include "ownership_world.hpp"

namespace freshet {
namespace {

using reference::Event;
using Only = OwnershipWorld::Only;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kCasesPerSeed = 600;  // the sanitizers look for other faults, twenty times slower
#else
constexpr int kCasesPerSeed = 13'000;
#endif

constexpr std::int64_t kBase = 1'790'000'000'000'000;

std::string work_json(const std::string& key, const std::string& url, const std::string& title) {
  const auto parsed = parse_work_key(key);
  return R"({"media_type":")" + std::string{to_string(parsed->media_type)} + R"(","provider":")" +
         std::string{parsed->provider} + R"(","foreign_identifier":")" +
         std::string{parsed->foreign_identifier} +
         R"(","foreign_landing_url":"https://l.org/","url":")" + url +
         R"(","license":"by","license_version":"4.0","title":")" + title + R"("})";
}

Event sighting(const std::string& key, std::int64_t at, const std::string& url,
               const std::string& title = "t") {
  Event event;
  event.micros = kBase + at * 1'000'000;
  event.work = work_json(key, url, title);
  return event;
}

Event removal(std::int64_t at) {
  Event event;
  event.is_removal = true;
  event.micros = kBase + at * 1'000'000;
  return event;
}

Event decision(const std::string& kind, std::int64_t at, bool is_undo = false) {
  Event event;
  event.decision = kind;
  event.is_undo = is_undo;
  event.micros = kBase + at * 1'000'000;
  return event;
}

OwnershipWorld::Raw raw_of(const std::string& key, const Event& event) {
  if (event.decision.empty()) {
    return {key,
            event.is_removal ? removal_json(event.micros) : sighting_json(event.micros, event.work),
            false,
            {},
            event.rules};
  }
  const std::string digits = std::to_string(event.micros / 1000 % 1'000'000 + 1'000'000);
  const Decision decided{key,
                         *parse_decision_kind(event.decision),
                         {{UtcTime{event.micros}, "00000000-0000-4000-8000-00000" + digits,
                           event.is_undo ? "undo" : event.decision, "someone", "because"}}};
  return {make_decision_key(key, decided.kind), encode_decision(decided), true, key};
}

std::string seen_as(const std::optional<std::string>& record) {
  if (!record) {
    return "none";
  }
  const json::value parsed = json::parse(*record);
  return std::string{text_at(parsed, "/status").value_or("?")} + " " +
         std::string{text_at(parsed, "/duplicate_of").value_or("-")};
}

std::string wanted(const reference::Ownership& ownership) {
  return ownership.status + " " + (ownership.duplicate_of.empty() ? "-" : ownership.duplicate_of);
}

// ---- At random

std::string url(Random& random) {
  const std::string path = std::string(1, static_cast<char>('a' + random.below(2)));
  switch (random.below(8)) {
    case 0:
      return "http://u.org/" + path;
    case 1:
      return "https://U.org:443/" + path;
    case 2:
      return "https://u.org/" + path + "#f";
    case 3:
      return "https://u.org/" + path + "?utm_source=x";
    default:
      return "https://u.org/" + path;
  }
}

std::vector<Event> events_of(Random& random, const std::string& key) {
  std::vector<Event> events;
  for (int i = 1 + random.below(5); i > 0; --i) {
    const std::int64_t at = random.below(6);
    if (random.one_in(6)) {
      events.push_back(removal(at));
    } else {
      events.push_back(sighting(key, at, url(random), random.one_in(2) ? "t" : "s"));
      events.back().rules = random.one_in(6) ? 2 : 1;
    }
  }
  if (random.one_in(4)) {
    // An undo of an erase forgets what the set of events still says; it has a test of its own.
    const std::string kind = random.of<std::string>({"takedown", "takedown", "sensitive", "erase"});
    std::int64_t at = 1;
    for (int lines = 1 + random.below(2); lines > 0; --lines) {
      events.push_back(decision(kind, at++, kind != "erase" && random.one_in(2)));
    }
  }
  return events;
}

class AnyOwner : public testing::TestWithParam<int> {};

TEST_P(AnyOwner, IsWhoTheSetOfEventsSays) {
  Random random{static_cast<std::uint64_t>(GetParam()) + 100};
  for (int n = 0; n < kCasesPerSeed && !HasFailure(); ++n) {
    std::map<std::string, std::vector<Event>> events;
    for (int i = 2 + random.below(3); i > 0; --i) {
      const std::string key = (random.one_in(8) ? "image:" : "audio:") +
                              random.of<std::string>({"p:", "q:"}) + std::to_string(i);
      events[key] = events_of(random, key);
    }
    std::vector<OwnershipWorld::Raw> sent;
    for (const auto& [key, list] : events) {
      for (const Event& event : list) {
        for (int times = random.one_in(4) ? 2 : 1; times > 0; --times) {
          sent.push_back(raw_of(key, event));
        }
      }
    }
    const std::int32_t partitions = 1 + random.below(2);
    OwnershipWorld world{random, partitions, 1 + random.below(partitions)};
    std::shuffle(sent.begin(), sent.end(), random.engine());
    for (const auto& raw : sent) {
      world.send(raw);
    }
    world.run();
    EXPECT_EQ(world.dead_letters(), 0U);
    for (const auto& [key, ownership] : reference::expect_owners(events)) {
      EXPECT_EQ(seen_as(world.record(key)), wanted(ownership)) << "case " << n << ", " << key;
    }
    // Everything again, in another order: nothing may change any more.
    const std::size_t written = world.records_written();
    std::shuffle(sent.begin(), sent.end(), random.engine());
    for (const auto& raw : sent) {
      world.send(raw);
    }
    world.run();
    EXPECT_EQ(world.records_written(), written) << "case " << n;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyOwner, testing::Range(1, 9));

// ---- One by one

const std::string kA = "image:p:a";
const std::string kB = "image:p:b";
const std::string kC = "image:q:c";
const std::string kU = "https://u.org/1.jpg";
const std::string kV = "https://u.org/2.jpg";

class Owner : public testing::Test {
 protected:
  void see(const std::string& key, const Event& event) { world.send(raw_of(key, event)); }
  /// `live -` or `duplicate image:p:a`.
  std::string of(const std::string& key) { return seen_as(world.record(key)); }

  Random random{1};
  OwnershipWorld world{random, 2, 2};
};

TEST_F(Owner, OfTwoIdsInOneProviderIsTheOldOne) {
  see(kB, sighting(kB, 1, kU));
  see(kA, sighting(kA, 2, kU));  // the id was changed: the same picture comes under a new one
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "live -");
  EXPECT_EQ(of(kA), "duplicate " + kB);
  see(kB, removal(3));  // and the old one is gone at the source
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "removed_at_source -");
  EXPECT_EQ(of(kA), "live -");
}

TEST_F(Owner, SwappedUrlsLeaveBothLive) {
  see(kA, sighting(kA, 1, kU));
  see(kB, sighting(kB, 2, kV));
  world.run_without_accidents();
  see(kA, sighting(kA, 3, kV));
  see(kB, sighting(kB, 3, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kA), "live -");
  EXPECT_EQ(of(kB), "live -");
  EXPECT_EQ(world.dead_letters(), 0U);
}

TEST_F(Owner, OfTheSameForeignIdInTwoProvidersAreTwo) {
  const std::string other = "image:q:a";
  see(kA, sighting(kA, 1, kU));
  see(other, sighting(other, 2, kV));
  world.run_without_accidents();
  EXPECT_EQ(of(kA), "live -");
  EXPECT_EQ(of(other), "live -");
}

TEST_F(Owner, OfOneUrlInTwoProvidersIsTheEarlier) {
  see(kC, sighting(kC, 1, kU));
  see(kA, sighting(kA, 2, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kC), "live -");
  EXPECT_EQ(of(kA), "duplicate " + kC);
}

TEST_F(Owner, OfHttpAndHttpsIsOne) {
  see(kA, sighting(kA, 1, "http://U.org:80/1.jpg?utm_source=feed"));
  see(kB, sighting(kB, 2, "https://u.org/1.jpg#top"));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "duplicate " + kA);
}

TEST_F(Owner, OfAnImageIsNoOwnerOfASound) {
  const std::string sound = "audio:p:a";
  see(kA, sighting(kA, 1, kU));
  see(sound, sighting(sound, 2, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(sound), "live -");
}

class ThreeClaimants : public Owner, public testing::WithParamInterface<int> {};

TEST_P(ThreeClaimants, HandOverToTheNextInAge) {
  const std::vector<std::string> keys{kC, kA, kB};  // by age
  for (std::size_t i = 0; i < keys.size(); ++i) {
    see(keys[i], sighting(keys[i], static_cast<std::int64_t>(i) + 1, kU));
  }
  world.run_without_accidents();
  const auto leaving = static_cast<std::size_t>(GetParam());
  see(keys[leaving], sighting(keys[leaving], 9, kV));
  world.run_without_accidents();
  EXPECT_EQ(of(keys[leaving]), "live -");
  const std::string owner = leaving == 0 ? keys[1] : keys[0];
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i != leaving) {
      EXPECT_EQ(of(keys[i]), keys[i] == owner ? "live -" : "duplicate " + owner);
    }
  }
  // And back again: its age is what it was.
  see(keys[leaving], sighting(keys[leaving], 10, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kC), "live -");
  EXPECT_EQ(of(kA), "duplicate " + kC);
  EXPECT_EQ(of(kB), "duplicate " + kC);
}

INSTANTIATE_TEST_SUITE_P(EachLeaves, ThreeClaimants, testing::Values(0, 1, 2));

TEST_F(Owner, IsLiveAtOnceAndADuplicateTwoCommitsLater) {
  see(kA, sighting(kA, 1, kU));
  world.run_without_accidents();
  see(kB, sighting(kB, 2, kU));
  world.step_all(Only::raw);
  EXPECT_EQ(of(kB), "live -");
  world.step_all(Only::claims);
  world.step_all(Only::verdicts);
  EXPECT_EQ(of(kB), "duplicate " + kA);
}

TEST_F(Owner, VerdictsOnAUrlThatWasLeftAreIgnored) {
  see(kA, sighting(kA, 1, kU));
  world.run_without_accidents();
  see(kB, sighting(kB, 2, kU));
  world.step_all(Only::raw);
  world.step_all(Only::claims);  // b is told that a owns U …
  see(kB, sighting(kB, 3, kV));  // … and has V before it hears it
  world.step_all(Only::raw);
  world.step_all(Only::verdicts);
  EXPECT_EQ(of(kB), "live -");
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "live -");
}

// U, V, U again, all before the first verdict on U is heard: that one is late, but about the
// present URL; the answer to the second claim overtakes it.
TEST_F(Owner, AnswerToTheLaterClaimOvertakesTheLateVerdictOfAnEarlierStay) {
  see(kA, sighting(kA, 1, kU));
  world.run_without_accidents();
  see(kB, sighting(kB, 2, kU));
  world.step_all(Only::raw);
  world.step_all(Only::claims);  // on its way: a owns U
  see(kB, sighting(kB, 3, kV));
  see(kA, removal(4));
  world.step_all(Only::raw);
  see(kB, sighting(kB, 5, kU));
  world.step_all(Only::raw);
  world.step_all(Only::verdicts);
  EXPECT_EQ(of(kB), "duplicate " + kA);  // believed for now
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "live -");
}

TEST_F(Owner, LeavesItsCopiesHiddenWhenItIsTakenDown) {
  see(kA, sighting(kA, 1, kU));
  see(kB, sighting(kB, 2, kU));
  see(kA, decision("takedown", 3));
  world.run_without_accidents();
  EXPECT_EQ(of(kA), "blocked -");
  EXPECT_EQ(of(kB), "duplicate " + kA);
  see(kC, sighting(kC, 4, kU));  // and those that come later
  world.run_without_accidents();
  EXPECT_EQ(of(kC), "duplicate " + kA);
  see(kA, decision("takedown", 5, true));
  world.run_without_accidents();
  EXPECT_EQ(of(kA), "live -");
  EXPECT_EQ(of(kB), "duplicate " + kA);
}

TEST_F(Owner, LeavesItsCopiesHiddenWhenItIsErased) {
  see(kA, sighting(kA, 1, kU));
  see(kB, sighting(kB, 2, kU));
  see(kA, decision("erase", 3));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "duplicate " + kA);
  // Undone, it is not known to have a URL until it is seen again; then it has the age it had.
  see(kA, decision("erase", 4, true));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "live -");
  see(kA, sighting(kA, 5, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kA), "live -");
  EXPECT_EQ(of(kB), "duplicate " + kA);
}

// A blocked work that was removed too comes back with a repeat that is otherwise not looked at.
TEST_F(Owner, ComesBackWithTheRepeatOfABlockedWorkThatWasRemoved) {
  see(kA, sighting(kA, 1, kU));
  see(kB, sighting(kB, 2, kU));
  see(kA, decision("takedown", 3));
  see(kA, removal(4));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "live -");
  see(kA, sighting(kA, 5, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "duplicate " + kA);
}

TEST_F(Owner, IsKnownAfterClaimsWereCompactedBeforeARestore) {
  see(kA, sighting(kA, 1, kU));
  see(kB, sighting(kB, 2, kU));
  see(kC, sighting(kC, 3, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "duplicate " + kA);
  // The owner leaves; its claim is compacted away, and the stage begins anew before it reads of it.
  see(kA, sighting(kA, 4, kV));
  world.step_all(Only::raw);
  for (int i = 0; i < 20; ++i) {
    world.compact();
  }
  world.wipe(0);
  world.wipe(1);
  world.run_without_accidents();
  EXPECT_EQ(of(kA), "live -");
  EXPECT_EQ(of(kB), "live -");
  EXPECT_EQ(of(kC), "duplicate " + kB);
}

// Two that share a URL before either has heard of the other, with claims on both sides unread.
TEST_F(Owner, AnEarlierSightingThatComesLateTakesTheUrlOver) {
  see(kA, sighting(kA, 5, kU));
  see(kB, sighting(kB, 7, kU));
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "duplicate " + kA);
  see(kB, sighting(kB, 3, kV, "older"));  // b is older than a, and has U still
  world.run_without_accidents();
  EXPECT_EQ(of(kB), "live -");
  EXPECT_EQ(of(kA), "duplicate " + kB);
}

TEST_F(Owner, PlaceholderSharedByManyIsAVerdictForEach) {
  constexpr int kMany = 3'000;
  for (int i = 0; i < kMany; ++i) {
    const std::string key = "image:p:" + std::to_string(i);
    see(key, sighting(key, i + 1, kU));
  }
  world.run_without_accidents();
  EXPECT_EQ(of("image:p:0"), "live -");
  EXPECT_EQ(of("image:p:2999"), "duplicate image:p:0");
  EXPECT_LE(world.verdicts_sent(), kMany);
}

}  // namespace
}  // namespace freshet
