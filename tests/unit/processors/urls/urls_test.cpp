// Stage `urls` by itself: who is told what after which claims.
#include "processors/stages/urls/urls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "claims_fixture.hpp"

namespace freshet {
namespace {

const std::string kU = "000000000000000000000000000000aa";
const std::string kV = "000000000000000000000000000000bb";

struct Say {
  std::string work;  ///< `a`
  std::string url;
  int created = 0;  ///< 0: a release
  bool answer = false;
};
Say claims(const std::string& work, int created, bool answer = false) {
  return {work, kU, created, answer};
}
Say leaves(const std::string& work) { return {work, kU}; }

std::string key_of(const std::string& work) { return "image:p:" + work; }

class Stage {
 public:
  void say(const Say& said, std::int64_t offset = 1'000) {
    std::string key;
    append_claim_key(key, said.url, key_of(said.work));
    std::string value;
    append_claim(value, UtcTime::from_millis(said.created), said.answer);
    urls->apply({key, said.created == 0 ? std::nullopt : std::optional<std::string_view>{value},
                 schema_header::kUrlClaim, offset},
                out);
  }
  /// `a<a b<a`: who was told whom, sorted.
  std::string commit() {
    urls->finish(out);
    std::vector<std::string> told;
    for (const Verdict& verdict : out.verdicts) {
      told.push_back(verdict.work_key.substr(8) + "<" + verdict.owner.substr(8));
    }
    std::ranges::sort(told);
    std::string text;
    for (const std::string& one : told) {
      text += (text.empty() ? "" : " ") + one;
    }
    out.verdicts.clear();
    store.write(urls->changes());
    urls->commit();
    return text;
  }
  std::string batch(const std::vector<Say>& list) {
    for (const Say& said : list) {
      say(said);
    }
    return commit();
  }

