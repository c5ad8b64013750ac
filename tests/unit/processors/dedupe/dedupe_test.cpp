// What one partition does with one record after the other.
#include "processors/stages/dedupe/dedupe.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/hash.hpp"
#include "core/json.hpp"
#include "dedupe_fixture.hpp"
#include "processors/clean/rules.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kDay = 86'400'000'000;
constexpr std::int64_t kT = 1'790'000'000'000'000;
const std::string kKey = "image:met:1";

std::string work(std::string_view rest = "", std::string_view id = "1") {
  return R"({"media_type":"image","provider":"met","foreign_identifier":")" + std::string{id} +
         R"(","foreign_landing_url":"https://l.org","url":"https://u.org/a.jpg","license":"by","license_version":"4.0")" +
         std::string{rest} + "}";
}

class OneWork : public testing::Test {
 protected:
  // One record in a batch of its own.
  void send(const std::string& value, std::int64_t now_millis, std::string_view key = kKey) {
    partition.begin(UtcTime::from_millis(now_millis));
    partition.apply(key, value);
    partition.commit();
  }
  json::value record(std::string_view key = kKey) {
    return json::parse(partition.store.records.at(std::string{key}));
  }
  std::int64_t revision() { return record().at("revision").as_int64(); }
  std::int64_t count(std::string_view name) {
    Totals all;
    for (const auto& [provider, sums] : partition.dedupe->committed_totals()) {
      all.add(sums);
    }
    return all.at(name);
  }
  Errc last_letter() {
    EXPECT_FALSE(partition.out.letters.empty());
    return partition.out.letters.empty() ? Errc::unspecified : partition.out.letters.back().errc();
  }
  OnePartition partition;
};

TEST_F(OneWork, CreatesTheRecordThatTheDesignShows) {
  send(sighting_json(kT, work()), 1'790'000'000'500);
  const auto made = record();
  EXPECT_EQ(made.at("key").as_string(), kKey);
  EXPECT_EQ(made.at("revision").as_int64(), 1'790'000'000'500);
  EXPECT_EQ(made.at("status").as_string(), "live");
  EXPECT_EQ(made.at("created_on").as_string(), format_millis(UtcTime{kT}));
  EXPECT_EQ(made.at("updated_on").as_string(),
            format_millis(UtcTime::from_millis(1'790'000'000'500)));
  EXPECT_EQ(made.at("last_seen_at").as_string(), format_millis(UtcTime{kT}));
  EXPECT_EQ(made.at("derived").at("authority").as_int64(), 90);
  EXPECT_EQ(made.at("seen").at("newest").at(0).as_string(), format_micros(UtcTime{kT}));
  EXPECT_EQ(count("created"), 1);
  EXPECT_EQ(count("works.live"), 1);
}

TEST_F(OneWork, SeenAgainUnchangedIsTwentyFourBytesAndNoRead) {
  send(sighting_json(kT, work()), 1);
  const std::string before = partition.store.records.at(kKey);
  partition.store.reads = 0;
  send(sighting_json(kT + 5, work()), 2);
  EXPECT_EQ(partition.store.records.at(kKey), before);
  EXPECT_EQ(partition.store.reads, 0);
  EXPECT_EQ(partition.seen.size(), kSeenEntryBytes);
  send(sighting_json(kT + 5, work()), 3);  // the very same sighting: nothing at all
  EXPECT_EQ(partition.seen.size(), kSeenEntryBytes);
  EXPECT_EQ(count("unchanged"), 2);
}

