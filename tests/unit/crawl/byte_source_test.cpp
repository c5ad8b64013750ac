#include "core/crawl/byte_source.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/crawl/archive.hpp"
#include "core/crawl/gzip_text.hpp"
#include "tests/support/crawl_files.hpp"
#include "tests/support/fake_http.hpp"

namespace freshet {
namespace {

const std::string kFile = "0123456789abcdef";

// A server that understands ranges.
Result<http::Response> serve(const http::Request& request) {
  std::size_t from = 0;
  std::size_t to = 0;
  EXPECT_EQ(std::sscanf(request.headers.at(0).second.c_str(), "bytes=%zu-%zu", &from, &to), 2);
  if (from >= kFile.size()) {
    return http::Response{416, {}, "", request.url};
  }
  to = std::min(to, kFile.size() - 1);
  return http::Response{206,
                        {{"content-range", fmt::format("bytes {}-{}/{}", from, to, kFile.size())}},
                        kFile.substr(from, to - from + 1),
                        request.url};
}

std::string read_all(ByteSource& source) {
  std::string all;
  for (std::array<char, 3> piece{};;) {
    const auto count = source.read(piece);
    if (!count) {
      return all + "!" + count.error().rule();
    }
    if (*count == 0) {
      return all;
    }
    all.append(piece.data(), *count);
  }
}

TEST(HttpSource, ReadsAFileInPieces) {
  for (const std::size_t piece : {1UL, 5UL, 8UL, 16UL, 100UL}) {
    test::FakeHttp http{serve};
    HttpSource source{http, "https://x.example/f", piece};
    EXPECT_EQ(read_all(source), kFile) << piece;
    EXPECT_EQ(http.requests.size(), (kFile.size() + piece - 1) / piece);
  }
}

TEST(HttpSource, UnderstandsAServerThatIgnoresRanges) {
  test::FakeHttp http{
      [](const http::Request& request) { return http::Response{200, {}, kFile, request.url}; }};
  HttpSource source{http, "https://x.example/f", 4};
  EXPECT_EQ(read_all(source), kFile);
  EXPECT_EQ(http.requests.size(), 1U);
}

TEST(HttpSource, NamesTheStatusThatItGot) {
  test::FakeHttp http{
      [](const http::Request& request) { return http::Response{404, {}, "", request.url}; }};
  HttpSource source{http, "https://x.example/f", 4};
  EXPECT_EQ(read_all(source), "!404");
}

TEST(HttpSource, RefusesAFileThatChangesOnTheWay) {
  int sent = 0;
  test::FakeHttp http{[&](const http::Request& request) {
    auto response = *serve(request);
    if (++sent == 2) {
      response.headers[0].second = "bytes 4-7/17";
    }
    return response;
  }};
  HttpSource source{http, "https://x.example/f", 4};
  std::array<char, 4> piece{};
  ASSERT_TRUE(source.read(piece));
  const auto replaced = source.read(piece);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().retry(), Retry::after_backoff);
  EXPECT_THAT(replaced.error().message(), ::testing::HasSubstr("was replaced"));
}

TEST(HttpSource, AsksForTheEditionThatSomebodySaw) {
  const auto edition_of = [](std::string etag, bool knows_if_match) {
    return [etag = std::move(etag), knows_if_match](const http::Request& request) {
      for (const auto& [name, value] : request.headers) {
        if (knows_if_match && name == "if-match" && value != etag) {
          return Result<http::Response>{http::Response{412, {}, "", request.url}};
        }
      }
      auto response = serve(request);
      response->headers.emplace_back("etag", etag);
      return response;
    };
  };
  struct Row {
    std::string seen;
    std::string served;
    bool knows_if_match;
    std::uint64_t bytes;
    bool is_taken;
  };
  for (const Row& row :
       {Row{"\"a\"", "\"a\"", true, 16, true}, Row{"\"a\"", "\"b\"", true, 16, false},
        Row{"\"a\"", "\"b\"", false, 16, false}, Row{"", "\"b\"", true, 16, true},
        Row{"W/\"a\"", "W/\"b\"", true, 16, true}, Row{"", "", true, 17, false}}) {
    test::FakeHttp http{edition_of(row.served, row.knows_if_match)};
    HttpSource source{http, "https://x.example/f", {row.seen, row.bytes}, 4};
    std::array<char, 4> piece{};
    const auto read = source.read(piece);
    ASSERT_EQ(read.has_value(), row.is_taken) << row.seen << " " << row.served;
    if (row.is_taken) {
      EXPECT_EQ("0123" + read_all(source), kFile);
    } else {
      EXPECT_EQ(read.error().retry(), Retry::after_backoff);
    }
  }
}

TEST(HttpSource, RefusesAFileOfTheSameLengthThatTookItsPlace) {
  int sent = 0;
  test::FakeHttp http{[&](const http::Request& request) {
    auto response = serve(request);
    response->headers.emplace_back("etag", ++sent < 3 ? "\"a\"" : "\"b\"");
    return response;
  }};
  HttpSource source{http, "https://x.example/f", 4};
  EXPECT_EQ(read_all(source), "01234567!");
  EXPECT_EQ(http.requests.at(1).headers.at(1),
            (std::pair<std::string, std::string>{"if-match", "\"a\""}));
}

TEST(Archive, ReadsRanges) {
  test::FakeHttp http{serve};
  const Archive archive{"https://x.example/", http};
  EXPECT_EQ(*archive.read_range("f", 4, 3), "456");
  EXPECT_EQ(http.requests.at(0).url, "https://x.example/f");
  EXPECT_EQ(archive.read_range("f", 14, 5).error().rule(), "range");
  EXPECT_EQ(archive.read_range("f", 99, 5).error().rule(), "416");
}

TEST(ReadGzipText, ReadsPlainGzipAndSeveralMembers) {
  const auto read = [](std::string_view bytes, std::size_t most = 1000) {
    MemorySource source{bytes};
    return read_gzip_text(source, most);
  };
  EXPECT_EQ(*read("a\nb"), "a\nb");
  EXPECT_EQ(*read(test::gzip("a\n") + test::gzip("b")), "a\nb");
  EXPECT_EQ(*read(""), "");
  const std::string whole = test::gzip("some text");
  EXPECT_EQ(read(std::string_view{whole}.substr(0, whole.size() - 3)).error().rule(), "gzip");
  EXPECT_EQ(read(test::gzip(std::string(2000, 'x'))).error().errc(), Errc::too_large);
}

}  // namespace
}  // namespace freshet
