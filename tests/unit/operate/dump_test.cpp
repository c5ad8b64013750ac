#include "operate/dump.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/zstd_lines.hpp"
#include "operate/dump_files.hpp"
#include "operate/hidden_sources.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class DumpTest : public testing::Test {
 protected:
  DumpTest() {
    std::string name = (fs::temp_directory_path() / "freshet-dump-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~DumpTest() override { fs::remove_all(folder); }

  void touch(const std::string& path) {
    fs::create_directories((folder / path).parent_path());
    std::ofstream{folder / path} << "{}";
  }
  std::string read(const std::string& path) {
    std::ifstream file{folder / path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  static std::vector<std::string> lines_of(const std::string& bytes) {
    bool is_read = false;
    ZstdLineReader reader{[&]() -> std::string_view {
      return std::exchange(is_read, true) ? std::string_view{} : std::string_view{bytes};
    }};
    std::vector<std::string> lines;
    for (std::string line; reader.next(line);) {
      lines.push_back(line);
    }
    return lines;
  }
  static int frames_of(const std::string& bytes) {
    const std::string magic = "\x28\xb5\x2f\xfd";
    int frames = 0;
    for (auto at = bytes.find(magic); at != bytes.npos; at = bytes.find(magic, at + 1)) {
      ++frames;
    }
    return frames;
  }

  fs::path folder;
};

TEST_F(DumpTest, NothingButDumpsIsCountedAndForgotten) {
  for (const char* name : {"20261130T155529Z", "20261101T000000Z", "nightly", "backup-2026",
                           "20261130T155529Z.part", "20261130t155529z", "20261130T155529ZZ"}) {
    touch(std::string{name} + "/manifest.json");
  }
  fs::create_directories(folder / "20261231T000000Z");  // not finished
  EXPECT_THAT(finished_dumps(folder),
              ElementsAre(folder / "20261101T000000Z", folder / "20261130T155529Z"));
}

TEST_F(DumpTest, SourcesThatTakeTurnsGetFewFrames) {
  constexpr int kSources = 3 * static_cast<int>(DumpFiles::kMostOpen);
  constexpr int kWorks = 400;
  const std::string work(1'500, 'x');
  DumpFiles files{folder};
  for (int i = 0; i < kWorks; ++i) {
    for (int source = 0; source < kSources; ++source) {
      files.add("image", "s" + std::to_string(source), std::to_string(i) + work);
    }
  }
  const auto written = files.finish();
  ASSERT_EQ(written.size(), kSources);
  for (const DumpedFile& file : written) {
    const std::string bytes = read(file.path);
    EXPECT_EQ(file.works, kWorks);
    EXPECT_EQ(file.bytes, std::ssize(bytes));
    FileDigest digest;
    digest.add(bytes);
    EXPECT_EQ(file.sha256, digest.hex());
    EXPECT_LE(frames_of(bytes), 3) << file.path;
    const auto lines = lines_of(bytes);
    ASSERT_EQ(lines.size(), kWorks);
    for (int i = 0; i < kWorks; ++i) {
      ASSERT_EQ(lines[i], std::to_string(i) + work);
    }
  }
}

TEST_F(DumpTest, ASourceOfAnyNameHasAFileOfItsOwn) {
  std::string other;
  std::string cyrillic;
  for (int i = 0; i < 80; ++i) {
    cyrillic += "\xd0\x96";
    other += i < 79 ? "\xd0\x96" : "\xd0\x97";
  }
  EXPECT_NE(dump_path("image", cyrillic), dump_path("image", other));
  EXPECT_EQ(dump_path("image", "Met"), "image/=4det.jsonl.zst");
  EXPECT_EQ(dump_path("image", std::string(200, 'a')),
            "image/" + std::string(200, 'a') + ".jsonl.zst");
  DumpFiles files{folder};
  files.add("image", cyrillic, "1");
  files.add("image", other, "2");
  files.add("image", "", "3");
  const auto written = files.finish();
  ASSERT_EQ(written.size(), 3U);
  for (const DumpedFile& file : written) {
    EXPECT_EQ(lines_of(read(file.path)).size(), 1U);
    EXPECT_LE(fs::path{file.path}.filename().string().size(), 255U);
  }
}

TEST(HiddenSources, WhatWasDecidedBeatsPolicyAndThatBeatsWhatIsShipped) {
  constexpr const char* kShipped =
      R"([{"name":"met","hidden":true},{"name":"Nypl"},{"name":"smk","hidden":true}])";
  struct Case {
    const char* said;
    std::map<std::string, bool> decided;
    std::vector<std::string> hidden;
  };
  const std::vector<std::string> all{"Met", "nypl", "SMK", "Z\xc3\x84", "z\xc3\xa4", ""};
  for (const Case& one : {
           Case{"null", {}, {"Met", "SMK"}},
           Case{"{}", {}, {"Met", "SMK"}},  // of a newer version
           Case{R"({"sources":[{"name":"MET","media_types":["image"],"hidden":false},)"
                R"({"name":"nypl","media_types":["image"],"hidden":true},)"
                R"({"name":"smk","media_types":["image"]}]})",
                {},
                {"nypl", "SMK"}},
           Case{R"({"sources":[{"name":"nypl","media_types":["image"],"hidden":true}]})",
                {{"nypl", false}, {"met", false}, {"z\xc3\xa4", true}},
                {"SMK", "Z\xc3\x84", "z\xc3\xa4"}},
       }) {
    const HiddenSources hidden = hidden_sources(kShipped, one.said, one.decided);
    std::vector<std::string> found;
    for (const std::string& name : all) {
      if (hidden.contains(name)) {
        found.push_back(name);
      }
    }
    EXPECT_EQ(found, one.hidden) << one.said;
  }
}

}  // namespace
}  // namespace freshet
