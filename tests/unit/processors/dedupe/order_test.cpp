// The merged record is a function of the set of sightings, removals and decisions: random sets, in
// random orders, with repeats, random batches, aborted batches and restores from empty in between,
// against a reference model that knows only the set.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/hash.hpp"
#include "core/policy_log.hpp"
#include "dedupe_fixture.hpp"
#include "random.hpp"
#include "reference_model.hpp"

namespace freshet {
namespace {

using reference::Event;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kCasesPerSeed = 1'500;  // the sanitizers look for other faults, twenty times slower
#else
constexpr int kCasesPerSeed = 13'000;
#endif

constexpr std::int64_t kBase = 1'790'000'000'000'000;

std::string text(Random& random) {
  return std::string(1, static_cast<char>('a' + random.below(3)));
}

json::value nested(Random& random) {
  switch (random.below(5)) {
    case 0:
      return nullptr;
    case 1:
      return json::object{{"x", text(random)}, {"y", nullptr}};
    case 2:
      return json::array{json::object{{"k", nullptr}}, nullptr, text(random)};
    default:
      return json::string{text(random)};
  }
}

json::object members(Random& random, const std::vector<std::string>& names) {
  json::object object;
  for (const std::string& name : names) {
    if (!random.one_in(3)) {
      object[name] = nested(random);
    }
  }
  return object;
}

json::array tags(Random& random) {
  json::array list;
  for (int i = random.below(4); i > 0; --i) {
    json::object tag{{"name", text(random)}, {"provider", random.of<std::string>({"p", "q"})}};
    if (random.one_in(3)) {
      tag["accuracy"] = random.of<std::string>({"0.5", "0.95"});
    }
    list.push_back(tag);
  }
  return list;
}

// Sightings were cleaned when other lists of hosts were in force.
std::string scheme(Random& random) { return random.one_in(3) ? "http://" : "https://"; }

// A cleaned work of one identity, in the members' fixed order; few values, so that they collide.
std::string work(Random& random, int id) {
  std::string out = R"({"media_type":"audio","provider":"p","foreign_identifier":")" +
                    std::to_string(id) + R"(","foreign_landing_url":")" + scheme(random) +
                    R"(l.org/","url":")" + scheme(random) + "u.org/" + text(random) + "\"";
  const auto member = [&](const std::string& name, const json::value& value) {
    out += ",\"" + name + "\":" + json::serialize(value);
  };
  const auto maybe = [&](const char* name, const json::value& value) {
    if (random.one_in(2)) {
      member(name, value);
    }
  };
  maybe("filesize", random.below(3));
  if (!random.one_in(4)) {
    member("license", json::string{text(random)});
    maybe("license_version", json::string{text(random)});
  }
  maybe("thumbnail", json::string{scheme(random) + "u.org:80/t"});
  maybe("creator", json::string{text(random)});
  maybe("creator_url", json::string{scheme(random) + text(random) + "@C.org./x"});
  maybe("title", json::string{random.one_in(4) ? "" : text(random)});
  if (json::object meta = members(random, {"license_url", "a.b", "raw_license_url", "description"});
      !meta.empty() || random.one_in(2)) {
    if (random.one_in(2)) {
      meta["views"] = random.of<std::string>({"0", "7", "300", "70000", "none"});
    }
    member("meta_data", meta);
  }
  if (const json::array list = tags(random); !list.empty()) {
    member("tags", list);
  }
  if (random.one_in(2)) {
    member("genres", json::array{json::string{text(random)}, nullptr, json::string{text(random)}});
  }
  if (const json::object set = members(random, {"title", "creator"}); !set.empty()) {
    member("audio_set", set);
  }
  if (random.one_in(3)) {
    member("alt_files", json::array{json::object{{"url", text(random)}, {"filesize", nullptr}},
                                    json::object{{"url", text(random)}}});
  }
  maybe("watermarked", random.one_in(2));
  maybe("duration", random.below(3));
  return out + "}";
}

// Histories of up to two kinds, in lines of their own times: a line is made once. What was erased
// is gone, so an undo of `erase` is not a function of the set; it has tests of its own.
void add_decisions(Random& random, std::vector<Event>& events) {
  std::int64_t at = kBase / 1000 * 1000;
  for (int i = random.below(3); i > 0; --i) {
    const std::string kind = random.of<std::string>({"takedown", "takedown", "sensitive", "erase"});
    for (int lines = 1 + random.below(3); lines > 0; --lines) {
      Event event;
      event.decision = kind;
      event.is_undo = kind != "erase" && random.one_in(2);
      event.micros = at += 1000;
      events.push_back(event);
    }
  }
}

Decision decision_of(const std::string& key, const Event& event) {
  const std::string digits = std::to_string(event.micros / 1000 % 1'000'000 + 1'000'000);
  return {key,
          *parse_decision_kind(event.decision),
          {{UtcTime{event.micros}, "00000000-0000-4000-8000-00000" + digits,
            event.is_undo ? "undo" : event.decision, "someone", "because"}}};
}

std::vector<Event> events_of_one_work(Random& random, int id) {
  std::vector<std::string> contents;
  for (int i = 1 + random.below(4); i > 0; --i) {
    contents.push_back(work(random, id));
  }
  // Few times, so that two sightings often carry the same one; some cross the touch interval.
  std::vector<std::int64_t> times;
  for (int i = 1 + random.below(6); i > 0; --i) {
    times.push_back(kBase + random.below(5) * 700'001 +
                    (random.one_in(5) ? 25LL * 86'400'000'000 : 0));
  }
  std::vector<Event> events;
  for (int i = 1 + random.below(6); i > 0; --i) {
    Event event;
    event.micros = random.of(times);
    event.is_removal = random.one_in(7);
    event.rules = random.one_in(5) ? 2 : 1;
    event.work = event.is_removal ? "" : random.of(contents);
    events.push_back(event);
  }
  if (random.one_in(2)) {
    add_decisions(random, events);
  }
  return events;
}

struct Sent {
  int id;
  Event event;
};

// Lists in force, of texts of one letter like those of the works.
struct Lists {
  std::string term = "-";  ///< in no text
  std::string hidden_name = "-";
  std::string hidden_provider = "rekognition";
  std::string least_accuracy = "0.9";
  std::vector<std::string> http_hosts;
};

// Lists change while events come, and a scan brings older works there, a slice at a time.
class ChangingPolicy {
 public:
  ChangingPolicy(OnePartition& partition, Random& random)
      : partition_{partition}, random_{random} {}

  void change() {
    lists_ = {random_.of<std::string>({"a", "b", "-"}),
              random_.of<std::string>({"a", "c", "-"}),
              random_.of<std::string>({"q", "rekognition"}),
              random_.of<std::string>({"0.9", "0.4"}),
              {}};
    std::string hosts;
    for (const char* host : {"l.org", "u.org", "c.org"}) {
      if (random_.one_in(2)) {
        lists_.http_hosts.emplace_back(host);
        hosts += (hosts.empty() ? "\"" : ",\"") + std::string{host} + "\"";
      }
    }
    say("http_hosts", R"({"hosts":[)" + hosts + "]}");
    say("sensitive_terms", R"({"terms":[")" + lists_.term + R"("]})");
    say("hidden_tags", R"({"names":[")" + lists_.hidden_name +
                           R"("],"parts":["="],"providers":[")" + lists_.hidden_provider +
                           R"("],"least_accuracy":)" + lists_.least_accuracy + "}");
    DedupeRules rules = overlaid(shipped_dedupe_rules(), log_.policy(), &partition_.rules);
    rules.scopes = partition_.rules.scopes;
    // Near ones and far ones: of some that follow each other a score moves by less than anybody
    // notices, of all together by more.
    rules.scopes.at("audio:p").constant =
        random_.of<std::optional<double>>({{}, 5, 5.2, 5.4, 5.6, 290, 300, 310, 9'000});
    partition_.rules = std::move(rules);
    request();
  }
  void request() {
    if (log_.policy().version() > 0) {
      partition_.scan.request({"lists", "", std::to_string(log_.policy().version()),
                               std::make_shared<ReviewVisitor>()});
    }
  }
  // A start with what an earlier process left on disk, or without.
  void restart() {
    random_.one_in(3) ? partition_.restore_over_old_disk() : partition_.restore();
    if (random_.one_in(2)) {
      partition_.scan_store.kept.clear();
    }
    partition_.scan.load();
    request();
  }
  const Lists& lists() const { return lists_; }

 private:
  void say(std::string_view key, const std::string& rule) {
    const std::string value = R"({"version":)" + std::to_string(++version_) +
                              R"(,"at":"2026-11-21T00:00:00.000Z","by":"a","why":"b","rule":)" +
                              rule + "}";
    const auto error = log_.apply({.key = key,
                                   .value = value,
                                   .schema = schema_header::kPolicy,
                                   .version = std::nullopt,
                                   .appended = UtcTime{kBase}});
    ASSERT_FALSE(error) << error->message();
  }

  OnePartition& partition_;
  Random& random_;
  PolicyLog log_;
  Lists lists_;
  int version_ = 0;
};

// What `derived` says of a work, by the lists in force and nothing else.
void compare_derived(OnePartition& partition, int id, const json::object& work,
                     const Lists& lists) {
  std::vector<std::string> hidden;
  bool is_sensitive = false;
  const auto is_term = [&](const json::value* value) {
    return value != nullptr && value->is_string() && value->get_string() == lists.term;
  };
  if (const json::value* list = work.if_contains("tags")) {
    for (std::size_t i = 0; i < list->as_array().size(); ++i) {
      const json::object& tag = list->as_array()[i].as_object();
      const json::value* accuracy = tag.if_contains("accuracy");
      const bool is_weak = accuracy != nullptr && std::stod(std::string{accuracy->as_string()}) <
                                                      std::stod(lists.least_accuracy);
      if (is_weak || tag.at("name").as_string() == lists.hidden_name ||
          tag.at("provider").as_string() == lists.hidden_provider) {
        hidden.push_back(std::to_string(i));
      }
      is_sensitive = is_sensitive || is_term(&tag.at("name"));
    }
  }
  is_sensitive = is_sensitive || is_term(work.if_contains("title"));
  if (const json::value* meta = work.if_contains("meta_data")) {
    is_sensitive = is_sensitive || is_term(meta->as_object().if_contains("description"));
  }
  std::string json;
  ASSERT_TRUE(partition.store.get("audio:p:" + std::to_string(id), json));
  const json::value derived = json::parse(json).at("derived");
  std::vector<std::string> found;
  for (const json::value& at : derived.at("hidden_tags").as_array()) {
    found.push_back(std::to_string(at.as_int64()));
  }
  EXPECT_EQ(found, hidden) << json;
  EXPECT_EQ(json.find(R"("sensitive_text")") != std::string::npos, is_sensitive) << json;
}

// The score of a work that was merged: near the true one, and there when it can be.
void compare_popularity(OnePartition& partition, int id, const json::object& work) {
  std::optional<double> metric;
  if (const json::value* meta = work.if_contains("meta_data")) {
    const json::value* views = meta->as_object().if_contains("views");
    if (views != nullptr && views->as_string() != "none") {
      metric = std::stod(std::string{views->as_string()});
    }
  }
  const std::optional<double> constant = partition.rules.scopes.at("audio:p").constant;
  std::string json;
  ASSERT_TRUE(partition.store.get("audio:p:" + std::to_string(id), json));
  const json::value popularity = json::parse(json).at("derived").at("popularity");
  ASSERT_EQ(popularity.is_null(), !metric || !constant) << json;
  if (metric && constant) {
    EXPECT_NEAR(popularity.to_number<double>(), *metric / (*metric + *constant),
                kLeastScoreMove + 1e-6)
        << json;
  }
}

// Feeds the events in the order given, in random batches, some of which are aborted and sent again.
void feed(OnePartition& partition, Random& random, const std::vector<Sent>& sent,
          ChangingPolicy* policy = nullptr) {
  std::int64_t now = kBase + 100'000'000'000;
  for (std::size_t next = 0; next < sent.size();) {
    const auto end = std::min(sent.size(), next + 1 + static_cast<std::size_t>(random.below(4)));
    partition.begin(UtcTime{now += 1000 * random.below(3)});
    for (std::size_t i = next; i < end; ++i) {
      const auto& [id, event] = sent[i];
      const std::string key = "audio:p:" + std::to_string(id);
      if (!event.decision.empty()) {
        partition.decide(decision_of(key, event));
        continue;
      }
      partition.apply(
          key,
          event.is_removal ? removal_json(event.micros) : sighting_json(event.micros, event.work),
          {4'000'000'000'000'000}, event.rules);
    }
    if (policy != nullptr && random.one_in(2)) {
      partition.scan_some(1);
    }
    if (random.one_in(6)) {
      partition.abort();
      continue;
    }
    partition.commit();
    next = end;
    if (random.one_in(8)) {
      policy != nullptr ? policy->restart() : partition.restore();
      if (random.one_in(4)) {
        partition.limit_table(random.one_in(2) ? 1 : 600);
      }
    }
    if (policy != nullptr && random.one_in(5)) {
      policy->change();
    }
  }
  while (partition.scan.has_work()) {
    partition.begin(UtcTime{now += 1000});
    partition.scan_some(1);
    random.one_in(4) ? partition.abort() : partition.commit();
  }
}

std::vector<std::string> older_of(const CatalogRecord& record) {
  std::vector<std::string> list;
  for (const Older& entry : record.seen.older) {
    const std::string prefix = entry.group == SlotGroup::meta_data   ? "meta_data."
                               : entry.group == SlotGroup::audio_set ? "audio_set."
                                                                     : "";
    list.push_back(prefix + std::string{entry.name} + "@" +
                   std::to_string(entry.stamp.fetched_at.micros));
  }
  std::sort(list.begin(), list.end());
  return list;
}

void compare(OnePartition& partition, int id, const std::vector<Event>& events,
             const Lists& lists) {
  reference::Expected expected = reference::expect(events, lists.http_hosts);
  // By the rule that a full run left behind: what it did not see any more is gone.
  const auto rule = partition.rules.scopes.at("audio:p").removed_before;
  const bool is_by_rule = rule && expected.newest_micros && *expected.newest_micros < rule->micros;
  if (is_by_rule && expected.status == "live") {
    expected.status = "removed_at_source";
  }
  const std::string key = "audio:p:" + std::to_string(id);
  std::string json;
  ASSERT_TRUE(partition.store.get(key, json));
  Arena arena;
  const auto record = parse_catalog_record(json, arena);
  ASSERT_TRUE(record) << json;
  EXPECT_EQ(to_string(record->status), expected.status) << json;
  EXPECT_EQ(older_of(*record), expected.older) << json;
  const bool is_reported = json.find(R"("user_reported_sensitivity")") != std::string::npos;
  EXPECT_EQ(is_reported, std::ranges::count(expected.decided, "sensitive") == 1) << json;
  if (!rule) {
    EXPECT_EQ(record->seen.removed.has_value(), expected.removed_micros.has_value());
    if (expected.removed_micros) {
      EXPECT_EQ(record->seen.removed->micros, *expected.removed_micros);
    }
  }
  if (expected.newest_micros) {
    const json::value merged = record->work.empty() ? json::object{} : json::parse(record->work);
    EXPECT_EQ(merged, json::value(expected.work)) << json;
    EXPECT_EQ(record->created_on.millis(), expected.created_millis);
    EXPECT_EQ(partition.newest_of(key).micros, *expected.newest_micros);
    if (const auto entry = partition.dedupe->table().find(xxh3(key))) {
      EXPECT_EQ(entry->fingerprint, record->seen.newest->content_hash);
    }
    EXPECT_LE(record->last_seen_at->micros, *expected.newest_micros);
    EXPECT_LT(*expected.newest_micros - record->last_seen_at->micros, 20LL * 86'400'000'000);
  } else {
    EXPECT_TRUE(record->work.empty());
  }
}

// Sums are of the works that there are, whatever happened to them on the way. By what the reference
// says of them, the metric is counted here anew.
void compare_sums(OnePartition& partition, const std::vector<std::vector<Event>>& events,
                  bool and_restored) {
  ValueHistogram expected;
  for (const auto& of_work : events) {
    const json::object work = reference::expect(of_work).work;
    const json::value* meta = work.if_contains("meta_data");
    const json::value* views = meta == nullptr ? nullptr : meta->as_object().if_contains("views");
    if (views != nullptr && views->as_string() != "none") {
      expected.add(bucket_of(std::stod(std::string{views->as_string()})));
    }
  }
  const auto counted = [](const ValueHistogram* histogram) {
    std::map<BucketIndex, std::int64_t> counts;
    for (const auto& [number, chunk] : histogram->chunks()) {
      for (std::uint32_t i = 0; i < kBucketsPerChunk; ++i) {
        if (chunk[i] != 0) {
          counts[number * kBucketsPerChunk + i] = chunk[i];
        }
      }
    }
    return counts;
  };
  EXPECT_EQ(counted(partition.dedupe->sums().histogram("audio:p")), counted(&expected));
  if (and_restored) {
    partition.restore();
    EXPECT_EQ(counted(partition.dedupe->sums().histogram("audio:p")), counted(&expected));
  }
}

void count_views(OnePartition& partition) {
  partition.rules.scopes["audio:p"].metric = PopularityMetric{"views", 0.85};
  partition.count_metrics();
}

class AnyOrder : public testing::TestWithParam<int> {};

TEST_P(AnyOrder, GivesWhatTheSetOfEventsSays) {
  Random random{static_cast<std::uint64_t>(GetParam())};
  for (int n = 0; n < kCasesPerSeed && !HasFailure(); ++n) {
    std::vector<std::vector<Event>> events;
    std::vector<Sent> sent;
    for (int id = 0; id < 2; ++id) {
      events.push_back(events_of_one_work(random, id));
      for (const Event& event : events.back()) {
        for (int times = 1 + (random.one_in(3) ? 1 : 0); times > 0; --times) {
          sent.push_back({id, event});
        }
      }
    }
    std::shuffle(sent.begin(), sent.end(), random.engine());
    OnePartition partition;
    if (random.one_in(2)) {
      // Room for no work, or for those of one segment: the others are known by their records.
      partition.limit_table(random.one_in(2) ? 1 : 600);
    }
    count_views(partition);
    if (random.one_in(3)) {
      partition.rules.scopes.at("audio:p").removed_before =
          UtcTime{kBase + random.below(5) * 700'001 + random.below(2)};
    }
    ChangingPolicy policy{partition, random};
    if (random.one_in(2)) {
      policy.change();
    }
    feed(partition, random, sent, &policy);
    EXPECT_TRUE(partition.out.letters.empty());
    for (int id = 0; id < 2; ++id) {
      compare(partition, id, events[static_cast<std::size_t>(id)], policy.lists());
      compare_derived(partition, id, reference::expect(events[static_cast<std::size_t>(id)]).work,
                      policy.lists());
      compare_popularity(partition, id,
                         reference::expect(events[static_cast<std::size_t>(id)]).work);
    }
    compare_sums(partition, events, n % 10 == 0);
    // Everything again, in another order: nothing may change any more.
    const std::size_t written = partition.catalogue.size();
    std::shuffle(sent.begin(), sent.end(), random.engine());
    feed(partition, random, sent);
    EXPECT_EQ(partition.catalogue.size(), written) << "case " << n;
    compare_sums(partition, events, false);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyOrder, testing::Range(1, 9));

}  // namespace
}  // namespace freshet
