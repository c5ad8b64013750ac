#include "processors/record/record_head.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/json.hpp"

namespace freshet {
namespace {

constexpr UtcTime kSeen{1'790'000'000'000'000};
constexpr UtcTime kLater{1'790'000'000'000'001};

std::string written(UtcTime newest) {
  Arena arena;
  CatalogRecord record{&arena};
  record.key = "image:met:1";
  record.revision = 5;
  record.status = Status::duplicate;
  record.last_seen_at = UtcTime{1'790'000'000'000'000};
  record.work = R"({"title":"\",\"seen\":{\"newest\":[\"x\"]","seen":{"newest":["y"]}})";
  record.derived = "{}";
  record.decisions = kNoDecisions;
  record.seen.newest = Stamp{newest, 3, 9};
  record.seen.removed = UtcTime{7};
  std::string json;
  append_catalog_record(json, record);
  return json;
}

TEST(RecordHead, IsThatOfTheRecordThatWasWritten) {
  const std::string json = written(kSeen);
  Arena arena;
  const auto record = parse_catalog_record(json, arena);
  ASSERT_TRUE(record);
  const auto head = read_record_head(json);
  ASSERT_TRUE(head) << "the writer's order is another now";
  EXPECT_EQ(head->status, record->status);
  EXPECT_EQ(head->newest, record->seen.newest);
  EXPECT_EQ(head->removed, record->seen.removed);
  EXPECT_EQ(head->last_seen_at, record->last_seen_at);
}

TEST(RecordHead, AnotherTimeIsAllThatIsSet) {
  std::string json = written(kSeen);
  ASSERT_TRUE(set_newest(json, kLater));
  EXPECT_EQ(json, written(kLater));
}

// A later version's member is carried along, whatever it holds.
TEST(RecordHead, IsNotTakenFromAMemberThatIsNotKnown) {
  const std::string kMarks =
      R"(,"later":{"a":1,"status":"blocked","last_seen_at":"1980-01-01T00:00:00.000Z","seen":{"newest":null,"removed":null,"t":"}\"{"}})";
  std::string json = written(kSeen);
  const auto wanted = read_record_head(json);
  ASSERT_TRUE(wanted);
  json.insert(json.size() - 2, kMarks);                         // in `seen`
  json.insert(json.find(R"(,"seen":{"newest":["20)"), kMarks);  // in the record
  ASSERT_TRUE(parse_json(json));
  const auto head = read_record_head(json);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, wanted->status);
  EXPECT_EQ(head->newest, wanted->newest);
  EXPECT_EQ(head->removed, wanted->removed);
  EXPECT_EQ(head->last_seen_at, wanted->last_seen_at);
  std::string other = json;
  ASSERT_TRUE(set_newest(other, kLater));
  Arena arena;
  const auto record = parse_catalog_record(other, arena);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->seen.newest->fetched_at, kLater);
}

// Such a member in front of ours is another writer's order: the record is then read whole.
TEST(RecordHead, IsNotGuessedWhereAnObjectComesFirst) {
  std::string json = written(kSeen);
  json.insert(1, R"("later":{"a":1,"status":"blocked"},)");
  ASSERT_TRUE(parse_json(json));
  EXPECT_FALSE(read_record_head(json));
}

// Marks upon marks take time that grows with the record, not with its square.
TEST(RecordHead, IsFoundBeforeManyMarks) {
  std::string json = written(kSeen);
  std::string many = R"(,"later":{"a":1)";
  std::string ends = "}";
  for (int i = 0; i < 20'000; ++i) {
    many += R"(,"seen":{"newest":null)";
    ends += '}';
  }
  json.insert(json.size() - 2, many + ends);
  const auto head = read_record_head(json);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->newest->fetched_at, kSeen);
}

// Others may write members in another order: what is not where we write it is not guessed.
TEST(RecordHead, IsNotFoundWhereSeenIsNotLast) {
  const json::value parsed = parse_json(written(kSeen)).value();
  json::object reordered;
  reordered["seen"] = parsed.at("seen");
  for (const auto& [name, value] : parsed.as_object()) {
    if (name != "seen") {
      reordered[name] = value;
    }
  }
  const std::string json = to_json(reordered);
  EXPECT_FALSE(read_record_head(json));
}

TEST(RecordHead, NoTimeIsSetWhereNoneStands) {
  std::string json = R"({"status":"live","seen":{"newest":null,"removed":null}})";
  const std::string before = json;
  EXPECT_FALSE(set_newest(json, kLater));
  EXPECT_EQ(json, before);
}

}  // namespace
}  // namespace freshet
