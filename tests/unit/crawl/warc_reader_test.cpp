#include "core/crawl/warc_reader.hpp"

#include <gmock/gmock.h>

#include "tests/support/crawl_files.hpp"

namespace freshet {
namespace {

using test::gzip;
using test::warc_record;
using test::WarcFile;
using testing::ElementsAre;

// What a file holds, a line each: content of records, rules of faults.
std::vector<std::string> read_all(std::string_view bytes,
                                  std::size_t most = WarcReader::kMostContent) {
  MemorySource source{bytes};
  WarcReader reader{source, most};
  std::vector<std::string> lines;
  for (;;) {
    const auto next = reader.next();
    if (!next) {
      lines.push_back("error " + next.error().message());
      return lines;
    }
    switch (*next) {
      case WarcReader::Next::record:
        lines.emplace_back(reader.record().content);
        break;
      case WarcReader::Next::fault:
        lines.push_back("!" + reader.fault().error.rule());
        break;
      case WarcReader::Next::end:
        return lines;
    }
  }
}

WarcFile three() {
  WarcFile file;
  file.add("warcinfo", {}, "one");
  file.add("response", {}, "two");
  file.add("response", {}, "three");
  return file;
}

std::string plain_three() {
  return warc_record("warcinfo", {}, "one") + warc_record("response", {}, "two") +
         warc_record("response", {}, "three");
}

TEST(WarcReader, ReadsAMemberPerRecordOneStreamAndPlainFiles) {
  EXPECT_THAT(read_all(three().bytes()), ElementsAre("one", "two", "three"));
  EXPECT_THAT(read_all(gzip(plain_three())), ElementsAre("one", "two", "three"));
  EXPECT_THAT(read_all(plain_three()), ElementsAre("one", "two", "three"));
  EXPECT_THAT(read_all(""), ElementsAre());
}

TEST(WarcReader, SaysWhereEachRecordLies) {
  const WarcFile file = three();
  MemorySource source{file.bytes()};
  WarcReader reader{source};
  for (const WarcFile::Member& member : file.members()) {
    ASSERT_EQ(*reader.next(), WarcReader::Next::record);
    EXPECT_EQ(reader.record().offset, member.offset);
    EXPECT_EQ(reader.record().length, member.length);
  }
  EXPECT_EQ(*reader.next(), WarcReader::Next::end);
  EXPECT_EQ(reader.read_bytes(), file.bytes().size());
}

TEST(WarcReader, ARecordThatSharesItsMemberHasNoLength) {
  MemorySource source{""};
  const std::string bytes = gzip(plain_three());
  MemorySource stream{bytes};
  WarcReader reader{stream};
  while (*reader.next() == WarcReader::Next::record) {
    EXPECT_EQ(reader.record().length, 0U);
  }
}

TEST(WarcReader, FindsFieldsInAnyCase) {
  WarcFile file;
  file.add("response", {{"warc-target-uri", "  http://a.org/  "}, {"Empty", ""}}, "x");
  MemorySource source{file.bytes()};
  WarcReader reader{source};
  ASSERT_EQ(*reader.next(), WarcReader::Next::record);
  EXPECT_EQ(reader.record().field("WARC-Target-URI"), "http://a.org/");
  EXPECT_EQ(reader.record().field("empty"), "");
  EXPECT_EQ(reader.record().field("WARC-Type"), "response");
  EXPECT_FALSE(reader.record().field("absent").has_value());
}

TEST(WarcReader, ADamagedMemberCostsOnlyItself) {
  const WarcFile file = three();
  const WarcFile::Member second = file.members()[1];
  for (std::uint64_t at = second.offset; at < second.offset + second.length; ++at) {
    std::string bytes = file.bytes();
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    const auto lines = read_all(bytes);
    ASSERT_GE(lines.size(), 2U) << at;
    EXPECT_EQ(lines.front(), "one") << at;
    EXPECT_EQ(lines.back(), "three") << at;
  }
}

TEST(WarcReader, ATruncatedFileGivesWhatIsWholeAndSaysSo) {
  const WarcFile file = three();
  const WarcFile::Member last = file.members()[2];
  for (std::uint64_t size = last.offset + 1; size < file.bytes().size(); ++size) {
    EXPECT_THAT(read_all(std::string_view{file.bytes()}.substr(0, size)),
                ElementsAre("one", "two", "!gzip_truncated"))
        << size;
  }
  EXPECT_THAT(read_all(std::string_view{file.bytes()}.substr(0, last.offset)),
              ElementsAre("one", "two"));
}

TEST(WarcReader, ATruncatedPlainFileIsAWrongLength) {
  const std::string text = plain_three();
  EXPECT_THAT(read_all(std::string_view{text}.substr(0, text.size() - 6)),
              ElementsAre("one", "two", "!content_length"));
}

TEST(WarcReader, WrongLengthsCostOnlyTheirRecord) {
  const auto with_length = [](const char* length) {
    WarcFile file;
    file.add("warcinfo", {}, "one");
    file.add_bytes(gzip(std::string{"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: "} +
                        length + "\r\n\r\ntwo and a half\r\n\r\n"));
    file.add("response", {}, "three");
    return read_all(file.bytes());
  };
  EXPECT_THAT(with_length("14"), ElementsAre("one", "two and a half", "three"));
  for (const char* wrong : {"13", "400", "3", "-1", "x", "", "1e3", "99999999999999999999"}) {
    EXPECT_THAT(with_length(wrong), ElementsAre("one", "!content_length", "three")) << wrong;
  }
  WarcFile without;
  without.add_bytes(gzip("WARC/1.0\r\nWARC-Type: response\r\n\r\nx\r\n\r\n"));
  without.add("response", {}, "three");
  EXPECT_THAT(read_all(without.bytes()), ElementsAre("!content_length", "three"));
}

TEST(WarcReader, WrongLengthsInAPlainFileCostOnlyTheirRecord) {
  std::string text = plain_three();
  text.replace(text.find("Content-Length: 3\r\n\r\ntwo"), 17, "Content-Length: 1");
  EXPECT_THAT(read_all(text), ElementsAre("one", "!content_length", "three"));
}

TEST(WarcReader, LongContentIsPassedOverAndItsNeighboursAreRead) {
  WarcFile file;
  file.add("response", {}, "one");
  file.add("response", {}, std::string(300'000, 'x'));
  file.add("response", {}, "three");
  EXPECT_THAT(read_all(file.bytes(), 100'000), ElementsAre("one", "!max_length", "three"));
  const std::string plain = warc_record("a", {}, std::string(300'000, 'x')) + plain_three();
  EXPECT_THAT(read_all(plain, 100'000), ElementsAre("!max_length", "one", "two", "three"));
  EXPECT_THAT(read_all(gzip(plain), 100'000), ElementsAre("!max_length", "one", "two", "three"));
}

TEST(WarcReader, ALengthBeyondAllFilesIsPassedOver) {
  WarcFile file;
  file.add_bytes(gzip("WARC/1.0\r\nContent-Length: 18446744073709551615\r\n\r\nx\r\n\r\n"));
  file.add("response", {}, "two");
  EXPECT_THAT(read_all(file.bytes()), ElementsAre("!max_length", "two"));
}

TEST(WarcReader, LongContentIsReadWhole) {
  WarcFile file;
  file.add("response", {}, std::string(5'000'000, 'x'));
  file.add("response", {}, "two");
  const auto lines = read_all(file.bytes());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), 5'000'000U);
  EXPECT_EQ(lines[1], "two");
}

TEST(WarcReader, HeadersWithoutEndOrVersionArePutAside) {
  WarcFile file;
  file.add_bytes(gzip("no archive at all"));
  file.add_bytes(gzip("WARC/1.0\r\nWARC-Type: response\r\n"));
  file.add_bytes(gzip("WARC/1.0\r\n" + std::string(70'000, 'x') + "\r\n\r\n"));
  file.add("response", {}, "four");
  EXPECT_THAT(read_all(file.bytes()), ElementsAre("!version", "!header", "!header", "four"));
}

TEST(WarcReader, RubbishBetweenMembersIsPassedOver) {
  WarcFile file;
  file.add("response", {}, "one");
  file.add_bytes("rubbish \x1F\x8B\x08 that looks like a member");
  file.add("response", {}, "two");
  file.add_bytes(std::string(1000, '\0'));
  const auto lines = read_all(file.bytes());
  ASSERT_GE(lines.size(), 4U);
  EXPECT_EQ(lines.front(), "one");
  EXPECT_NE(std::find(lines.begin(), lines.end(), "two"), lines.end());
  EXPECT_EQ(lines.back(), "!gzip");
}

TEST(WarcReader, AcceptsBareLineFeeds) {
  EXPECT_THAT(read_all("WARC/1.0\nContent-Length: 3\n\none\n\n" + warc_record("a", {}, "two")),
              ElementsAre("one", "two"));
}

}  // namespace
}  // namespace freshet
