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
