// What dedupe adds up for popularity and for removals, and what it makes of the answers.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/json.hpp"
#include "dedupe_fixture.hpp"
#include "processors/stages/dedupe/run_count.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kT = 1'790'000'000'000'000;
constexpr std::string_view kScope = "image:flickr";

std::string key_of(int id) { return "image:flickr:" + std::to_string(id); }

std::string photo(int id, std::string_view views) {
  return R"({"media_type":"image","provider":"flickr","foreign_identifier":")" +
         std::to_string(id) + R"(","foreign_landing_url":"https://l.org","url":"https://u.org/)" +
         std::to_string(id) + R"(.jpg","license":"by","license_version":"4.0")" +
         (views.empty() ? "" : R"(,"meta_data":{"views":")" + std::string{views} + "\"}") + "}";
}

std::string run_finished_json(std::int64_t fetched, std::string_view body) {
  return write_raw_record({.kind = RawRecord::Kind::run_finished,
                           .fetched_at = UtcTime{fetched},
                           .run_id = "r",
                           .body = body});
}

std::string run_body(std::int64_t started, std::string_view rest = R"("complete":true)") {
  return R"({"media_type":"image","provider":"flickr","started_at":")" +
         format_millis(UtcTime{started}) + R"(",)" + std::string{rest} + "}";
}

