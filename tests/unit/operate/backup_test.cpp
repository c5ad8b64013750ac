#include "operate/backup_format.hpp"

#include <gmock/gmock.h>

#include <random>

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "core/zstd_lines.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;

BackupRecord record() {
  BackupRecord one;
  one.topic = "media.catalog.v1";
  one.partition = 3;
  one.offset = 4'711;
  one.time = UtcTime::from_millis(1'795'220'451'256);
  one.key = "image:met:\"1\"";
  one.value = "{\"a\": 1,\n\t\"ö\": null}";
  one.headers = {{"schema", "catalog/1"}, {"schema", ""}, {"raw", std::string{"\xff\0x", 3}}};
  return one;
}

void expect_same(const BackupRecord& one) {
  const std::string line = encode_backup_record(one);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = parse_backup_record(line);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->topic, one.topic);
  EXPECT_EQ(read->partition, one.partition);
  EXPECT_EQ(read->offset, one.offset);
  EXPECT_EQ(read->time, one.time);
  EXPECT_EQ(read->key, one.key);
  EXPECT_EQ(read->value, one.value);
  EXPECT_EQ(read->headers, one.headers);
}

TEST(Backup, ARecordComesBackByteForByte) {
  expect_same(record());
  BackupRecord tombstone = record();
  tombstone.value.reset();
  tombstone.key.reset();
  tombstone.headers.clear();
  expect_same(tombstone);
  for (std::size_t size = 0; size < 6; ++size) {
    BackupRecord bytes = record();
    bytes.key = std::string(size, '\xfe');
    bytes.value = std::string(size, '\0') + "\xff";
    expect_same(bytes);
  }
}

TEST(Backup, ALineThatIsNoneNamesTheMember) {
  for (const auto& [from, to, member] :
       std::initializer_list<std::tuple<const char*, const char*, const char*>>{
           {"\"topic\":\"media.catalog.v1\"", "\"topic\":1", "topic"},
           {"\"partition\":3", "\"partition\":-1", "partition"},
           {"\"offset\":4711", "\"offset\":\"x\"", "offset"},
           {"2026-", "x", "time"},
           {"\"key\":", "\"kye\":", "key"},
           {"\"value\":", "\"value64\":\"!\",\"v\":", "value64"},
           {"[[\"schema\"", "[[1", "headers"}}) {
    std::string line = encode_backup_record(record());
    line.replace(line.find(from), std::string_view{from}.size(), to);
    const auto read = parse_backup_record(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().field(), member);
  }
  EXPECT_FALSE(parse_backup_record("[]"));
  EXPECT_FALSE(parse_backup_record(""));
}

BackupManifest manifest() {
  BackupManifest one;
  one.began_at = UtcTime::from_millis(1'795'220'451'256);
  BackupFile file;
  file.name = "media.catalog.v1/0-00000000000000000000.jsonl.zst";
  file.next_offset = 12;
  file.records = 10;
  file.bytes = 345;
  file.sha256 = std::string(64, 'a');
  one.topics = {{"media.catalog.v1", 2, {file}}};
  return one;
}

TEST(Backup, TheManifestSaysWhereToGoOn) {
  const auto read = parse_manifest(encode_manifest(manifest()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_FALSE(read->finished_at);
  EXPECT_EQ(read->records(), 10);
  EXPECT_EQ(read->topics.at(0).next_offset(0), 12);
  EXPECT_EQ(read->topics.at(0).next_offset(1), 0);
  BackupManifest done = manifest();
  done.finished_at = done.began_at;
  EXPECT_EQ(parse_manifest(encode_manifest(done))->finished_at, done.began_at);
}

TEST(Backup, AManifestLeadsToNoOtherFolder) {
  for (const char* name : {"../secret", "/etc/passwd", "a/../../b"}) {
    BackupManifest one = manifest();
    one.topics[0].files[0].name = name;
    EXPECT_FALSE(parse_manifest(encode_manifest(one))) << name;
  }
  EXPECT_THAT(parse_manifest("{\"format\":7}").error().message(), HasSubstr("format"));
}

TEST(Backup, ARecordGoesWhereItsReadersLookForIt) {
  constexpr std::int32_t kPartitions = 5;
  const std::int32_t work = partition_for_key("image:met:a|b", kPartitions);
  EXPECT_EQ(restored_partition(topics::kCatalog, "image:met:a|b", kPartitions), work);
  EXPECT_EQ(restored_partition(topics::kDecisions, "image:met:a|b|takedown", kPartitions), work);
  EXPECT_EQ(restored_partition(topics::kUrlClaims, "00ff|image:met:a|b", kPartitions),
            partition_for_key("00ff", kPartitions));
  EXPECT_EQ(restored_partition(topics::kPolicy, "hidden_tags", 1), 0);
}

std::string compressed(const std::vector<std::string>& lines) {
  std::string bytes;
  ZstdLineWriter writer{[&](std::string_view some) { bytes += some; }};
  for (const std::string& line : lines) {
    writer.write(line);
  }
  writer.finish();
  return bytes;
}

std::vector<std::string> decompressed(std::string_view bytes, std::size_t step) {
  ZstdLineReader reader{[&] {
    const std::string_view some = bytes.substr(0, step);
    bytes.remove_prefix(some.size());
    return some;
  }};
  std::vector<std::string> lines;
  std::string line;
  while (reader.next(line)) {
    lines.push_back(line);
  }
  return lines;
}

TEST(ZstdLines, ComeBackWhateverTheSizeOfThePieces) {
  std::vector<std::string> lines{"", "a", std::string(300'000, 'x'), "ö"};
  std::minstd_rand random{7};
  for (int i = 0; i < 2'000; ++i) {
    lines.push_back(std::to_string(random()));
  }
  const std::string bytes = compressed(lines);
  EXPECT_EQ(decompressed(bytes, 1 << 20), lines);
  EXPECT_EQ(decompressed(bytes, 7), lines);
  EXPECT_TRUE(decompressed(compressed({}), 100).empty());
}

TEST(ZstdLines, WhatIsCutOrDamagedIsNotTakenForWhole) {
  const std::string bytes = compressed({"one", "two", std::string(1'000, 'y')});
  EXPECT_THROW(decompressed(bytes.substr(0, bytes.size() - 5), 100), WorkFailed);
  std::string damaged = bytes;
  damaged[damaged.size() - 2] = static_cast<char>(damaged[damaged.size() - 2] ^ 1);
  EXPECT_THROW(decompressed(damaged, 100), WorkFailed);
  EXPECT_THROW(decompressed("no zstd at all", 100), WorkFailed);
}

}  // namespace
}  // namespace freshet
