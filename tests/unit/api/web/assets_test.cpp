#include "api/web/assets.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "api/web/compression.hpp"
#include "tests/unit/api/asking.hpp"

namespace freshet::api::web {
namespace {

Files some_files() {
  return {{"assets/app.css", std::string(1000, 'a')}, {"assets/x.js", "1"}, {"templates/t", ""}};
}

Request request_for(std::string path, std::string encoding = "", std::string etag = "") {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.page.accept_encoding = std::move(encoding);
  request.page.if_none_match = std::move(etag);
  return request;
}

TEST(Assets, AreKeptForGoodUnderTheirVersion) {
  const Assets assets{some_files()};
  const Reply reply = assets.answer(request_for(assets.base() + "/app.css"));
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, std::string(1000, 'a'));
  EXPECT_EQ(header_of(reply, "Cache-Control"), "public, max-age=31536000, immutable");
  const Reply old = assets.answer(request_for("/assets/0000/app.css"));
  EXPECT_EQ(header_of(old, "Cache-Control"), "no-cache");
  EXPECT_EQ(old.status, 200U);
}

TEST(Assets, HaveAnotherVersionWhenAnyChanges) {
  Files other = some_files();
  other["assets/x.js"] = "2";
  EXPECT_NE(Assets{some_files()}.base(), Assets{other}.base());
  other = some_files();
  other["templates/t"] = "changed";
  EXPECT_EQ(Assets{some_files()}.base(), Assets{other}.base());
}

TEST(Assets, AreNotSentTwice) {
  const Assets assets{some_files()};
  const std::string path = assets.base() + "/app.css";
  const Reply plain = assets.answer(request_for(path));
  const Reply packed = assets.answer(request_for(path, "br, gzip"));
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), 100U);
  EXPECT_NE(header_of(plain, "ETag"), header_of(packed, "ETag"));
  const Reply again = assets.answer(request_for(path, "gzip", header_of(packed, "ETag")));
  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(header_of(again, "Content-Encoding"), "");
}

TEST(Assets, AreThoseOfTheFolderOnly) {
  const Assets assets{some_files()};
  for (const char* path : {"/assets/", "/assets/x", "/assets//", "/assets/v/../templates/t",
                           "/assets/v/templates/t"}) {
    EXPECT_EQ(assets.answer(request_for(path)).status, 404U) << path;
  }
}

TEST(Compression, IsUsedWhereItIsTaken) {
  EXPECT_TRUE(accepts_gzip("deflate, GZIP;q=0.5"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip("*, gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.000"));
  EXPECT_FALSE(accepts_gzip("br"));
  EXPECT_FALSE(accepts_gzip(""));
}

TEST(Compression, CanBeUndone) {
  const std::string text = "to and fro and to and fro";
  const std::string packed = gzipped(text, 9);
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(100, '\0');
  std::string in = packed;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ASSERT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace freshet::api::web
