#include "api/dump_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "api/dispatcher.hpp"
#include "api/local_limiter.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

namespace fs = std::filesystem;

struct RangeCase {
  const char* header;
  std::optional<ByteRange> wanted;
  RangeFault fault = RangeFault::none;
};

TEST(ParseRange, TakesOneStretch) {
  constexpr std::uint64_t kBytes = 100;
  for (const RangeCase& one : {
           RangeCase{"bytes=0-9", ByteRange{0, 10}},
           RangeCase{"bytes=90-", ByteRange{90, 10}},
           RangeCase{"bytes=90-1000", ByteRange{90, 10}},
           RangeCase{"bytes=-10", ByteRange{90, 10}},
           RangeCase{"bytes=-1000", ByteRange{0, 100}},
           RangeCase{"bytes=99-99", ByteRange{99, 1}},
           RangeCase{"bytes=100-", std::nullopt, RangeFault::cannot_be_satisfied},
           RangeCase{"bytes=-0", std::nullopt, RangeFault::cannot_be_satisfied},
           RangeCase{"bytes=9-0", std::nullopt},
           RangeCase{"bytes=-", std::nullopt},
           RangeCase{"bytes=a-b", std::nullopt},
           RangeCase{"bytes=0-9,20-29", std::nullopt},
           RangeCase{"lines=0-9", std::nullopt},
           RangeCase{"bytes=99999999999999999999-", std::nullopt},
           RangeCase{"", std::nullopt},
       }) {
    RangeFault fault = RangeFault::none;
    EXPECT_EQ(parse_range(one.header, kBytes, fault), one.wanted) << one.header;
    EXPECT_EQ(fault, one.fault) << one.header;
  }
  RangeFault fault = RangeFault::none;
  EXPECT_FALSE(parse_range("bytes=-5", 0, fault));
  EXPECT_EQ(fault, RangeFault::cannot_be_satisfied);
}

class DumpFilesTest : public testing::Test, protected FakeServices {
 protected:
  DumpFilesTest() : folder{fs::temp_directory_path() / ("dumps-" + std::to_string(::getpid()))} {
    write("20261101T000000Z/manifest.json",
          R"({"name":"20261101T000000Z","works":1,"files":[
            {"path":"image/met.jsonl.zst","sha256":"abc"}]})");
    write("20261101T000000Z/image/met.jsonl.zst", "0123456789");
    write("20261101T000000Z/secret", "not listed");
    write("20261102T000000Z.part/manifest.json", R"({"name":"x","files":[]})");
    write("20261103T000000Z/manifest.json", "{");
    write("outside", "elsewhere");
    dump_dir = folder.string();
  }
  ~DumpFilesTest() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream{folder / name} << text;
  }
  static std::string body_of(const Reply& reply) {
    std::string text;
    for (const std::string& piece : read_pieces(reply)) {
      text += piece;
    }
    return text;
  }

  const fs::path folder;
  NoLimiter limiter;
};

TEST_F(DumpFilesTest, FinishedDumpsAreListed) {
  Dispatcher sees{with(limiter), router};
  const Reply reply = ask(sees, request_for("GET", "/v1/dumps/"));
  EXPECT_EQ(reply.status, 200U);
  EXPECT_NE(reply.body.find("20261101T000000Z/image/met.jsonl.zst"), std::string::npos);
  EXPECT_EQ(reply.body.find("20261102"), std::string::npos) << "one that is not finished";
  EXPECT_EQ(reply.body.find("20261103"), std::string::npos) << "one that cannot be read";
}

TEST_F(DumpFilesTest, OnlyWhatAManifestListsIsServed) {
  EXPECT_TRUE(find_dump_file(folder, "20261101T000000Z/manifest.json"));
  EXPECT_TRUE(find_dump_file(folder, "20261101T000000Z/image/met.jsonl.zst"));
  for (const char* bad : {"", "outside", "20261101T000000Z", "20261101T000000Z/",
                          "20261101T000000Z/secret", "20261101T000000Z/../outside", "../outside",
                          "./20261101T000000Z/manifest.json", "20261102T000000Z.part/manifest.json",
                          "20261103T000000Z/secret", "20261101T000000Z/image/./met.jsonl.zst"}) {
    EXPECT_FALSE(find_dump_file(folder, bad)) << bad;
  }
  EXPECT_FALSE(find_dump_file("", "20261101T000000Z/manifest.json")) << "none are served";
}

TEST_F(DumpFilesTest, AFileIsServedWholeAndInParts) {
  Dispatcher sees{with(limiter), router};
  const std::string path = "/v1/dumps/20261101T000000Z/image/met.jsonl.zst";
  const auto asked = [&](const std::string& range, const std::string& if_range = "") {
    Request request = request_for("GET", path);
    request.range = range;
    request.if_range = if_range;
    return ask(sees, std::move(request));
  };
  const Reply whole = asked("");
  EXPECT_EQ(whole.status, 200U);
  EXPECT_EQ(whole.stream_bytes, 10U);
  EXPECT_EQ(body_of(whole), "0123456789");
  EXPECT_EQ(header_of(whole, "ETag"), "\"abc\"");
  EXPECT_EQ(header_of(whole, "Accept-Ranges"), "bytes");
  const Reply part = asked("bytes=4-6", "\"abc\"");
  EXPECT_EQ(part.status, 206U);
  EXPECT_EQ(header_of(part, "Content-Range"), "bytes 4-6/10");
  EXPECT_EQ(body_of(part), "456");
  EXPECT_EQ(asked("bytes=4-6", "\"other\"").status, 200U) << "another version than was begun";
  const Reply behind = asked("bytes=10-");
  EXPECT_EQ(behind.status, 416U);
  EXPECT_EQ(header_of(behind, "Content-Range"), "bytes */10");
  EXPECT_EQ(ask(sees, request_for("GET", "/v1/dumps/nosuch/file")).status, 404U);
}

}  // namespace
}  // namespace freshet::api
