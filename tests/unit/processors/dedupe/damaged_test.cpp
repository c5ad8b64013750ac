// Catalogue records that nobody here has written, or not so: what the next event of the work makes
// of them.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <functional>
#include <limits>

#include "core/json.hpp"
#include "core/revision.hpp"
#include "dedupe_fixture.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kDay = 86'400'000'000;
constexpr std::int64_t kT = 1'790'000'000'000'000;
constexpr std::int64_t kRevision = 1'790'000'000'500;
const std::string kKey = "image:met:1";

std::string work(std::string_view rest = "") {
  return R"({"media_type":"image","provider":"met","foreign_identifier":"1","foreign_landing_url":"https://l.org","url":"https://u.org/a.jpg","license":"by","license_version":"4.0")" +
         std::string{rest} + "}";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

Decision decided(DecisionKind kind) {
  const std::string id = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
  return {kKey, kind, {{UtcTime{kT}, id, std::string{to_string(kind)}, "me", "so"}}};
}

class Damaged : public testing::Test {
 protected:
  Damaged() {
    batch([&] { partition.apply(kKey, sighting_json(kT, work(R"(,"title":"old")"))); }, kRevision);
  }

  void batch(const std::function<void()>& events, std::int64_t now_millis = kRevision - 1'000) {
    partition.out.asides.clear();
    partition.begin(UtcTime::from_millis(now_millis));
    events();
    partition.commit();
  }
  void sight(std::string_view title, std::int64_t after = kDay) {
    batch([&] {
      partition.apply(kKey,
                      sighting_json(kT + after, work(R"(,"title":")" + std::string{title} + "\"")));
    });
  }
  std::string text() { return partition.store.records.at(kKey); }
  json::value record() { return json::parse(text()); }
  /// What is on the topic last, for a process that starts with an empty disk.
  void put(const std::string& json) {
    partition.catalogue.emplace_back(kKey, json);
    partition.restore();
  }
  std::int64_t count(std::string_view name) {
    Totals all;
    for (const auto& [provider, sums] : partition.dedupe->committed_totals()) {
      all.add(sums);
    }
    return all.at(name);
  }
  void expect_balance() {
    Totals all;
    for (const auto& [provider, sums] : partition.dedupe->committed_totals()) {
      all.add(sums);
    }
    EXPECT_EQ(all.at("received"), all.at("created") + all.at("merged") + all.at("unchanged") +
                                      all.at("control") + all.sum("dropped") +
                                      all.sum("dead_lettered"));
  }
  /// @param with_work  false after what need not look at the work.
  void expect_whole(bool with_work = true) {
    Arena arena;
    const std::string json = text();  // what is read points into it
    const auto read = read_catalog_record(kKey, json, arena);
    ASSERT_TRUE(read) << read.error().message() << json;
    EXPECT_TRUE(read_record_head(json)) << json;
    EXPECT_TRUE(!with_work || read->work.empty() || parse_work(read->work, arena)) << json;
  }

  OnePartition partition;
};

struct Damage {
  const char* name;
  std::function<std::string(const std::string&)> of;
  std::int64_t revision;  ///< that the next must be above; 0: none can be read
};

class DamagedRecord : public Damaged, public testing::WithParamInterface<Damage> {};

std::function<std::string(const std::string&)> swap(const char* what, std::string with) {
  return [=](const std::string& json) { return replaced(json, what, with); };
}

