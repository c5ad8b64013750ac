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
  EXPECT_EQ(read_all(source), "0123!content_range");
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
