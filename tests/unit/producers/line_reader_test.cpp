#include "producers/line_reader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/check.hpp"

namespace freshet {
namespace {

class LineReaderTest : public testing::Test {
 protected:
  ~LineReaderTest() override { std::filesystem::remove(path_); }

  void write(std::string_view text) { std::ofstream{path_, std::ios::binary} << text; }

  void write_gzip(std::string_view text) {
    gzFile file = gzopen(path_.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
  }

  // All lines, each with its number; `+` behind a line that was too long, `!` for an error.
  std::string lines(std::size_t max_line = 100) {
    LineReader reader{path_, max_line};
    std::string out;
    for (LineReader::Line line;;) {
      const auto more = reader.next(line);
      if (!more) {
        return out + "!";
      }
      if (!*more) {
        return out;
      }
      out += std::to_string(line.number) + "<" + std::string{line.text} + ">" +
             (line.is_too_long ? "+" : "");
    }
  }

  std::string path_ = testing::TempDir() + "line_reader_" + std::to_string(getpid());
};

TEST_F(LineReaderTest, GivesEveryLine) {
  write("");
  EXPECT_EQ(lines(), "");
  write("a\n\nb");
  EXPECT_EQ(lines(), "1<a>2<>3<b>");
  write("a\nb\n");
  EXPECT_EQ(lines(), "1<a>2<b>");
}

TEST_F(LineReaderTest, TakesNoMarkAndNoReturnForText) {
  write(
      "\xEF\xBB\xBF"
      "a\tb\r\nc\n\xEF\xBB\xBF"
      "d");
  EXPECT_EQ(lines(), "1<a\tb>2<c>3<d>");
  write_gzip(
      "\xEF\xBB\xBF"
      "a\nb");
  EXPECT_EQ(lines(), "1<a>2<b>");
  write("\xEF\xBB\xBF\r\n");
  EXPECT_EQ(lines(), "1<>");
  // In the middle of a line it is text.
  write(
      "a\t\xEF\xBB\xBF"
      "b\rc");
  EXPECT_EQ(lines(),
            "1<a\t\xEF\xBB\xBF"
            "b\rc>");
}

TEST_F(LineReaderTest, SaysThatAFileIsInUtf16) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"\xFF\xFE"
        "a\0\t\0"sv,
        "\xFE\xFF\0a\0\t"sv, "a\0\t\0b\0"sv, "\0a\0\t\0b"sv, "\xFF\xFE\0\0a\0\0\0"sv}) {
    write(text);
    EXPECT_EQ(lines(), "!");
    write_gzip(text);
    EXPECT_EQ(lines(), "!");
  }
  write(
      "\xFF\xFE"
      "a\0\t\0"sv);
  LineReader reader{path_, 100};
  LineReader::Line line;
  EXPECT_NE(reader.next(line).error().message().find("utf-16le"), std::string::npos);
}

TEST_F(LineReaderTest, ReadsGzipByContent) {
  write_gzip("a\nb\n");
  EXPECT_EQ(lines(), "1<a>2<b>");
}

TEST_F(LineReaderTest, SaysWhenGzipIsCutShort) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += std::to_string(i * 7919) + "\n";
  }
  write_gzip(text);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_EQ(lines().back(), '!');
}

TEST_F(LineReaderTest, KeepsOnlyTheBeginningOfALongLine) {
  write("abcdef\nabc\nabcd");
  EXPECT_EQ(lines(3), "1<abc>+2<abc>3<abc>+");
}

TEST_F(LineReaderTest, JoinsLinesOverBufferEnds) {
  std::string text;
  std::string expected;
  for (int i = 1; i <= 20; ++i) {
    const std::string line(static_cast<std::size_t>(i) * 30011, static_cast<char>('a' + i));
    text += line + "\n";
    expected += std::to_string(i) + "<" + line + ">";
  }
  write(text);
  EXPECT_EQ(lines(1'000'000), expected);
}

TEST_F(LineReaderTest, RefusesAMissingFile) {
  EXPECT_THROW(LineReader(path_ + "_none", 10), StartupError);
}

}  // namespace
}  // namespace freshet