class FlickrPartition : public testing::Test {
 protected:
  void send(const std::string& key, const std::string& value) {
    partition.begin(UtcTime::from_millis(now += 1'000));
    partition.apply(key, value);
    partition.commit();
  }
  void see(int id, std::int64_t micros, std::string_view views = "") {
    send(key_of(id), sighting_json(micros, photo(id, views)));
  }
  void finish_run(std::int64_t fetched, const std::string& body) {
    send("run:image:flickr", run_finished_json(fetched, body));
  }
  /// As a background scan would, works in a batch of their own each. @return records written.
  int review_all() {
    int written = 0;
    const auto stored = partition.store.records;
    for (const auto& [key, json] : stored) {
      partition.begin(UtcTime::from_millis(now += 1'000));
      written += partition.dedupe->review(key, json, partition.tools(1), partition.out) ? 1 : 0;
      partition.commit();
    }
    return written;
  }
  json::value record(int id) { return json::parse(partition.store.records.at(key_of(id))); }
  json::value popularity(int id) { return record(id).at("derived").at("popularity"); }
  std::string status(int id) { return std::string{record(id).at("status").as_string()}; }
  const ValueHistogram& views() { return *partition.dedupe->sums().histogram(kScope); }
  std::optional<RunCount> run() { return partition.dedupe->sums().run(kScope); }

  OnePartition partition;
  std::int64_t now = 1'790'000'100'000;
};

TEST_F(FlickrPartition, CountsViewsAndTakesOldOnesOut) {
  see(1, kT, "10");
  see(2, kT, "20");
  see(3, kT);
  see(4, kT, "none at all");
  EXPECT_EQ(views().size(), 2);
  see(1, kT + 1, "1000");
  EXPECT_EQ(views().size(), 2);
  EXPECT_NEAR(*views().percentile(1), 1'000, 5);
  see(1, kT + 2);  // says nothing of views: the value that is known stays
  EXPECT_EQ(views().size(), 2);
  see(2, kT - 5, "7");  // came late: the newer value stays
  EXPECT_EQ(*views().percentile(0), 20);
  send(key_of(1), removal_json(kT + 9));  // removed works count as well
  EXPECT_EQ(views().size(), 2);
}

// The sums hold what the record had, not what newer rules make of it.
TEST_F(FlickrPartition, WhatIsCleanedAnewIsTakenOutAsItWasCounted) {
  see(1, kT, "10");
  see(2, kT, "20");
  Dedupe::Tools tools = partition.tools(2);
  tools.clean = [](std::string_view text, Arena& arena, Cleaned what) -> CleanResult {
    auto parsed = parse_work(copy_to(arena, text), arena);
    if (!parsed) {
      return parsed.error();
    }
    if (what == Cleaned::merged_work) {
      parsed->meta_data.clear();
    }
    return std::move(*parsed);
  };
  partition.begin(UtcTime::from_millis(now += 1'000));
  partition.dedupe->apply({key_of(1),
                           sighting_json(kT + 1, photo(1, "")),
                           schema_header::kRaw,
                           {4'000'000'000'000'000}},
                          tools, partition.out);
  partition.commit();
  EXPECT_EQ(views().size(), 1);
  EXPECT_EQ(*views().percentile(0), 20);
}

TEST_F(FlickrPartition, WhatADamagedRecordHadIsTakenOut) {
  see(1, kT, "10");
  see(2, kT, "20");
  const auto damaged = [&](std::string_view what, std::string_view with) {
    std::string bad = partition.store.records.at(key_of(1));
    bad.replace(bad.find(what), what.size(), with);
    partition.catalogue.emplace_back(key_of(1), bad);
    partition.restore();
  };
  damaged(R"("license":"by")", R"("license":by)");  // no work any more
  EXPECT_EQ(views().size(), 2);
  see(1, kT + 1, "30");
  EXPECT_EQ(views().size(), 2);
  EXPECT_EQ(*views().percentile(0), 20);
  damaged(R"("revision":)", R"("revision":7,"revision":)");
  send(key_of(1), removal_json(kT + 9));
  damaged(R"("url":)", R"("url":7,"url":)");
  damaged(R"("revision":)", R"("revision":7,"revision":)");
  send(key_of(1), removal_json(kT + 9));  // the work is lost with it
  EXPECT_FALSE(record(1).as_object().contains("work"));
  EXPECT_EQ(views().size(), 1);
  see(1, kT + 10, "40");
  EXPECT_EQ(views().size(), 2);
  damaged(R"("url":)", R"("url":7,"url":)");
  std::erase_if(partition.totals, [](const auto& sum) { return sum.first.starts_with("pop"); });
  damaged(R"("revision":)", R"("revision":7,"revision":)");
  EXPECT_EQ(views().size(), 2) << "counted as it will be taken out";
  see(1, kT + 11);
  EXPECT_EQ(views().size(), 1);
}

TEST_F(FlickrPartition, ErasedContentIsTakenOut) {
  see(1, kT, "10");
  see(2, kT, "20");
  partition.begin(UtcTime::from_millis(now += 1'000));
  partition.decide(Decision{
      key_of(1),
      DecisionKind::erase,
      {{UtcTime{kT}, "00000000-0000-4000-8000-000000000001", "erase", "someone", "because"}}});
  partition.commit();
  EXPECT_EQ(views().size(), 1);
  see(1, kT + 9, "30");
  EXPECT_EQ(views().size(), 1);
}

TEST_F(FlickrPartition, SumsThatWereLostAreCountedAnew) {
  see(1, kT, "10");
  see(2, kT, "20");
  std::erase_if(partition.totals, [](const auto& sum) { return sum.first.starts_with("pop"); });
  partition.restore();
  EXPECT_EQ(views().size(), 2);
  // They reach the topic with the next batch, whatever it is about.
  EXPECT_EQ(partition.totals.count("popularity.image.0:flickr"), 0);
  see(3, kT);
  EXPECT_EQ(partition.totals.at("popularity.image.0:flickr"), R"({"views":{"0":0,"10":1,"20":1}})");
}

TEST_F(FlickrPartition, ScoresByTheConstant) {
  see(1, kT, "50");
  see(2, kT, "0");
  see(3, kT);
  EXPECT_TRUE(popularity(1).is_null());
  partition.rules.scopes.at(std::string{kScope}).constant = 50;
  see(4, kT, "150");
  EXPECT_EQ(popularity(4).as_double(), 0.75);
  const json::value before = record(1);
  EXPECT_EQ(review_all(), 2);
  EXPECT_EQ(popularity(1).as_double(), 0.5);
  EXPECT_EQ(popularity(2).to_number<double>(), 0);
  EXPECT_TRUE(popularity(3).is_null());
  EXPECT_EQ(record(1).at("updated_on"), before.at("updated_on"));
  EXPECT_GT(record(1).at("revision").as_int64(), before.at("revision").as_int64());
  EXPECT_EQ(review_all(), 0);
  partition.restore();
  EXPECT_EQ(views().size(), 3);
}

TEST_F(FlickrPartition, TakesNoteOfAFullRunOnce) {
  finish_run(kT + 5'000'000, run_body(kT));
  ASSERT_TRUE(run());
  EXPECT_EQ(run()->started_at, UtcTime{kT});
  EXPECT_FALSE(run()->is_counted);
  const auto topic = partition.totals.at("run.image:flickr");
  finish_run(kT + 5'000'000, run_body(kT));
  finish_run(kT + 9'000'000, run_body(kT - 1'000'000));
  EXPECT_EQ(partition.totals.at("run.image:flickr"), topic);
  partition.restore();
  EXPECT_EQ(partition.dedupe->sums().uncounted_runs().size(), 1);
  EXPECT_TRUE(partition.out.letters.empty());
}

TEST_F(FlickrPartition, TakesNoteOfARunThatCouldNotReadEverything) {
  finish_run(kT + 5'000'000, run_body(kT, R"("complete":true,"rejected":2)"));
  ASSERT_TRUE(run());
  EXPECT_EQ(run()->started_at, UtcTime{kT});
  EXPECT_EQ(run()->refused_at, UtcTime{kT});
  finish_run(kT + 9'000'000, run_body(kT + 6'000'000, R"("complete":true)"));
  EXPECT_LT(run()->refused_at, run()->started_at);
}

// What is counted is answered in policy, under a key that has to be one there.
TEST_F(FlickrPartition, TakesNoRunThatPolicyCouldNotAnswer) {
  const auto end_run = [&](const std::string& provider, std::int64_t started) {
    partition.out.letters.clear();
    send("run:image:" + provider,
         run_finished_json(kT, R"({"media_type":"image","provider":")" + provider +
                                   R"(","complete":true,"started_at":")" +
                                   format_millis(UtcTime{started}) + "\"}"));
    return partition.out.letters.empty();
  };
  EXPECT_FALSE(end_run("a:b", kT));
  EXPECT_FALSE(end_run(std::string(200, 'a'), kT));
  EXPECT_FALSE(end_run("met", -1'000));
  EXPECT_TRUE(partition.dedupe->sums().uncounted_runs().empty());
  EXPECT_TRUE(end_run("met", kT));
  EXPECT_EQ(partition.dedupe->sums().uncounted_runs().size(), 1);
}

struct RunRow {
  const char* name;
  std::string key;
  std::string body;
  std::optional<Errc> refused;
};

TEST_F(FlickrPartition, TakesOnlyWholeRunsForRuns) {
  const std::vector<RunRow> rows{
      {"NotComplete", "run:image:flickr", run_body(kT, R"("complete":false)"), {}},
      {"OfOneDay", "run:image:flickr", run_body(kT, R"("complete":true,"date":"2026-11-20")"), {}},
      {"AnotherProvider", "run:image:met", run_body(kT), Errc::wrong_key},
      {"AnotherMedia", "run:audio:flickr", run_body(kT), Errc::wrong_key},
      {"NoProvider", "run:image:", run_body(kT), Errc::wrong_key},
      {"BeganAfterItsEnd", "run:image:flickr", run_body(kT + 60'000'000), Errc::invalid_value},
      {"CompleteIsText", "run:image:flickr", run_body(kT, R"("complete":"yes")"),
       Errc::invalid_value},
      {"NoTime", "run:image:flickr",
       R"({"media_type":"image","provider":"flickr","complete":true})", Errc::invalid_value},
  };
  for (const RunRow& row : rows) {
    partition.out.letters.clear();
    send(row.key, run_finished_json(kT + 5'000'000, row.body));
    EXPECT_FALSE(run() && run()->started_at.micros > 0) << row.name;
    ASSERT_EQ(partition.out.letters.size(), row.refused ? 1U : 0U) << row.name;
    if (row.refused) {
      EXPECT_EQ(partition.out.letters[0].errc(), *row.refused) << row.name;
    }
  }
}

TEST_F(FlickrPartition, ARefusedSightingOfAKnownWorkIsRemembered) {
  see(1, kT);
  const auto refuse = [&](int id, std::int64_t micros) {
    send(key_of(id), sighting_json(micros, R"({"media_type":"image"})"));
  };
  refuse(2, kT + 1'000'000);  // never accepted: it cannot be missed
  EXPECT_FALSE(run());
  refuse(1, kT + 2'000'000);
  refuse(1, kT + 1'000'000);
  EXPECT_EQ(partition.out.letters.size(), 3);
  ASSERT_TRUE(run());
  EXPECT_EQ(run()->refused_at, UtcTime{kT + 2'000'000});
  EXPECT_TRUE(partition.dedupe->sums().uncounted_runs().empty());
}

// Known are works that were sighted and are not gone; the table knows when they were last seen.
TEST_F(FlickrPartition, CountsWhatARunMissed) {
  for (int id = 1; id <= 6; ++id) {
    see(id, kT);
  }
  see(2, kT + 20);  // unchanged: only the table knows
  see(3, kT + 20, "5");
  send(key_of(4), removal_json(kT + 5));
  send(key_of(7), removal_json(kT + 5));  // never sighted
  const auto takedown = Decision{
      key_of(5),
      DecisionKind::takedown,
      {{UtcTime{kT}, "00000000-0000-4000-8000-000000000001", "takedown", "someone", "because"}}};
  partition.begin(UtcTime::from_millis(now += 1'000));
  partition.decide(takedown);
  partition.commit();
  finish_run(kT + 90'000'000, run_body(kT + 1'000));
  const auto jobs = [&] { return run_counts_of(partition.dedupe->sums()); };
  ASSERT_EQ(jobs().size(), 1);
  EXPECT_EQ(jobs()[0].prefix, "image:flickr:");
  const auto count = [&](UtcTime began) {
    RunCountVisitor visitor{std::string{kScope}, began};
    EXPECT_FALSE(visitor.resumes());
    partition.begin(UtcTime::from_millis(now += 1'000));
    const Dedupe::Tools tools = partition.tools(1);
    ScanBatch batch{*partition.dedupe, tools, partition.out};
    visitor.begin();
    for (const auto& [key, json] : partition.store.records) {
      EXPECT_FALSE(visitor.visit(key, json, batch));
      if (key == key_of(6)) {
        visitor.begin();  // interrupted: it begins again
        for (const auto& [again, stored] : partition.store.records) {
          visitor.visit(again, stored, batch);
        }
        break;
      }
    }
    visitor.finish(batch);
    partition.commit();
  };
  count(UtcTime{kT + 7'000});  // of no run that is known
  EXPECT_EQ(jobs().size(), 1);
  // Whole milliseconds: the two that were seen 20 µs later are missing as well.
  count(UtcTime{kT + 1'000});
  EXPECT_TRUE(jobs().empty());
  EXPECT_EQ(run(), (RunCount{UtcTime{kT + 1'000}, 5, 5, true, {}}));

  finish_run(kT + 90'000'000, run_body(kT + 2'000));
  see(2, kT + 2'000);
  see(3, kT + 3'000, "5");
  partition.rules.scopes.at(std::string{kScope}).removed_before = UtcTime{kT + 10};
  count(UtcTime{kT + 2'000});  // what the rule removes is gone, though no scan came to it yet
  EXPECT_EQ(run(), (RunCount{UtcTime{kT + 2'000}, 2, 0, true, {}}));
}

// The rule holds for whatever comes after it, in any order.
TEST_F(FlickrPartition, WorksLastSeenBeforeAnApprovedRunAreRemoved) {
  see(1, kT);
  see(2, kT);
  see(2, kT + 20);  // unchanged: only the table knows
  see(3, kT);
  send(key_of(3), removal_json(kT + 5));
  partition.rules.scopes.at(std::string{kScope}).removed_before = UtcTime{kT + 10};
  EXPECT_EQ(review_all(), 1);
  EXPECT_EQ(status(1), "removed_at_source");
  EXPECT_EQ(status(2), "live");
  EXPECT_EQ(status(3), "removed_at_source");
  partition.restore();
  see(1, kT + 7);  // late, and old
  EXPECT_EQ(status(1), "removed_at_source");
  see(1, kT + 8, "5");
  EXPECT_EQ(status(1), "removed_at_source");
  see(4, kT + 3);  // new here, but the run did not see it any more
  EXPECT_EQ(status(4), "removed_at_source");
  see(1, kT + 12, "5");  // unchanged, and newer than the run's begin
  EXPECT_EQ(status(1), "live");
  see(4, kT + 10);  // at its very begin
  EXPECT_EQ(status(4), "live");
  EXPECT_EQ(review_all(), 0);
}

// From an empty disk a work may come back as seen before a run that did see it, once the entries
// that say so are older than their topic keeps them.
TEST_F(FlickrPartition, AnOldRuleRemovesNothingMore) {
  see(1, kT);
  see(2, kT);
  auto& rule = partition.rules.scopes.at(std::string{kScope}).removed_before;
  rule = UtcTime{kT + 10};
  see(1, kT + 20);
  EXPECT_EQ(review_all(), 1);
  EXPECT_EQ(status(2), "removed_at_source");
  partition.seen.clear();
  partition.restore();
  now = UtcTime{kT}.millis() + std::int64_t{29} * 86'400'000;
  EXPECT_EQ(review_all(), 0);
  see(1, kT, "5");
  EXPECT_EQ(status(1), "live");
  EXPECT_EQ(status(2), "removed_at_source");
  now -= 86'400'000;  // a day earlier it would still have been acted upon
  EXPECT_EQ(review_all(), 1);
  EXPECT_EQ(status(1), "removed_at_source");
}

TEST_F(FlickrPartition, AWorkThatIsBlockedIsRemovedAllTheSame) {
  see(1, kT);
  const auto takedown = [&](std::int64_t at, const char* id, const char* action) {
    partition.begin(UtcTime::from_millis(now += 1'000));
    partition.decide(
        Decision{key_of(1), DecisionKind::takedown, {{UtcTime{at}, id, action, "me", "so"}}});
    partition.commit();
  };
  takedown(kT, "00000000-0000-4000-8000-000000000001", "takedown");
  partition.rules.scopes.at(std::string{kScope}).removed_before = UtcTime{kT + 10};
  EXPECT_EQ(review_all(), 1);
  EXPECT_EQ(status(1), "blocked");
  EXPECT_EQ(review_all(), 0);
  partition.rules.scopes.at(std::string{kScope}).removed_before.reset();
  takedown(kT + 1'000, "00000000-0000-4000-8000-000000000002", "undo");
  EXPECT_EQ(status(1), "removed_at_source");
}

}  // namespace
}  // namespace freshet
