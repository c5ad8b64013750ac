// What decisions do to the record of a work.
#include "processors/record/decisions.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/json.hpp"
#include "dedupe_fixture.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kT = 1'790'000'000'000'000;
const std::string kKey = "image:met:1";

std::string work(std::string_view title) {
  return R"({"media_type":"image","provider":"met","foreign_identifier":"1","foreign_landing_url":"https://l.org","url":"https://u.org/a.jpg","license":"by","license_version":"4.0","title":")" +
         std::string{title} + "\"}";
}

DecisionEntry line(int n, std::string action) {
  return {UtcTime::from_millis(1'000 * n),
          "00000000-0000-4000-8000-00000000000" + std::to_string(n), std::move(action), "someone",
          "because"};
}

Decision decided(DecisionKind kind, std::vector<DecisionEntry> history) {
  return {kKey, kind, std::move(history)};
}

class Decided : public testing::Test {
 protected:
  void see(std::int64_t micros, std::string_view title) {
    batch([&] { partition.apply(kKey, sighting_json(micros, work(title))); });
  }
  void decide(const Decision& decision) {
    batch([&] { partition.decide(decision); });
  }
  template <class Use>
  void batch(Use use) {
    partition.begin(UtcTime::from_millis(now += 1'000));
    use();
    partition.commit();
  }
  json::value record() { return json::parse(partition.store.records.at(kKey)); }
  std::string status() { return std::string{record().at("status").as_string()}; }
  std::int64_t count(std::string_view name) {
    return parse_totals(partition.totals["process:met"])->at(name);
  }
  OnePartition partition;
  std::int64_t now = 2'000'000'000'000;
};

TEST_F(Decided, TakedownBlocksThroughSightingsAndUndoBringsTheWorkBackWhole) {
  see(kT, "a");
  const json::value before = record();
  decide(decided(DecisionKind::takedown, {line(1, "takedown")}));
  EXPECT_EQ(status(), "blocked");
  EXPECT_EQ(record().at("work"), before.at("work"));
  EXPECT_GT(record().at("revision").as_int64(), before.at("revision").as_int64());
  EXPECT_NE(record().at("updated_on"), before.at("updated_on"));
  see(kT + 5, "b");
  EXPECT_EQ(status(), "blocked");
  decide(decided(DecisionKind::takedown, {line(1, "takedown"), line(2, "undo")}));
  EXPECT_EQ(status(), "live");
  EXPECT_EQ(text_at(record(), "/work/title"), "b");
  EXPECT_EQ(record().at("decisions").at("takedown").at("history").as_array().size(), 2);
  EXPECT_EQ(count("works.live"), 1);
  EXPECT_EQ(count("works.blocked"), 0);
}

TEST_F(Decided, CountsApartFromWhatRawBrings) {
  see(kT, "a");
  const Decision takedown = decided(DecisionKind::takedown, {line(1, "takedown")});
  decide(takedown);
  decide(takedown);
  EXPECT_EQ(count("received"), 1);
  EXPECT_EQ(count("decisions.applied"), 1);
  EXPECT_EQ(count("decisions.unchanged"), 1);
}

TEST_F(Decided, AnEarlierValueThatComesLateTakesNothingAway) {
  decide(decided(DecisionKind::takedown, {line(1, "takedown"), line(2, "undo")}));
  see(kT, "a");
  decide(decided(DecisionKind::takedown, {line(1, "takedown")}));
  EXPECT_EQ(status(), "live");
  // Two that did not know of each other: both lines are kept, the later one holds.
  decide(decided(DecisionKind::takedown, {line(3, "takedown")}));
  EXPECT_EQ(status(), "blocked");
  EXPECT_EQ(record().at("decisions").at("takedown").at("history").as_array().size(), 3);
}

TEST_F(Decided, BeforeTheFirstSightingARecordWithoutWorkIsNeverLive) {
  decide(decided(DecisionKind::sensitive, {line(1, "sensitive")}));
  EXPECT_FALSE(record().as_object().contains("work"));
  EXPECT_EQ(status(), "removed_at_source");
  see(kT, "a");
  EXPECT_EQ(status(), "live");
  EXPECT_EQ(json::serialize(record().at("derived").at("sensitivity")),
            R"(["user_reported_sensitivity"])");
  EXPECT_EQ(text_at(record(), "/created_on"), format_millis(UtcTime{kT}));
}

TEST_F(Decided, EraseDropsTheContentAndWhatComesLater) {
  see(kT, "secret");
  decide(decided(DecisionKind::erase, {line(1, "erase")}));
  see(kT + 5, "secret again");
  partition.restore();
  see(kT + 6, "secret again");
  EXPECT_EQ(status(), "blocked");
  EXPECT_EQ(partition.store.records.at(kKey).find("secret"), std::string::npos);
  EXPECT_EQ(partition.store.records.at(kKey).find("u.org"), std::string::npos);
  EXPECT_FALSE(record().at("seen").at("url_hash").is_null());  // its copies stay hidden
  decide(decided(DecisionKind::erase, {line(2, "undo")}));
  EXPECT_EQ(status(), "removed_at_source");
  see(kT + 6, "secret again");  // the very sighting that was seen while it was erased
  EXPECT_EQ(status(), "live");
}

TEST_F(Decided, ReemitIsARevisionAndNothingElse) {
  see(kT, "a");
  const json::value before = record();
  decide(decided(DecisionKind::reemit, {line(1, "reemit")}));
  json::value after = record();
  EXPECT_GT(after.at("revision").as_int64(), before.at("revision").as_int64());
  after.as_object()["revision"] = before.at("revision");
  EXPECT_EQ(after, before);
  batch([&] { partition.decide({"image:met:2", DecisionKind::reemit, {line(1, "reemit")}}); });
  EXPECT_EQ(count("decisions.unknown_work"), 1);
  ASSERT_EQ(partition.out.drops.size(), 1U);
  EXPECT_EQ(partition.out.drops[0],
            (std::pair<std::string, std::string>{"image:met:2", "unknown_work"}));
}

TEST_F(Decided, AReemitMayBeClearedAndNothingElseMay) {
  see(kT, "a");
  decide(decided(DecisionKind::takedown, {line(1, "takedown")}));
  const json::value before = record();
  batch([&] { partition.clear_decision(make_decision_key(kKey, DecisionKind::reemit)); });
  EXPECT_EQ(record(), before);
  EXPECT_EQ(count("decisions.unchanged"), 1);
  ASSERT_EQ(partition.out.drops.size(), 1U);
  EXPECT_EQ(partition.out.drops[0], (std::pair<std::string, std::string>{kKey, "cleared"}));
  batch([&] { partition.clear_decision(make_decision_key(kKey, DecisionKind::takedown)); });
  EXPECT_EQ(status(), "blocked");
  EXPECT_EQ(partition.out.letters.size(), 1U);
}

TEST_F(Decided, FormerIdentifiersAreKeptAlsoWhenTheContentIsKnown) {
  const std::string former = "11111111-1111-4111-8111-111111111111";
  see(kT, "a");
  std::string value = sighting_json(kT, work("a"));
  value.insert(value.find('}'), R"(,"former_identifier":")" + former + "\"");
  batch([&] { partition.apply(kKey, value); });
  batch([&] { partition.apply(kKey, value); });
  see(kT + 5, "b");
  EXPECT_EQ(json::serialize(record().at("former_identifiers")), "[\"" + former + "\"]");
}

TEST(DecisionHistory, KeepsTheLastHundredLines) {
  std::string decisions{kNoDecisions};
  for (int i = 0; i < 130; ++i) {
    DecisionEntry entry = line(1, i % 2 == 0 ? "takedown" : "undo");
    entry.at = UtcTime::from_millis(i);
    decisions = with_decision(decisions, decided(DecisionKind::takedown, {entry}));
  }
  EXPECT_FALSE(is_decided(decisions, DecisionKind::takedown));
  EXPECT_EQ(json::parse(decisions).at("takedown").at("history").as_array().size(), 100);
  EXPECT_FALSE(is_decided(decisions, DecisionKind::erase));
}

struct BadDecision {
  const char* name;
  std::string key;
  std::string value;
  Errc errc;
};

class ReadBadDecision : public testing::TestWithParam<BadDecision> {};

TEST_P(ReadBadDecision, NamesTheFault) {
  const auto read = parse_decision(GetParam().key, GetParam().value);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().errc(), GetParam().errc) << read.error().message();
}

std::string with(std::string_view from, std::string_view to) {
  std::string text = encode_decision(decided(DecisionKind::takedown, {line(1, "takedown")}));
  return text.replace(text.rfind(from), from.size(), to);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ReadBadDecision,
    testing::Values(
        BadDecision{"NoKind", kKey, with("1", "1"), Errc::wrong_key},
        BadDecision{"NoWork", "met|takedown", with("1", "1"), Errc::wrong_key},
        BadDecision{"AnotherWork", "image:met:2|takedown", with("1", "1"), Errc::wrong_key},
        BadDecision{"AnotherKind", kKey + "|erase", with("1", "1"), Errc::wrong_key},
        BadDecision{"NotJson", kKey + "|takedown", "{", Errc::malformed_payload},
        BadDecision{"NoHistory", kKey + "|takedown",
                    R"({"work_key":"image:met:1","kind":"takedown","history":[]})",
                    Errc::missing_field},
        BadDecision{"NoReason", kKey + "|takedown", with("because", ""), Errc::invalid_value},
        BadDecision{"Nul", kKey + "|takedown", with("because", "\\u0000"), Errc::invalid_value},
        BadDecision{"NoTime", kKey + "|takedown", with("1970", "soon"), Errc::invalid_value},
        BadDecision{"ForeignAction", kKey + "|takedown",
                    with(R"("action":"takedown")", R"("action":"erase")"), Errc::invalid_value}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Decision, IsReadAsItWasWritten) {
  const Decision written = decided(DecisionKind::takedown, {line(1, "takedown"), line(2, "undo")});
  const auto read = parse_decision(kKey + "|takedown", encode_decision(written));
  ASSERT_TRUE(read);
  EXPECT_EQ(encode_decision(*read), encode_decision(written));
  EXPECT_FALSE(read->active());
}

TEST(Decision, KeyMayHoldBars) {
  const auto read = parse_decision_key("image:met:a|takedown|erase");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->work_key, "image:met:a|takedown");
  EXPECT_EQ(read->kind, DecisionKind::erase);
}

}  // namespace
}  // namespace freshet
