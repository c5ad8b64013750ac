#include "thumbnails/picture_cache.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "core/check.hpp"

namespace freshet::thumbnails {
namespace {

namespace fs = std::filesystem;

class PictureCacheTest : public testing::Test {
 protected:
  PictureCacheTest()
      : directory_{fs::temp_directory_path() /
                   ("pictures-" + std::to_string(getpid()) + "-" +
                    testing::UnitTest::GetInstance()->current_test_info()->name())} {}
  ~PictureCacheTest() override { fs::remove_all(directory_); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& file : fs::recursive_directory_iterator{directory_}) {
      if (file.is_regular_file() && file.path().filename() != "lock") {
        found.push_back(file.path());
      }
    }
    return found;
  }
  static Picture picture(std::size_t size, char filler = 'x') {
    return {"image/webp", std::string(size, filler)};
  }

  const fs::path directory_;
};

TEST_F(PictureCacheTest, KeepsWhatWasPut) {
  PictureCache cache{directory_, 10'000};
  EXPECT_FALSE(cache.find("a"));
  cache.put("a", {"image/avif", "one\ntwo\n\0three"});
  const auto found = cache.find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, "image/avif");
  EXPECT_EQ(found->bytes, std::string("one\ntwo\n\0three"));
  EXPECT_FALSE(cache.find("b"));
  cache.put("a", picture(5));
  EXPECT_EQ(cache.find("a")->bytes, "xxxxx");
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(cache.bytes(), fs::file_size(files().front()));
}

TEST_F(PictureCacheTest, DropsWhatWasNotAskedForTheLongest) {
  PictureCache cache{directory_, 3'500};
  for (const char* key : {"a", "b", "c"}) {
    cache.put(key, picture(1'000));
  }
  EXPECT_TRUE(cache.find("a"));
  cache.put("d", picture(1'000));
  EXPECT_TRUE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_TRUE(cache.find("c"));
  EXPECT_TRUE(cache.find("d"));
  EXPECT_LE(cache.bytes(), 3'500U);
  cache.put("e", picture(4'000));  // too large for all of it
  EXPECT_FALSE(cache.find("e"));
  EXPECT_TRUE(cache.find("d"));
  EXPECT_EQ(files().size(), 3U);
}

TEST_F(PictureCacheTest, KnowsAfterARestartWhatWasUsedLast) {
  {
    PictureCache cache{directory_, 10'000};
    for (const char* key : {"a", "b", "c"}) {
      cache.put(key, picture(1'000));
    }
  }
  // As if `a` had been used last and `c` first; by their times alone.
  const auto age = [&](const char* key, int seconds) {
    PictureCache probe{directory_ / "probe", 10'000};
    probe.put(key, picture(1));
    for (const auto& file : fs::recursive_directory_iterator{directory_ / "probe"}) {
      const std::string name = file.path().filename().string();
      if (file.is_regular_file() && name != "lock") {
        const fs::path real = directory_ / name.substr(0, 2) / name;
        fs::last_write_time(real, fs::file_time_type::clock::now() - std::chrono::seconds{seconds});
      }
    }
    fs::remove_all(directory_ / "probe");
  };
  age("a", 10);
  age("b", 20);
  age("c", 30);
  PictureCache cache{directory_, 2'500};  // a smaller bound holds at once
  EXPECT_TRUE(cache.find("a"));
  EXPECT_TRUE(cache.find("b"));
  EXPECT_FALSE(cache.find("c"));
}

TEST_F(PictureCacheTest, DamagedFilesAreAsIfTheyWereNotThere) {
  const auto damage = [&](const std::string& text) {
    std::ofstream{files().front(), std::ios::binary | std::ios::trunc} << text;
  };
  for (const char* text :
       {"", "\n", "freshet-picture-1 \n", "freshet-picture-1 image/png 1 2 3\nab",
        "freshet-picture-1 image/png 99999999999 2 0000000000000000\nab"}) {
    PictureCache cache{directory_, 10'000};
    cache.put("a", picture(100));
    damage(text);
    EXPECT_FALSE(cache.find("a")) << text;
    EXPECT_TRUE(files().empty()) << text;
    EXPECT_EQ(cache.bytes(), 0U);
  }
}

TEST_F(PictureCacheTest, WhatWasHalfWrittenIsCleanedUp) {
  {
    PictureCache cache{directory_, 10'000};
    cache.put("a", picture(100));
  }
  std::ofstream{files().front().string() + ".7"} << "half";
  PictureCache cache{directory_, 10'000};
  EXPECT_EQ(files().size(), 1U);
  EXPECT_TRUE(cache.find("a"));
}

TEST_F(PictureCacheTest, LeavesAloneWhatIsNotItsOwn) {
  const std::string name(32, 'a');
  const std::vector<fs::path> others{"notes.txt",
                                     name,
                                     name + ".7",
                                     fs::path{"photos"} / "aa" / (name + ".7"),
                                     fs::path{"photos"} / "cat.jpg",
                                     fs::path{"aa"} / "cat.jpg",
                                     fs::path{"aa"} / (name + ".jpg"),
                                     fs::path{"aa"} / (name + "."),
                                     fs::path{"aa"} / "deep" / (name + ".7"),
                                     fs::path{"bb"} / (name + ".7")};
  for (const fs::path& one : others) {
    fs::create_directories((directory_ / one).parent_path());
    std::ofstream{directory_ / one} << "mine";
  }
  const PictureCache cache{directory_, 1};
  EXPECT_EQ(files().size(), others.size());
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST_F(PictureCacheTest, HasADirectoryForItself) {
  PictureCache cache{directory_, 10'000};
  EXPECT_THROW((PictureCache{directory_, 10'000}), StartupError);
}

}  // namespace
}  // namespace freshet::thumbnails