TEST_F(OneWork, RevisionGrowsWithThePublicPartOnly) {
  send(sighting_json(kT, work(R"(,"title":"a")")), 1'000);
  EXPECT_EQ(revision(), 1'000);
  send(sighting_json(kT + 1, work(R"(,"title":"b")")), 1'000);
  EXPECT_EQ(revision(), 1'001);  // the same batch time: the previous one plus one
  send(sighting_json(kT + 2, work(R"(,"title":"c")")), 5'000);
  EXPECT_EQ(revision(), 5'000);
  // The same content in other bytes: only `seen` changes.
  send(sighting_json(kT + 3, work(R"(,"title":"c","meta_data":{"x":null})")), 9'000);
  EXPECT_EQ(revision(), 5'000);
  EXPECT_EQ(record().at("updated_on").as_string(), format_millis(UtcTime::from_millis(5'000)));
  EXPECT_EQ(record().at("seen").at("newest").at(0).as_string(), format_micros(UtcTime{kT + 3}));
  EXPECT_EQ(count("merged"), 3);
}

Dedupe::Tools with_cleaner(OnePartition& partition, Cleaner& cleaner, std::uint32_t version) {
  Dedupe::Tools tools = partition.tools(version);
  tools.clean = [&cleaner](std::string_view work, Arena& arena, Cleaned what) {
    return cleaner.clean(work, arena, what);
  };
  return tools;
}

TEST_F(OneWork, CountsWhatCleanLeftOutBesideTheRecords) {
  Cleaner cleaner;
  const auto tools = with_cleaner(partition, cleaner, kRulesVersion);
  for (const std::int64_t at : {kT, kT + 1}) {
    const std::string value = sighting_json(
        at, work(R"(,"width":-3,"height":)" + std::to_string(kT - at) + R"(,"tags":["a",5,{}])"));
    partition.begin(UtcTime::from_millis(1'000));
    partition.dedupe->apply({kKey, value, schema_header::kRaw, {4'000'000'000'000'000}}, tools,
                            partition.out);
    partition.commit();
  }
  EXPECT_EQ(count("left_out.width.range"), 2);
  EXPECT_EQ(count("left_out.height.range"), 2);
  EXPECT_EQ(count("left_out.tags.name.text"), 4);
  EXPECT_EQ(count("received"), 2);
  EXPECT_EQ(count("created") + count("merged"), 2);
}

TEST_F(OneWork, CountsNothingAsLeftOutOfARecordThatIsRefused) {
  Cleaner cleaner;
  const auto tools = with_cleaner(partition, cleaner, kRulesVersion);
  partition.out.limit = 100;
  partition.begin(UtcTime::from_millis(1'000));
  const std::string value = sighting_json(kT, work(R"(,"width":-3)"));
  partition.dedupe->apply({kKey, value, schema_header::kRaw, {4'000'000'000'000'000}}, tools,
                          partition.out);
  partition.commit();
  EXPECT_EQ(partition.out.letters.size(), 1U);
  EXPECT_EQ(count("left_out.width.range"), 0);
}

// A merged work may have more than one sighting: it is not cut to the measure of one.
TEST_F(OneWork, CleaningAnewLeavesAMergedWorkItsTags) {
  std::string tags;
  for (int i = 0; i < 400; ++i) {
    const std::string n = std::to_string(i);
    tags += (tags.empty() ? "" : ",") + (R"({"name":"a)" + n) + R"(","provider":"met"},)" +
            R"({"name":"b)" + n + R"(","provider":"robot","accuracy":0.5})";
  }
  tags += R"(,{"name":"b0","provider":"robot","accuracy":0.75})"
          R"(,{"name":"c","provider":"robot","accuracy":97})";
  send(sighting_json(kT, work(R"(,"title":"a","tags":[)" + tags + "]")), 1'000);
  ASSERT_EQ(record().at("work").at("tags").as_array().size(), 802U);
  Cleaner cleaner;
  const auto tools = with_cleaner(partition, cleaner, kRulesVersion);
  partition.begin(UtcTime::from_millis(2'000));
  const std::string value = sighting_json(kT + 1, work(R"(,"title":"b")"));
  partition.dedupe->apply({kKey, value, schema_header::kRaw, {4'000'000'000'000'000}}, tools,
                          partition.out);
  partition.commit();
  EXPECT_EQ(record().at("work").at("title").as_string(), "b");
  EXPECT_EQ(record().at("work").at("tags").as_array().size(), 801U);
  EXPECT_EQ(count("left_out.tags.accuracy.range"), 1);
  EXPECT_EQ(count("left_out.tags.max_elements"), 0);
}

// Of what another version wrote clean knows nothing, and takes nothing away.
TEST_F(OneWork, CleaningAnewKeepsMembersOfAnotherVersion) {
  send(sighting_json(kT, work(R"(,"title":"a")")), 1'000);
  std::string json = partition.store.records.at(kKey);
  json.insert(json.find(R"("title":"a")"), R"("colours":["red"],)");
  partition.catalogue.emplace_back(kKey, json);
  partition.restore();
  Cleaner cleaner;
  const auto tools = with_cleaner(partition, cleaner, kRulesVersion);
  partition.begin(UtcTime::from_millis(2'000));
  const std::string value = sighting_json(kT + 1, work(R"(,"title":"b","shapes":["round"])"));
  partition.dedupe->apply({kKey, value, schema_header::kRaw, {4'000'000'000'000'000}}, tools,
                          partition.out);
  partition.commit();
  const json::value made = record().at("work");
  EXPECT_EQ(made.at("title").as_string(), "b");
  EXPECT_EQ(to_json(made.at("colours")), R"(["red"])");
  EXPECT_FALSE(made.as_object().contains("shapes")) << "of a sighting clean takes what it knows";
}

// Older rules let a width pass that the newest sighting no longer had, so that it is listed.
TEST_F(OneWork, CleaningAnewForgetsTheStampsOfWhatItLeavesOut) {
  send(sighting_json(kT, work(R"(,"width":-1)")), 1'000);
  send(sighting_json(kT + 1, work(R"(,"title":"b")")), 2'000);
  ASSERT_TRUE(record().at("seen").at("older").as_object().contains("width"));
  Cleaner cleaner;
  const auto tools = with_cleaner(partition, cleaner, kRulesVersion);
  partition.begin(UtcTime::from_millis(3'000));
  const std::string value = sighting_json(kT - 1, work(R"(,"width":100)"));
  partition.dedupe->apply({kKey, value, schema_header::kRaw, {4'000'000'000'000'000}}, tools,
                          partition.out);
  partition.commit();
  EXPECT_EQ(record().at("work").at("width").as_int64(), 100);
  const std::string json = partition.store.records.at(kKey);
  EXPECT_EQ(json.find("\"width\":["), json.rfind("\"width\":[")) << json;
  EXPECT_EQ(record().at("seen").at("older").at("width").at(0).as_string(),
            format_micros(UtcTime{kT - 1}));
}

// A value that today's rules leave out is no part of a sighting any more, so it would never be
// replaced in a record that earlier rules made.
TEST_F(OneWork, CleansWhatEarlierRulesLetPassWithTheNextSighting) {
  send(sighting_json(kT, work(R"(,"title":"a","meta_data":{"license_url":"https://)"
                              R"(creativecommons.org/licenses/by/4.0/deed.de/","x":"1"},)"
                              R"("tags":[{"name":"a","provider":"r","accuracy":97},)"
                              R"({"name":"b","provider":"r"}],"filesize":-5,"width":0)")),
       1'000);
  EXPECT_EQ(record().at("work").at("filesize").as_int64(), -5);
  Cleaner cleaner;
  const auto tools = with_cleaner(partition, cleaner, kRulesVersion);
  partition.begin(UtcTime::from_millis(2'000));
  const std::string value = sighting_json(kT + 1, work(R"(,"title":"b")"));
  partition.dedupe->apply({kKey, value, schema_header::kRaw, {4'000'000'000'000'000}}, tools,
                          partition.out);
  partition.commit();
  const json::value made = record();
  const json::object& kept = made.at("work").as_object();
  EXPECT_FALSE(kept.contains("filesize"));
  EXPECT_FALSE(kept.contains("width"));
  EXPECT_EQ(kept.at("title").as_string(), "b");
  EXPECT_EQ(to_json(kept.at("tags")), R"([{"name":"b","provider":"r"}])");
  EXPECT_EQ(kept.at("meta_data").at("x").as_string(), "1");
  EXPECT_EQ(kept.at("meta_data").at("license_url").as_string(),
            "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(made.at("seen").at("newest").at(1).as_int64(), kRulesVersion);
  EXPECT_EQ(revision(), 2'000);
}

TEST_F(OneWork, PassesLastSeenOnOncePerInterval) {
  send(sighting_json(kT, work()), 1'000);
  send(sighting_json(kT + 19 * kDay, work()), 2'000);
  EXPECT_EQ(revision(), 1'000);
  send(sighting_json(kT + 20 * kDay, work()), 3'000);
  EXPECT_EQ(revision(), 3'000);
  EXPECT_EQ(record().at("last_seen_at").as_string(), format_millis(UtcTime{kT + 20 * kDay}));
  EXPECT_EQ(record().at("updated_on").as_string(), format_millis(UtcTime::from_millis(1'000)));
  send(sighting_json(kT + 21 * kDay, work()), 4'000);
  EXPECT_EQ(revision(), 3'000);
}

TEST_F(OneWork, IsRemovedAndComesBackWithTheNextSighting) {
  send(sighting_json(kT, work()), 1'000);
  send(removal_json(kT + 5), 2'000);
  EXPECT_EQ(record().at("status").as_string(), "removed_at_source");
  EXPECT_TRUE(record().as_object().contains("work"));
  EXPECT_EQ(count("works.live"), 0);
  send(sighting_json(kT + 4, work()), 3'000);  // seen before it was removed
  EXPECT_EQ(record().at("status").as_string(), "removed_at_source");
  send(sighting_json(kT + 6, work()), 4'000);
  EXPECT_EQ(record().at("status").as_string(), "live");
  EXPECT_EQ(count("works.live"), 1);
  EXPECT_EQ(count("works.removed_at_source"), 0);
  EXPECT_EQ(count("control"), 1);
}

TEST_F(OneWork, RemovedBeforeItsFirstSightingIsARecordWithoutWork) {
  send(removal_json(kT + 5), 1'000);
  EXPECT_FALSE(record().as_object().contains("work"));
  EXPECT_TRUE(record().at("last_seen_at").is_null());
  send(sighting_json(kT, work()), 2'000);
  EXPECT_EQ(record().at("status").as_string(), "removed_at_source");
  EXPECT_EQ(record().at("created_on").as_string(), format_millis(UtcTime{kT}));
}

TEST_F(OneWork, WhatAnAbortedBatchDidNeverHappened) {
  send(sighting_json(kT, work()), 1'000);
  const auto before = partition.store.records;
  partition.begin(UtcTime::from_millis(2'000));
  partition.apply(kKey, sighting_json(kT + 5, work()));
  partition.apply(kKey, sighting_json(kT + 6, work(R"(,"title":"b")")));
  partition.apply("image:met:2", sighting_json(kT, work("", "2")));
  partition.abort();
  EXPECT_EQ(partition.store.records, before);
  EXPECT_EQ(partition.dedupe->table().size(), 1U);
  EXPECT_EQ(count("received"), 1);
  send(sighting_json(kT + 5, work()), 3'000);
  EXPECT_EQ(partition.seen.size(), kSeenEntryBytes);
  EXPECT_EQ(count("unchanged"), 1);
}

TEST_F(OneWork, MergesWithinABatch) {
  partition.begin(UtcTime::from_millis(1'000));
  partition.apply(kKey, sighting_json(kT, work(R"(,"title":"a","creator":"x")")));
  partition.apply(kKey, sighting_json(kT + 1, work(R"(,"title":"b")")));
  partition.commit();
  EXPECT_EQ(record().at("work").at("title").as_string(), "b");
  EXPECT_EQ(record().at("work").at("creator").as_string(), "x");
  EXPECT_EQ(count("created"), 1);
  EXPECT_EQ(count("merged"), 1);
}

TEST_F(OneWork, TheLastOfTwoWithOneTimeIsDecidedByTheHash) {
  // The same two in both orders end alike: test of the tie, which producers avoid.
  send(sighting_json(kT, work(R"(,"title":"a")")), 1'000);
  send(sighting_json(kT, work(R"(,"title":"b")")), 2'000);
  const std::string one{record().at("work").at("title").as_string()};
  OnePartition other;
  for (const char* title : {"b", "a"}) {
    other.begin(UtcTime{1});
    other.apply(kKey, sighting_json(kT, work(R"(,"title":")" + std::string{title} + "\"")));
    other.commit();
  }
  EXPECT_EQ(json::parse(other.store.records.at(kKey)).at("work").at("title").as_string(), one);
}

TEST_F(OneWork, PastTheLimitOfTheTableItsRecordKeepsTheTime) {
  partition.limit_table(1);
  send(sighting_json(kT, work()), 1'000);
  EXPECT_EQ(partition.dedupe->table().size(), 0U);
  send(sighting_json(kT + 5, work()), 2'000);  // seen again
  send(sighting_json(kT + 3, work()), 3'000);  // later, but not newer
  EXPECT_EQ(count("created"), 1);
  EXPECT_EQ(count("unchanged"), 2);
  EXPECT_EQ(partition.catalogue.size(), 1U);
  EXPECT_EQ(partition.seen.size(), kSeenEntryBytes);
  EXPECT_EQ(record().at("seen").at("newest").at(0).as_string(), format_micros(UtcTime{kT + 5}));
  partition.restore();
  EXPECT_EQ(record().at("seen").at("newest").at(0).as_string(), format_micros(UtcTime{kT + 5}));
  partition.restore_over_old_disk();
  EXPECT_EQ(record().at("seen").at("newest").at(0).as_string(), format_micros(UtcTime{kT + 5}));
  // Removed between the two times: it was seen since.
  send(removal_json(kT + 4), 4'000);
  EXPECT_EQ(record().at("status").as_string(), "live");
  // An aborted batch leaves the record as it was.
  const auto before = partition.store.records;
  partition.begin(UtcTime::from_millis(5'000));
  partition.apply(kKey, sighting_json(kT + 9, work()));
  partition.abort();
  EXPECT_EQ(partition.store.records, before);
}

class SharedUrl : public OneWork {
 protected:
  std::string at_url(std::string_view url, std::string_view rest = "") {
    std::string text = work(rest);
    const std::string_view shipped = "https://u.org/a.jpg";
    return text.replace(text.find(shipped), shipped.size(), url);
  }
  void see(std::int64_t micros, const std::string& content) {
    send(sighting_json(kT + micros, content), ++now);
  }
  void told(std::string_view url, std::string_view owner) {
    UrlHash hash = *parse_url_hash(url_hash(MediaType::image, url, partition.rules));
    std::string key;
    append_verdict_key(key, kKey, hash);
    std::string value;
    append_verdict(value, owner);
    partition.begin(UtcTime::from_millis(++now));
    partition.rule(key, value);
    partition.commit();
  }
  std::string owner() {
    const auto made = record();
    EXPECT_EQ(made.at("status").as_string(),
              made.at("duplicate_of").is_null() ? "live" : "duplicate");
    return made.at("duplicate_of").is_null() ? "" : made.at("duplicate_of").as_string().c_str();
  }
  /// Of the last batch, since the last call: `claim`, `claim?` (asks for an answer), `release`.
  std::string said() {
    std::string text;
    for (const auto& [key, value] : std::exchange(partition.claims, {})) {
      const bool asks = value && value->find("answer") != std::string::npos;
      text += (text.empty() ? "" : " ") + std::string{!value ? "release"
                                                      : asks ? "claim?"
                                                             : "claim"};
    }
    return text;
  }

  const std::string kA = "https://u.org/a.jpg";
  const std::string kB = "https://u.org/b.jpg";
  const std::string kOwner = "image:flickr:7";
  std::int64_t now = 1;
};

TEST_F(SharedUrl, KeepsItsOwnerWhileTheUrlStaysWhatItIs) {
  see(0, at_url(kA));
  EXPECT_EQ(said(), "claim");
  told(kA, kOwner);
  EXPECT_EQ(owner(), kOwner);
  see(10, at_url(kA, R"(,"title":"another")"));
  EXPECT_EQ(owner(), kOwner);
  see(20, at_url("http://U.org:80/a.jpg?utm_source=x#top", R"(,"title":"another")"));
  EXPECT_EQ(owner(), kOwner) << "the same URL in another form";
  see(5, at_url(kA, R"(,"title":"late")"));
  EXPECT_EQ(owner(), kOwner);
  EXPECT_EQ(said(), "") << "nothing of this changes the claim";
  see(-1'000'000, at_url(kB, R"(,"title":"late, and of another URL")"));
  EXPECT_EQ(owner(), kOwner) << "an older sighting's URL is not the work's";
  EXPECT_EQ(said(), "claim?") << "it was there earlier than it said";
  told(kA, kKey);
  EXPECT_EQ(owner(), "");
}

TEST_F(SharedUrl, ForgetsTheOwnerOfAUrlThatItNoLongerHas) {
  see(0, at_url(kA));
  told(kA, kOwner);
  said();
  see(10, at_url(kB));
  EXPECT_EQ(owner(), "");
  EXPECT_EQ(said(), "release claim?");
  told(kA, kOwner);
  EXPECT_EQ(owner(), "") << "about the URL that it had";
  told(kB, kOwner);
  EXPECT_EQ(owner(), kOwner);
  see(20, at_url(kA));
  EXPECT_EQ(owner(), "") << "until it is told anew";
  EXPECT_EQ(said(), "release claim?");
}

TEST_F(SharedUrl, ForgetsTheOwnerWhenItIsRemovedAtSource) {
  see(0, at_url(kA));
  told(kA, kOwner);
  said();
  send(removal_json(kT + 10), ++now);
  EXPECT_EQ(record().at("status").as_string(), "removed_at_source");
  EXPECT_TRUE(record().at("duplicate_of").is_null());
  EXPECT_EQ(said(), "release");
  told(kA, kOwner);
  EXPECT_TRUE(record().at("duplicate_of").is_null());
  see(20, at_url(kA));
  EXPECT_EQ(owner(), "");
  EXPECT_EQ(said(), "claim?");
}

// The store keeps positions, sums and notes under keys of its own, beside the records.
TEST_F(OneWork, PastTheLimitOfTheTableAKeyOfTheStoresOwnIsPutAside) {
  partition.limit_table(1);
  send(sighting_json(kT, work()), 1);
  ASSERT_FALSE(partition.dedupe->table().is_complete());
  const std::string own{"\0positions", 10};
  partition.store.records.emplace(own, "12 3 4 5");
  send(sighting_json(kT, work()), 2, own);
  EXPECT_EQ(last_letter(), Errc::wrong_key);
  send("{}", 3, own);
  send(removal_json(kT), 4, own);
  EXPECT_EQ(partition.out.letters.size(), 3);
  EXPECT_EQ(count("received"), 4);
  EXPECT_EQ(partition.store.records.at(own), "12 3 4 5");
}

// Dropped or not, a sighting is counted under the provider that its content names.
TEST_F(OneWork, IsDroppedUnderItsOwnKeyOnly) {
  Dedupe::Tools tools = partition.tools(1);
  tools.clean = [](std::string_view, Arena&, Cleaned) -> CleanResult {
    return Dropped{DropReason::no_open_license, MediaType::image, "met", "1"};
  };
  const auto see = [&](std::string_view key) {
    const std::string value = sighting_json(kT, work());
    partition.begin(UtcTime::from_millis(1));
    partition.dedupe->apply({key, value, schema_header::kRaw, UtcTime{kT}}, tools, partition.out);
    partition.commit();
  };
  see(kKey);
  EXPECT_TRUE(partition.out.letters.empty());
  EXPECT_EQ(
      partition.out.drops,
      (std::vector<std::pair<std::string, std::string>>{{std::string{kKey}, "no_open_license"}}));
  see("image:met:2");
  see("image:made-up:1");
  see("nonsense");
  EXPECT_EQ(partition.out.letters.size(), 3U);
  EXPECT_EQ(last_letter(), Errc::wrong_key);
  const auto& sums = partition.dedupe->committed_totals();
  EXPECT_EQ(sums.at("met").at("dropped.no_open_license"), 1);
  EXPECT_FALSE(sums.contains("made-up"));
  EXPECT_EQ(count("received"), 4);
}

// What is no text the stores refuse, so it must not become a record.
TEST_F(OneWork, ARemovalOfWhatCanBeNoWorkIsPutAside) {
  for (const std::string& key :
       {std::string{"image:met:\xff"}, std::string{"image:met:a\0b", 13}}) {
    partition.out.letters.clear();
    send(removal_json(kT), 1, key);
    EXPECT_EQ(last_letter(), Errc::wrong_key);
    EXPECT_FALSE(partition.store.records.contains(key));
  }
}

TEST_F(OneWork, AForeignWorkWithTheSameHashCostsTimeNotTruth) {
  send(sighting_json(kT, work()), 1'000);
  // As if another work with this hash had been set last.
  partition.dedupe->table().set(xxh3(kKey), {123, UtcTime{kT + 99}, 0});
  send(sighting_json(kT - 5, work(R"(,"title":"old")")), 2'000);
  EXPECT_EQ(record().at("seen").at("newest").at(0).as_string(), format_micros(UtcTime{kT}));
  EXPECT_EQ(record().at("work").at("title").as_string(), "old");
  EXPECT_EQ(count("merged"), 1);
}

TEST_F(OneWork, EveryUnusableRecordIsPutAsideAndCounted) {
  const auto refused = [&](std::string_view key, const std::string& value, Errc errc,
                           std::string_view schema = "raw/1", std::int64_t appended = kT) {
    const std::size_t before = partition.out.letters.size();
    partition.begin(UtcTime{kT});
    const Dedupe::Tools tools{[](std::string_view text, Arena& arena, Cleaned) -> CleanResult {
                                auto parsed = parse_work(copy_to(arena, text), arena);
                                if (!parsed) {
                                  return parsed.error();
                                }
                                return std::move(*parsed);
                              },
                              partition.reader, shipped_dedupe_rules(), std::chrono::days{20}};
    partition.dedupe->apply({key, value, schema, UtcTime{appended}}, tools, partition.out);
    partition.commit();
    ASSERT_EQ(partition.out.letters.size(), before + 1) << value;
    EXPECT_EQ(last_letter(), errc) << partition.out.letters.back().message();
  };
  const std::string good = sighting_json(kT, work());
  refused(kKey, good, Errc::unknown_schema, "raw/2");
  refused(kKey, "no json", Errc::malformed_payload);
  refused("image:met:2", good, Errc::wrong_key);
  refused("nonsense", good, Errc::wrong_key);
  refused(kKey, sighting_json(kT, R"({"media_type":"image"})"), Errc::malformed_payload);
  refused(kKey, sighting_json(kT, R"({"a":1},"work":{"b":1})"), Errc::malformed_payload);
  refused(kKey, sighting_json(kT + 3'600'000'001, work()), Errc::future_time);
  refused("nonsense", removal_json(kT), Errc::wrong_key);
  refused(kKey, R"({"seen":{"fetched_at":"1960-01-01T00:00:00Z"},"work":{}})", Errc::invalid_value);
  partition.out.limit = 100;
  refused(kKey, good, Errc::too_large);
  EXPECT_TRUE(partition.store.records.empty());
  EXPECT_EQ(partition.dedupe->table().size(), 0U);
  EXPECT_EQ(count("received"), 10);
  EXPECT_EQ(count("dead_lettered.wrong_key"), 3);
  partition.out.limit = kCatalogMaxBytes;
  send(sighting_json(kT, work()), 1);
  EXPECT_EQ(count("created"), 1);
}

// A later form of raw records may say more, anywhere: what is not known changes nothing.
TEST_F(OneWork, TakesAMemberBehindWorkForWhatItIs) {
  const auto with = [&](std::int64_t micros, const std::string& behind,
                        std::string_view rest = "") {
    return sighting_json(micros, work(rest) + behind);
  };
  send(with(kT, R"(,"later":{"work":{"title":"no"}})", R"(,"title":"a")"), 1'000);
  EXPECT_EQ(record().at("work").at("title").as_string(), "a");
  EXPECT_EQ(revision(), 1'000);
  // The fingerprint is that of `work` alone: with other members behind it, or none, it repeats.
  send(with(kT + 1, R"(,"later":{"x":[{}]})", R"(,"title":"a")"), 2'000);
  send(sighting_json(kT + 2, work(R"(,"title":"a")")), 3'000);
  EXPECT_EQ(revision(), 1'000);
  EXPECT_EQ(count("unchanged"), 2);
  EXPECT_EQ(count("received"), 3);
  send(with(kT + 3, R"(,"later":{})", R"(,"title":"b")"), 4'000);
  EXPECT_EQ(record().at("work").at("title").as_string(), "b");
  EXPECT_TRUE(partition.out.letters.empty());
}

TEST_F(OneWork, JudgesAMemberBehindWorkThatItKnows) {
  const auto refused = [&](const std::string& behind, Errc errc) {
    const std::size_t before = partition.out.letters.size();
    send(sighting_json(kT, work() + behind), 1'000);
    ASSERT_EQ(partition.out.letters.size(), before + 1) << behind;
    EXPECT_EQ(last_letter(), errc) << partition.out.letters.back().message();
  };
  refused(R"(,"removed":{"reason":"gone"})", Errc::malformed_payload);
  refused(R"(,"later":[{})", Errc::malformed_payload);
  refused(R"(,"later":{})" + std::string{"}{"}, Errc::malformed_payload);
  // Which of two times holds is nobody's to choose.
  refused(R"(,"seen":{"fetched_at":"2199-01-01T00:00:00.000001Z"})", Errc::malformed_payload);
  EXPECT_EQ(partition.out.letters.back().rule(), "duplicate_member");
  EXPECT_EQ(count("received"), 4);
  EXPECT_EQ(partition.dedupe->table().size(), 0U);
}

TEST(RecordHead, IsFoundWhateverTheWorkSays) {
  Arena arena;
  CatalogRecord record{&arena};
  record.key = R"(image:p:","seen":{"newest":["x"]}})";
  record.revision = 5;
  record.status = Status::removed_at_source;
  record.last_seen_at = UtcTime{kT};
  record.work =
      R"({"meta_data":{"a":{"status":"live","last_seen_at":"x","seen":{"newest":["y"]}}}})";
  record.derived = "{}";
  record.decisions = kNoDecisions;
  record.seen.newest = Stamp{UtcTime{kT}, 3, 9};
  record.seen.older.push_back({SlotGroup::meta_data, R"(,"seen":{"newest":)", {UtcTime{1}, 1, 1}});
  std::string json;
  append_catalog_record(json, record);
  const auto head = read_record_head(json);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, Status::removed_at_source);
  EXPECT_EQ(head->newest, record.seen.newest);
  EXPECT_EQ(head->last_seen_at, record.last_seen_at);
  const auto read = parse_catalog_record(json, arena);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, record.key);
  EXPECT_EQ(read->seen.older, record.seen.older);
  std::string again;
  append_catalog_record(again, *read);
  EXPECT_EQ(again, json);
  for (std::size_t length = 0; length < json.size(); ++length) {
    EXPECT_FALSE(parse_catalog_record(std::string_view{json}.substr(0, length), arena)) << length;
  }
}

}  // namespace
}  // namespace freshet