std::string stamp_text(std::string_view year) {
  return "[\"" + std::string{year} + R"(-01-01T00:00:00.000000Z",1,"0123456789abcdef"])";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DamagedRecord,
    testing::Values(
        Damage{"WorkIsANumber",
               [](const std::string& json) {
                 const auto from = json.find("{\"media_type\"");
                 return replaced(json, json.substr(from, json.find(",\"derived\"") - from), "5");
               },
               kRevision},
        Damage{"WorkWithoutUrl", swap(R"("url":"https://u.org/a.jpg",)", ""), kRevision},
        Damage{"WorkOfAnother", swap(R"("foreign_identifier":"1")", R"("foreign_identifier":"2")"),
               kRevision},
        Damage{"WorkHasNoJson", swap(R"("license":"by")", R"("license":by)"), kRevision},
        Damage{"WorkHasAHalfSurrogate", swap(R"("title":"old")", R"("title":"\ud800")"), kRevision},
        Damage{"WorkHasAControlCharacter", swap(R"("title":"old")", "\"title\":\"\n\""), kRevision},
        Damage{"WorkIsNotUtf8", swap(R"("title":"old")", "\"title\":\"\xc3(\""), kRevision},
        Damage{"MemberOfWorkTwice", swap(R"("title":"old")", R"("title":"old","title":"two")"),
               kRevision},
        Damage{"WorkEndsEarly", swap(R"("title":"old"},)", R"("title":"old",)"), kRevision},
        Damage{"RevisionTwice", swap(R"("revision":)", R"("revision":7,"revision":)"), kRevision},
        Damage{"RevisionPastAllTimes",
               swap(R"("revision":1790000000500)", R"("revision":319500000000000000)"), 0},
        Damage{"RevisionGreatest",
               swap(R"("revision":1790000000500)", R"("revision":9223372036854775807)"), 0},
        Damage{"RevisionPast64Bits",
               swap(R"("revision":1790000000500)", R"("revision":99999999999999999999)"), 0},
        Damage{"RevisionNegative", swap(R"("revision":)", R"("revision":-)"), 0},
        Damage{"RevisionText", swap(R"("revision":1790000000500)", R"("revision":"x")"), 0},
        Damage{"NewestInTheYear3000", swap(R"("newest":["2026)", R"("newest":["3000)"), kRevision},
        Damage{"NewestBefore1970", swap(R"("newest":["2026)", R"("newest":["1926)"), kRevision},
        Damage{"NewestIsText", swap(R"("newest":[)", R"("newest":"x","n":[)"), kRevision},
        Damage{"OlderIsBroken", swap(R"("older":{})", R"("older":{"creator":1})"), kRevision},
        Damage{"OlderTwice",
               swap(R"("older":{})", R"("older":{"title":)" + stamp_text("2026") + R"(,"title":)" +
                                         stamp_text("2026") + "}"),
               kRevision},
        Damage{"OlderInTheYear3000",
               swap(R"("older":{})", R"("older":{"title":)" + stamp_text("3000") + "}"), kRevision},
        Damage{"RemovedInTheYear9999",
               swap(R"("removed":null)", R"("removed":"9999-12-31T23:59:59.000000Z")"), kRevision},
        Damage{"LastSeenInTheYear9999", swap(R"("last_seen_at":"2026)", R"("last_seen_at":"9999)"),
               kRevision},
        Damage{"RevisionTwiceOnceEscaped",
               swap(R"("decisions":)", R"("re\u0076ision":9,"decisions":)"), kRevision},
        Damage{"UnknownMemberTwice", swap(R"("decisions":)", R"("a":1,"\u0061":2,"decisions":)"),
               kRevision},
        Damage{"UnknownMemberOfWorkTwice",
               swap(R"("title":"old")", R"("title":"old","a":1,"b":2,"a":3)"), kRevision},
        Damage{"UnknownMemberOfSeenTwice", swap(R"("older":{})", R"("older":{},"a":1,"a":1)"),
               kRevision},
        Damage{"RevisionOfTheSourceAndNoOther",
               [](const std::string& json) {
                 return replaced(replaced(json, R"("revision":1790000000500)", R"("revision":"x")"),
                                 R"("title":"old")",
                                 R"("title":5,"meta_data":{"revision":253402300799999})");
               },
               0},
        Damage{"HashOfUrlIsNone", swap(R"("url_hash":")", R"("url_hash":"zz)"), kRevision},
        Damage{"CreatedOnBefore1970", swap(R"("created_on":"2026)", R"("created_on":"1926)"),
               kRevision},
        Damage{"CreatedOnMissing", swap(R"("created_on")", R"("created_off")"), kRevision},
        Damage{"StatusUnknown", swap(R"("status":"live")", R"("status":"asleep")"), kRevision},
        Damage{"DerivedMissing", swap(R"("derived")", R"("derive")"), kRevision},
        Damage{"DecisionsAList", swap(R"("takedown":null)", R"("takedown":)"), kRevision},
        Damage{"KeyOfAnother", swap(R"("key":"image:met:1")", R"("key":"image:met:2")"), kRevision},
        Damage{"IdentifierOfAnother",
               [](const std::string& json) {
                 return replaced(json, work_identifier(kKey), work_identifier("image:met:2"));
               },
               kRevision},
        Damage{"CutInTheMiddle",
               [](const std::string& json) { return json.substr(0, json.size() / 2); }, kRevision},
        Damage{"CutAndClosed",
               [](const std::string& json) { return json.substr(0, json.size() / 2) + "}}"; },
               kRevision},
        Damage{"LooksWholeByItsHead",
               [](const std::string& json) {
                 return R"({,"last_seen_at":null,"status":"live",)" +
                        json.substr(json.find("\"seen\""));
               },
               0},
        Damage{"Empty", [](const std::string&) { return std::string{}; }, 0},
        Damage{"NoMembers", [](const std::string&) { return std::string{"{}"}; }, 0},
        Damage{"NoText", [](const std::string&) { return std::string{"\x01\xff\0x", 4}; }, 0}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_P(DamagedRecord, IsPutAsideAndTheNextSightingMakesTheWorkAnew) {
  const std::string bad = GetParam().of(text());
  put(bad);
  sight("new");
  ASSERT_EQ(partition.out.asides.size(), 1U);
  EXPECT_EQ(partition.out.asides[0].key, kKey);
  EXPECT_EQ(partition.out.asides[0].bytes, bad);
  EXPECT_FALSE(partition.out.asides[0].error.rule().empty());
  EXPECT_EQ(count("catalogue.put_aside"), 1);
  expect_whole();
  EXPECT_EQ(record().at("status").as_string(), "live");
  EXPECT_EQ(record().at("work").at("title").as_string(), "new");
  EXPECT_EQ(record().at("key").as_string(), kKey);
  EXPECT_EQ(record().at("identifier").as_string(), work_identifier(kKey));
  EXPECT_GT(record().at("revision").as_int64(), GetParam().revision);
  EXPECT_LE(record().at("revision").as_int64(), kRevision + 1);
  EXPECT_LE(*parse_time(record().at("created_on").as_string()), UtcTime{kT + kDay});
  EXPECT_GE(*parse_time(record().at("created_on").as_string()), UtcTime{kT - kDay});
  expect_balance();

  sight("newer", 2 * kDay);
  EXPECT_TRUE(partition.out.asides.empty()) << "once";
  EXPECT_EQ(record().at("work").at("title").as_string(), "newer");
  expect_balance();
  partition.restore();
  sight("newer", 2 * kDay);
  EXPECT_EQ(count("catalogue.put_aside"), 1);
}

TEST_P(DamagedRecord, GoesOnWithAnyOtherEvent) {
  const std::string bad = GetParam().of(text());
  for (const std::size_t table_bytes : {std::size_t{0}, std::size_t{1}}) {
    partition.limit_table(table_bytes);
    put(bad);
    batch([&] { partition.apply(kKey, sighting_json(kT + 30 * kDay, work(R"(,"title":"old")"))); });
    expect_whole();
    put(bad);
    batch([&] { partition.apply(kKey, removal_json(kT + kDay)); });
    expect_whole(false);
    EXPECT_EQ(record().at("status").as_string(), "removed_at_source");
    for (const DecisionKind kind : {DecisionKind::takedown, DecisionKind::sensitive,
                                    DecisionKind::erase, DecisionKind::reemit}) {
      put(bad);
      batch([&] { partition.decide(decided(kind)); });
      expect_whole(kind != DecisionKind::takedown);
      const bool blocks = kind == DecisionKind::takedown || kind == DecisionKind::erase;
      EXPECT_EQ(record().at("status").as_string() == "blocked", blocks) << text();
      sight("new");
      expect_whole();
      EXPECT_EQ(record().at("status").as_string(), blocks ? "blocked" : "live") << text();
      EXPECT_EQ(record().as_object().contains("work"), kind != DecisionKind::erase) << text();
    }
    put(bad);
    batch([&] {
      partition.rule(kKey + "|0123456789abcdef0123456789abcdef", R"({"owner":"image:met:2"})");
      EXPECT_FALSE(partition.dedupe->presence(kKey, bad, partition.rules).seen_at >
                   kLatestSighting);
    });
    partition.rules.authority.clear();
    partition.rules.policy_version = 5;
    batch([&] {
      Dedupe::Tools with = partition.tools(1);
      partition.dedupe->review(kKey, partition.store.records.at(kKey), with, partition.out);
    });
    partition.rules = shipped_dedupe_rules();
    expect_balance();
  }
}

TEST_F(Damaged, AnAbortedBatchPutsNothingAside) {
  put("{}");
  partition.begin(UtcTime::from_millis(kRevision));
  partition.apply(kKey, sighting_json(kT + kDay, work(R"(,"title":"new")")));
  partition.abort();
  EXPECT_EQ(text(), "{}");
  EXPECT_EQ(count("catalogue.put_aside"), 0);
  sight("new");
  EXPECT_EQ(count("catalogue.put_aside"), 1);
}

TEST_F(Damaged, AWorkThatIsTakenDownStaysSo) {
  batch([&] { partition.decide(decided(DecisionKind::takedown)); });
  put(replaced(text(), R"("url":"https://u.org/a.jpg",)", ""));
  sight("new");
  EXPECT_EQ(partition.out.asides.size(), 1U);
  EXPECT_EQ(record().at("status").as_string(), "blocked");
  expect_whole();
}

TEST_F(Damaged, AWorkWhoseTakedownIsLostIsShownToNobody) {
  batch([&] { partition.decide(decided(DecisionKind::takedown)); });
  const std::string bad = replaced(text(), R"("decisions":{)", R"("decisions":{{)");
  put(bad);
  sight("new");
  ASSERT_EQ(partition.out.letters.size(), 1U);
  EXPECT_EQ(partition.out.letters[0].field(), "decisions");
  EXPECT_EQ(text(), bad);
  batch([&] { partition.apply(kKey, removal_json(kT + kDay)); });
  EXPECT_EQ(partition.out.letters.size(), 2U);
  expect_balance();
  batch([&] { partition.decide(decided(DecisionKind::reemit)); });
  EXPECT_EQ(partition.out.letters.size(), 3U) << "it says nothing of why";
  batch([&] { partition.decide(decided(DecisionKind::takedown)); });
  EXPECT_EQ(record().at("status").as_string(), "blocked");
  expect_whole();
  sight("newer");
  EXPECT_EQ(record().at("status").as_string(), "blocked");
}

TEST_F(Damaged, AReadableRecordThatIsBlockedByNothingIsShownToNobody) {
  const std::string bad = replaced(text(), R"("status":"live")", R"("status":"blocked")");
  put(bad);
  sight("new");
  ASSERT_EQ(partition.out.letters.size(), 1U);
  EXPECT_EQ(partition.out.letters[0].field(), "decisions");
  // The content of the record, at a time that makes it look into the record.
  batch([&] { partition.apply(kKey, sighting_json(kT + 30 * kDay, work(R"(,"title":"old")"))); });
  batch([&] { partition.apply(kKey, removal_json(kT + kDay)); });
  batch([&] { partition.decide(decided(DecisionKind::sensitive)); });
  EXPECT_EQ(partition.out.letters.size(), 4U);
  batch([&] {
    partition.rule(kKey + "|" + std::string{record().at("seen").at("url_hash").as_string()},
                   R"({"owner":"image:met:2"})");
    partition.rules.policy_version = 5;
    partition.rules.authority.clear();
    Dedupe::Tools with = partition.tools(1);
    EXPECT_FALSE(partition.dedupe->review(kKey, bad, with, partition.out));
  });
  EXPECT_EQ(text(), bad);
  EXPECT_TRUE(partition.out.asides.empty());
  EXPECT_EQ(count("catalogue.passed_over"), 2);
  expect_balance();
  batch([&] { partition.decide(decided(DecisionKind::takedown)); });
  sight("new");
  EXPECT_EQ(record().at("status").as_string(), "blocked");
  EXPECT_EQ(record().at("work").at("title").as_string(), "new");
}

TEST_F(Damaged, WhatAnotherVersionBlocksStaysBlocked) {
  const std::string blocked = replaced(text(), R"("status":"live")", R"("status":"blocked")");
  for (const char* kinds : {R"("geo":{"active":true,"history":[]},)", R"("geo":{"active":true},)",
                            R"("geo":{"history":[],"\u0061ctive":true},)"}) {
    put(replaced(blocked, R"("decisions":{)", R"("decisions":{)" + std::string{kinds}));
    sight("new");
    EXPECT_EQ(record().at("status").as_string(), "blocked") << kinds;
    EXPECT_EQ(record().at("work").at("title").as_string(), "new");
    EXPECT_TRUE(record().at("decisions").at("geo").at("active").as_bool());
    batch([&] { partition.apply(kKey, removal_json(kT + 2 * kDay)); });
    batch([&] { partition.decide(decided(DecisionKind::sensitive)); });
    EXPECT_EQ(record().at("status").as_string(), "blocked") << kinds;
    EXPECT_TRUE(record().at("decisions").at("geo").at("active").as_bool());
  }
  EXPECT_TRUE(partition.out.letters.empty());
  // One that was not blocked: its kind is none that blocks.
  put(replaced(text(), R"("status":"blocked")", R"("status":"live")"));
  sight("newer", 3 * kDay);
  EXPECT_EQ(record().at("status").as_string(), "live");
  // Damaged besides, so that nobody knows: it is shown to nobody.
  put(replaced(text(), R"("status":"live")", R"("status":7)"));
  sight("newest", 4 * kDay);
  EXPECT_EQ(record().at("status").as_string(), "blocked");
}

TEST_F(Damaged, ADecisionIsReadInAnyOrderOfItsMembers) {
  batch([&] { partition.decide(decided(DecisionKind::takedown)); });
  const json::value of_kind = record().at("decisions").at("takedown");
  const std::string turned =
      R"({"history":)" + to_json(of_kind.at("history")) + R"(,"active":true})";
  put(replaced(text(), R"("takedown":)" + to_json(of_kind), R"("take\u0064own":)" + turned));
  sight("new");
  EXPECT_EQ(record().at("status").as_string(), "blocked");
  batch([&] { partition.decide(decided(DecisionKind::sensitive)); });
  EXPECT_EQ(record().at("status").as_string(), "blocked");
  Decision undo = decided(DecisionKind::takedown);
  undo.history = {{UtcTime{kT + 1}, "1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11", "undo", "me", "so"}};
  batch([&] { partition.decide(undo); });
  EXPECT_EQ(record().at("status").as_string(), "live");
  EXPECT_EQ(record().at("decisions").at("takedown").at("history").as_array().size(), 2U);
}

TEST_F(Damaged, StampsOfSlotsMayStandInAnyOrder) {
  batch([&] {
    partition.apply(kKey, sighting_json(kT + 1, work(R"(,"creator":"c","meta_data":{"x":"1"})")));
  });
  sight("new", 2);
  const std::string older = to_json(record().at("seen").at("older"));
  const std::size_t second = older.find(",\"meta_data.x\"");
  ASSERT_NE(second, std::string::npos) << older;
  const std::string turned = "{" + older.substr(second + 1, older.size() - second - 2) + "," +
                             older.substr(1, second - 1) + "}";
  const std::string bytes = text();
  put(replaced(bytes, older, turned));
  sight("newer", 3);
  EXPECT_TRUE(partition.out.asides.empty());
  EXPECT_EQ(to_json(record().at("seen").at("older")), older);
}

// A record may list a slot for which its work has nothing; the next value takes the entry's place.
TEST_F(Damaged, ASlotIsListedOnce) {
  put(replaced(text(), R"("older":{})", R"("older":{"width":)" + stamp_text("2020") + "}"));
  batch([&] { partition.apply(kKey, sighting_json(kT - kDay, work(R"(,"width":100)"))); });
  EXPECT_EQ(record().at("work").at("width").as_int64(), 100);
  EXPECT_EQ(record().at("seen").at("older").at("width").at(0).as_string(),
            format_micros(UtcTime{kT - kDay}));
  expect_whole();
  EXPECT_EQ(text().find("\"width\":["), text().rfind("\"width\":["));
}

TEST_F(Damaged, ManyUnknownMembersAreReadOnce) {
  std::string members;
  for (int i = 0; i < 20'000; ++i) {
    members += ",\"m" + std::to_string(i) + "\":1";
  }
  put(replaced(text(), R"("title":"old")", R"("title":"old")" + members));
  sight("new");
  EXPECT_TRUE(partition.out.asides.empty());
  EXPECT_EQ(record().at("work").at("m19999").as_int64(), 1);
}

TEST_F(Damaged, KeepsWhatCanBeRead) {
  batch([&] { partition.decide(decided(DecisionKind::sensitive)); });
  put(replaced(text(), R"("url":"https://u.org/a.jpg",)", ""));
  sight("new");
  EXPECT_EQ(record().at("derived").at("sensitivity").at(0).as_string(),
            "user_reported_sensitivity");
  EXPECT_EQ(*parse_time(record().at("created_on").as_string()), UtcTime{kT});
}

TEST_F(Damaged, ReleasesTheClaimOfTheOldRecord) {
  const std::string hash{record().at("seen").at("url_hash").as_string()};
  put(replaced(text(), R"("license":"by")", R"("license":by)"));
  batch([&] {
    partition.apply(kKey, sighting_json(kT + kDay, replaced(work(), "https://u.org/a.jpg",
                                                            "https://u.org/b.jpg")));
    ASSERT_EQ(partition.out.claims.size(), 2U);
    EXPECT_EQ(partition.out.claims[0].first, hash + "|" + kKey);
    EXPECT_FALSE(partition.out.claims[0].second);
  });
}

TEST_F(Damaged, TheLastRevisionIsFollowedByItself) {
  put(replaced(text(), R"("revision":1790000000500)",
               R"("revision":)" + std::to_string(kMostRevision)));
  sight("new");
  EXPECT_TRUE(partition.out.asides.empty());
  EXPECT_EQ(record().at("revision").as_int64(), kMostRevision);
}

TEST_F(Damaged, MembersOfAnotherVersionAreCarriedAlong) {
  std::string json = replaced(text(), R"("title":"old")",
                              R"("title":"old","colours":["red",{"n":null}],"a\"b":1)");
  json = replaced(json, R"("decisions":{)", R"("later":{"x":[]},"decisions":{"loan":{"y":1},)");
  json = replaced(json, R"("older":{})", R"("older":{},"epoch":7)");
  put(json);
  for (const char* title : {"new", "newer", "new"}) {
    sight(title, title[3] == 'e' ? 2 * kDay : kDay);
  }
  batch([&] { partition.decide(decided(DecisionKind::sensitive)); });
  batch([&] { partition.apply(kKey, removal_json(kT + 3 * kDay)); });
  expect_whole();
  EXPECT_TRUE(partition.out.asides.empty());
  EXPECT_EQ(count("catalogue.put_aside"), 0);
  EXPECT_EQ(to_json(record().at("work").at("colours")), R"(["red",{"n":null}])");
  EXPECT_EQ(record().at("work").at("a\"b").as_int64(), 1);
  EXPECT_EQ(to_json(record().at("later")), R"({"x":[]})");
  EXPECT_EQ(to_json(record().at("decisions").at("loan")), R"({"y":1})");
  EXPECT_EQ(record().at("seen").at("epoch").as_int64(), 7);
  // Since when the newest sighting lacks it: the other version places later ones by that.
  EXPECT_EQ(record().at("seen").at("older").at("colours").at(0).as_string(),
            format_micros(UtcTime{kT}));
}

TEST_F(Damaged, ARecordWithWhiteSpaceIsARecord) {
  std::string spaced;
  bool in_text = false;
  for (const char c : text()) {
    in_text = in_text != (c == '"');
    spaced += c;
    spaced += !in_text && (c == ':' || c == ',' || c == '{') ? " \n" : "";
  }
  spaced = replaced(spaced, R"("title": )", R"("colours": [ "red" ], "title": )");
  put(spaced);
  sight("new");
  EXPECT_TRUE(partition.out.asides.empty());
  EXPECT_EQ(to_json(record().at("work").at("colours")), R"(["red"])");
  EXPECT_EQ(*parse_time(record().at("created_on").as_string()), UtcTime{kT});
  EXPECT_EQ(record().at("revision").as_int64(), kRevision + 1);
}

TEST_F(Damaged, WhatIsUnderNoKeyOfAWorkIsIgnored) {
  using std::literals::string_view_literals::operator""sv;
  for (const std::string_view key : {"\0positions"sv, "met:1"sv, ""sv, "image::1"sv}) {
    EXPECT_EQ(partition.dedupe->restore_record(key, text()).error().errc(), Errc::wrong_key);
  }
}

TEST_F(Damaged, SeenEntriesMaySayAnyTime) {
  const auto known = partition.dedupe->table().find(xxh3(kKey));
  ASSERT_TRUE(known);
  for (const std::int64_t micros :
       {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
        kLatestSighting.micros + 1, std::int64_t{-1}}) {
    partition.dedupe->restore_seen(xxh3(kKey), known->fingerprint, UtcTime{micros});
    EXPECT_EQ(partition.newest_of(kKey), UtcTime{kT});
  }
  partition.dedupe->restore_seen(xxh3(kKey), known->fingerprint, kLatestSighting);
  EXPECT_EQ(partition.newest_of(kKey), kLatestSighting);
}

}  // namespace
}  // namespace freshet