  MapClaims store;
  ListVerdicts out;
  std::unique_ptr<Urls> urls = std::make_unique<Urls>(0, 1, store);
};

struct Row {
  const char* name;
  std::vector<std::vector<Say>> batches;
  const char* told;  ///< after the last
};

class Telling : public testing::TestWithParam<Row> {};

TEST_P(Telling, ReachesThoseWhomItConcerns) {
  Stage stage;
  std::string told;
  for (const auto& batch : GetParam().batches) {
    told = stage.batch(batch);
  }
  EXPECT_EQ(told, GetParam().told);
  EXPECT_TRUE(stage.out.letters.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Telling,
    testing::Values(
        Row{"NobodyOfTheOnlyAndFirstClaim", {{claims("a", 5)}}, ""},
        Row{"TheOnlyOneWhoAsks", {{claims("a", 5, true)}}, "a<a"},
        Row{"ALaterOneAlone", {{claims("a", 5)}, {claims("b", 6)}}, "b<a"},
        Row{"AllOfAnEarlierOne", {{claims("a", 5)}, {claims("b", 4)}}, "a<b b<b"},
        Row{"ByKeyOfTheSameTime", {{claims("b", 5)}, {claims("a", 5)}}, "a<a b<a"},
        Row{"OfOneBatchOnceAndAtItsEnd",
            {{claims("c", 9), claims("b", 8), claims("a", 7)}},
            "a<a b<a c<a"},
        Row{"TheNextWhenTheOwnerLeaves",
            {{claims("a", 5), claims("b", 7), claims("c", 6)}, {leaves("a")}},
            "b<c c<c"},
        Row{"NobodyWhenACopyLeaves",
            {{claims("a", 5), claims("b", 7), claims("c", 6)}, {leaves("b")}},
            ""},
        Row{"TheLastOneThatItOwns", {{claims("a", 5), claims("b", 7)}, {leaves("a")}}, "b<b"},
        Row{"NobodyWhenTheLastLeaves", {{claims("a", 5)}, {leaves("a")}}, ""},
        Row{"TheOwnerThatBecameEarlier",
            {{claims("a", 5), claims("b", 7)}, {claims("a", 4, true)}},
            "a<a"},
        Row{"ACopyThatBecameEarlierAndIsStillLater",
            {{claims("a", 5), claims("b", 7)}, {claims("b", 6, true)}},
            "b<a"},
        Row{"AllOfACopyThatBecameTheEarliest",
            {{claims("a", 5), claims("b", 7), claims("c", 6)}, {claims("b", 4, true)}},
            "a<b b<b c<b"},
        Row{"AllOfAnOwnerThatBecameLater",
            {{claims("a", 5), claims("b", 7), claims("c", 6)}, {claims("a", 8)}},
            "a<c b<c c<c"},
        Row{"AgainOfAClaimMadeTwice", {{claims("a", 5), claims("b", 7)}, {claims("a", 5)}}, "a<a"},
        Row{"AllThatRemainOfAnUnknownRelease",
            {{claims("b", 7), claims("c", 6)}, {leaves("a")}},
            "b<c c<c"},
        Row{"NobodyThatCameAndWentInOneBatch",
            {{claims("a", 5)}, {claims("b", 6), leaves("b")}},
            ""},
        Row{"OfAnotherUrlNobody", {{claims("a", 5)}, {Say{"b", kV, 6}}}, ""},
        Row{"TheOwnerWhoLeavesAndComesBack",
            {{claims("a", 5), claims("b", 7)}, {leaves("a"), claims("a", 5, true)}},
            "a<a b<a"}),
    [](const auto& instance) { return instance.param.name; });

TEST(Urls, ForgetsABatchThatWasAborted) {
  Stage stage;
  stage.batch({claims("a", 5)});
  stage.say(claims("b", 4));
  stage.say(leaves("a"));
  stage.urls->rollback();
  EXPECT_EQ(stage.batch({claims("c", 6)}), "c<a");
}

TEST(Urls, LeavesNothingBehindOfWhatWasReleased) {
  Stage stage;
  stage.batch({claims("a", 5), claims("b", 7), claims("c", 6)});
  stage.batch({leaves("a")});
  stage.batch({leaves("b"), leaves("c")});
  EXPECT_TRUE(stage.store.entries.empty());
}

// A placeholder picture: what one claim costs must not depend on how many there are.
TEST(Urls, OneClaimAmongThousandsReadsAHandfulOfEntries) {
  Stage stage;
  std::vector<Say> crowd;
  for (int i = 0; i < 5'000; ++i) {
    crowd.push_back(claims("w" + std::to_string(i), 100 + i));
  }
  stage.batch(crowd);
  stage.store.reads = 0;
  EXPECT_EQ(stage.batch({claims("late", 10'000)}), "late<w0");
  EXPECT_EQ(stage.batch({claims("late", 9'999, true)}), "late<w0");
  EXPECT_EQ(stage.batch({claims("w0", 99, true)}), "w0<w0");
  EXPECT_EQ(stage.batch({leaves("late")}), "");
  EXPECT_LT(stage.store.reads, 20);
}

// Works that go together go in the order in which they came: each of them is the owner when it
// leaves. To look for the next one each time would take longer than a transaction may.
TEST(Urls, OwnersThatLeaveInTurnWithinABatchCostOneLookAtAll) {
  constexpr int kCrowd = 2'000;
  Stage stage;
  std::vector<Say> come;
  std::vector<Say> go;
  come.reserve(kCrowd);
  for (int i = 0; i < kCrowd; ++i) {
    const std::string name = "w" + std::to_string(10'000 + i);
    come.push_back(claims(name, 100 + i));
    go.push_back(leaves(name));
    // A claim among them, as when works get new ids.
    go.push_back(claims("n" + std::to_string(10'000 + i), 10'000 + i, true));
  }
  stage.batch(come);
  go.resize(go.size() - 4);
  stage.store.reads = 0;
  for (const Say& said : go) {
    stage.say(said);
  }
  stage.urls->finish(stage.out);
  EXPECT_LT(stage.store.reads, 10 * kCrowd);
  ASSERT_EQ(stage.out.verdicts.size(), static_cast<std::size_t>(kCrowd));
  for (const Verdict& verdict : stage.out.verdicts) {
    EXPECT_EQ(verdict.owner, key_of("w11998"));
  }
}

// The same while a restore reads what others took.
TEST(Urls, OwnersThatLeftBeforeARestoreCostOneLookAtAllPerChunk) {
  constexpr int kCrowd = 2'000;
  Stage stage;
  std::vector<Say> come;
  come.reserve(kCrowd);
  for (int i = 0; i < kCrowd; ++i) {
    come.push_back(claims("w" + std::to_string(10'000 + i), 100 + i));
  }
  stage.batch(come);
  stage.store.reads = 0;
  for (int i = 0; i + 1 < kCrowd; ++i) {
    std::string key;
    append_claim_key(key, kU, key_of("w" + std::to_string(10'000 + i)));
    stage.urls->restore_claim({key, std::nullopt, schema_header::kUrlClaim, i});
  }
  EXPECT_EQ(stage.commit(), "");
  EXPECT_LT(stage.store.reads, 10 * kCrowd);
  EXPECT_EQ(stage.batch({claims("late", 99'999)}), "late<w11999");
}

// Also where every claim of a batch changes the owner: each is told once, not once per claim.
TEST(Urls, ManyNewOwnersInOneBatchTellEachClaimantOnce) {
  Stage stage;
  std::vector<Say> crowd;
  for (int i = 0; i < 1'000; ++i) {
    crowd.push_back(claims("w" + std::to_string(i), 2'000 - i));
  }
  for (const Say& said : crowd) {
    stage.say(said);
  }
  stage.urls->finish(stage.out);
  EXPECT_EQ(stage.out.verdicts.size(), 1'000U);
}

TEST(Urls, BelowTheEndOfARestoreTellsAll) {
  Stage stage;
  stage.batch({claims("a", 5), claims("b", 7)});
  stage.urls->answer_all_before(50);
  stage.say(claims("c", 9), 49);
  EXPECT_EQ(stage.commit(), "a<a b<a c<a");
  stage.say(claims("d", 9), 50);
  EXPECT_EQ(stage.commit(), "d<a");
}

TEST(Urls, RestoresWhatAnEarlierOwnerTookAndTellsNobody) {
  Stage stage;
  std::string key;
  append_claim_key(key, kU, key_of("a"));
  std::string value;
  append_claim(value, UtcTime::from_millis(5), false);
  stage.urls->restore_claim({key, value, schema_header::kUrlClaim, 0});
  stage.urls->restore_claim({key, "{", schema_header::kUrlClaim, 1});  // was put aside then
  EXPECT_EQ(stage.commit(), "");
  EXPECT_EQ(stage.batch({claims("b", 7)}), "b<a");
  stage.urls->restore_claim({key, std::nullopt, schema_header::kUrlClaim, 0});
  EXPECT_EQ(stage.commit(), "");
  EXPECT_EQ(stage.batch({claims("c", 8)}), "c<b");
}

TEST(Urls, PutsAsideWhatIsNoClaimOfItsPartition) {
  MapClaims store;
  ListVerdicts out;
  Urls urls{1, 2, store};
  const std::string key = kU + "|image:p:a";
  const auto elsewhere = partition_for_key(kU, 2) == 0 ? kU : kV;
  ASSERT_EQ(partition_for_key(elsewhere, 2), 0);
  const std::string value = R"({"created_on":"2026-11-21T01:00:51.256Z"})";
  urls.apply({key, value, "url-claim/2", 0}, out);
  urls.apply({key, value, std::nullopt, 0}, out);
  urls.apply({std::nullopt, value, schema_header::kUrlClaim, 0}, out);
  urls.apply({"nonsense", value, schema_header::kUrlClaim, 0}, out);
  urls.apply({elsewhere + "|image:p:a", value, schema_header::kUrlClaim, 0}, out);
  std::vector<Errc> reasons;
  for (const Error& letter : out.letters) {
    reasons.push_back(letter.errc());
  }
  EXPECT_EQ(reasons, (std::vector{Errc::unknown_schema, Errc::unknown_schema, Errc::wrong_key,
                                  Errc::wrong_key, Errc::wrong_key}));
  EXPECT_TRUE(urls.changes().empty());
}

TEST(Urls, CountsAllThatItTook) {
  Stage stage;
  stage.say(claims("a", 5));
  stage.say(claims("b", 6));
  stage.say(leaves("a"));
  stage.urls->apply({"nonsense", std::nullopt, schema_header::kUrlClaim, 0}, stage.out);
  stage.urls->finish(stage.out);
  Totals sums;
  for (const auto& [name, value] : stage.urls->totals()) {
    sums.add(*parse_totals(value));
  }
  EXPECT_EQ(sums.at("received"), 4);
  EXPECT_EQ(sums.at("received"),
            sums.at("claimed") + sums.at("released") + sums.sum("dead_lettered"));
  EXPECT_EQ(sums.at("claimed"), 2);
  EXPECT_EQ(sums.at("told"), static_cast<std::int64_t>(stage.out.verdicts.size()));
}

TEST(Urls, GoesOnCountingFromTheSumsItHad) {
  Stage stage;
  stage.urls->restore_totals("urls:p", *parse_totals(R"({"received":10,"claimed":10})"));
  stage.urls->restore_totals("process:p", *parse_totals(R"({"received":99})"));
  stage.say(claims("a", 5));
  ASSERT_EQ(stage.urls->totals().size(), 1U);
  EXPECT_EQ(stage.urls->totals()[0].first, "urls:p");
  EXPECT_EQ(parse_totals(stage.urls->totals()[0].second)->at("received"), 11);
}

TEST(ClaimStateOnDisk, TakesBytesThatAreNoClaim) {
  MapClaims store;
  const UrlHash url = *parse_url_hash(kU);
  const std::string prefix{url.data(), url.size()};
  store.entries[prefix] = "short";
  store.entries[prefix + "image:p:b"] = "";
  store.entries[prefix + "image:p:c"] = std::string(8, '\xff');
  ClaimState state{store};
  EXPECT_FALSE(state.owner(url));
  state.claim(url, {UtcTime::from_millis(5), "image:p:a"});
  EXPECT_EQ(state.owner(url)->work_key, "image:p:a");
  EXPECT_FALSE(state.is_claimant(url, "image:p:b"));
  EXPECT_TRUE(state.release(url, "image:p:a"));
  EXPECT_EQ(state.owner(url)->work_key, "image:p:c");
}

}  // namespace
}  // namespace freshet
