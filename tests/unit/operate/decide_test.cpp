#include "operate/decide.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "core/check.hpp"

namespace freshet {

bool operator==(const NamedWork& a, const NamedWork& b) {
  return a.key == b.key && a.is_known == b.is_known;
}
void PrintTo(const NamedWork& work, std::ostream* out) {
  *out << work.key << (work.is_known ? "" : " (not known)");
}

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Throws;
using ::testing::ThrowsMessage;

const std::string kPresent = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
const std::string kFormer = "6FA459EA-EE8A-3CA4-894E-DB77E160355E";  // of version 3, in capitals

class Known final : public WorkLookup {
 public:
  std::optional<std::string> by_uuid(const std::string& uuid) override {
    const auto found = uuids.find(uuid);
    return found == uuids.end() ? std::nullopt : std::optional{found->second};
  }
  bool has(const WorkKeyView& key) override {
    return keys.contains(make_work_key(key.media_type, key.provider, key.foreign_identifier));
  }

  std::map<std::string, std::string> uuids{{kPresent, "image:met:1"}, {kFormer, "image:met:1"}};
  std::set<std::string> keys{"image:met:1", "image:met:2", "image:wikimedia:x", "audio:wikimedia:x",
                             "image:shop:http://a.org/b:c d"};
};

std::vector<NamedWork> find(std::vector<std::string> words,
                            std::optional<MediaType> media_type = std::nullopt) {
  return find_works({std::move(words), media_type}, [] { return std::make_unique<Known>(); });
}

std::vector<NamedWork> find_without_database(std::vector<std::string> words) {
  return find_works({std::move(words), std::nullopt}, []() -> std::unique_ptr<WorkLookup> {
    throw StartupError{"PostgreSQL: away"};
  });
}

TEST(FindWorks, TakesPresentAndFormerIdentifiersAndKeysEachOnce) {
  EXPECT_THAT(find({kPresent}), ElementsAre(NamedWork{"image:met:1"}));
  EXPECT_THAT(find({"image:met:2", kFormer, "image:met:1", kPresent}),
              ElementsAre(NamedWork{"image:met:1"}, NamedWork{"image:met:2"}));
}

TEST(FindWorks, TakesAKeyThatWasNeverSeen) {
  EXPECT_THAT(find({"audio:met:77"}), ElementsAre(NamedWork{"audio:met:77", false}));
}

TEST(FindWorks, TakesAProviderAndItsIdentifier) {
  EXPECT_THAT(find({"met", "2"}), ElementsAre(NamedWork{"image:met:2"}));
  EXPECT_THAT(find({"shop", "http://a.org/b:c d"}),
              ElementsAre(NamedWork{"image:shop:http://a.org/b:c d"}));
  EXPECT_THAT(find({"wikimedia", "x"}, MediaType::audio),
              ElementsAre(NamedWork{"audio:wikimedia:x"}));
}

TEST(FindWorks, RefusesWhatMayMeanTwoWorks) {
  EXPECT_THAT([] { find({"wikimedia", "x"}); },
              ThrowsMessage<StartupError>(HasSubstr("say --media")));
}

TEST(FindWorks, RefusesWhatIsNotThere) {
  EXPECT_THAT([] { find({"met", "3"}); }, ThrowsMessage<WorkFailed>(HasSubstr("image:met:3")));
  EXPECT_THAT([] { find({"met", "2"}, MediaType::audio); }, Throws<WorkFailed>());
  EXPECT_THAT([] { find({"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f12"}); },
              ThrowsMessage<WorkFailed>(HasSubstr("9f12")));
}

TEST(FindWorks, RefusesWordsThatNameNothing) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"met"},
                                                {"met", "1", "2"},
                                                {"image:met:1", "2"},
                                                {kPresent, "2"},
                                                {"video:met:1"},
                                                {"image:met:"},
                                                {"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f1"},
                                                {"a:b", "1"},
                                                {"", ""}}) {
    EXPECT_THAT([&] { find(words); }, Throws<StartupError>()) << words.front();
  }
}

TEST(FindWorks, WithoutADatabaseKeysStillDo) {
  EXPECT_THAT(find_without_database({"image:met:9"}), ElementsAre(NamedWork{"image:met:9"}));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{kPresent}, {"image:met:9", kPresent}, {"met", "1"}}) {
    EXPECT_THAT([&] { find_without_database(words); },
                ThrowsMessage<StartupError>(HasSubstr("away; a full key")));
  }
}

DecisionEntry entry(std::int64_t millis, std::string action) {
  return {UtcTime::from_millis(millis), new_decision_id(), std::move(action), "someone", "because"};
}

TEST(DecideNext, BeginsAHistory) {
  const Decision made =
      decide_next("image:met:1", DecisionKind::takedown, std::nullopt, entry(5, "takedown"));
  EXPECT_EQ(made.work_key, "image:met:1");
  EXPECT_TRUE(made.active());
  ASSERT_EQ(made.history.size(), 1U);
  EXPECT_EQ(made.history[0].at.millis(), 5);
}

TEST(DecideNext, GoesOnWithItAndTheLastEntryHolds) {
  const Decision before =
      decide_next("image:met:1", DecisionKind::takedown, std::nullopt, entry(5, "takedown"));
  const Decision undone =
      decide_next("image:met:1", DecisionKind::takedown, before, entry(9, std::string{kUndo}));
  EXPECT_FALSE(undone.active());
  ASSERT_EQ(undone.history.size(), 2U);
  EXPECT_EQ(undone.history[0].decision_id, before.history[0].decision_id);
  EXPECT_EQ(undone.history[1].at.millis(), 9);
}

// Readers sort entries by time: of a machine whose clock is behind, the entry must still be last.
TEST(DecideNext, IsLaterThanAllBeforeItWhateverTheClockSays) {
  const Decision before =
      decide_next("image:met:1", DecisionKind::takedown, std::nullopt, entry(50'000, "takedown"));
  const Decision undone =
      decide_next("image:met:1", DecisionKind::takedown, before, entry(9, std::string{kUndo}));
  EXPECT_EQ(undone.history[1].at.millis(), 50'001);
  const auto read =
      parse_decision(make_decision_key(undone.work_key, undone.kind), encode_decision(undone));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_FALSE(read->active());
}

TEST(DecideNext, ForgetsTheOldestOfALongHistory) {
  std::optional<Decision> decision;
  for (std::size_t i = 0; i <= kMostDecisionHistory; ++i) {
    decision = decide_next("image:met:1", DecisionKind::sensitive, decision,
                           entry(static_cast<std::int64_t>(i), i % 2 == 0 ? "sensitive" : "undo"));
  }
  ASSERT_EQ(decision->history.size(), kMostDecisionHistory);
  EXPECT_EQ(decision->history.front().action, kUndo);
  EXPECT_TRUE(decision->active());
}

}  // namespace
}  // namespace freshet
