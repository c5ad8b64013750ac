#include "api/web/words.hpp"

#include <gtest/gtest.h>

namespace freshet::api::web {
namespace {

Words in(std::string_view tag) { return {*find_language(tag), embedded_files()}; }

TEST(Words, AreTranslated) {
  EXPECT_EQ(in("en").text("Sources"), "Sources");
  EXPECT_EQ(in("de").text("Sources"), "Quellen");
  EXPECT_EQ(in("ja").text("Sources"), "提供元");
  EXPECT_EQ(in("en-XA").text("Read {url} now"), "[Réád {url} ñöw~~~~]");
}

TEST(Words, HaveFormsForNumbers) {
  const auto images = [](std::string_view tag, std::int64_t count) {
    return in(tag).plural("{count} image", "{count} images", count);
  };
  EXPECT_EQ(images("en", 1), "1 image");
  EXPECT_EQ(images("en", 1234), "1,234 images");
  EXPECT_EQ(images("de", 1234), "1.234 Bilder");
  EXPECT_EQ(images("ja", 1), "1件の画像");
  EXPECT_EQ(images("ar", 2), "صورتان");
  EXPECT_EQ(images("en", 5'000'000'001), "5,000,000,001 images");
}

TEST(Words, TellTimes) {
  EXPECT_EQ(in("en").date(1'780'142'400'000'000), "May 30, 2026");
  EXPECT_EQ(in("de").date(1'780'142'400'000'000), "30. Mai 2026");
  EXPECT_EQ(in("en").ago(0), "just now");
  EXPECT_EQ(in("en").ago(-5), "just now");
  EXPECT_EQ(in("en").ago(61), "1 minute ago");
  EXPECT_EQ(in("fr").ago(3 * 86'400), "il y a 3 jours");
  EXPECT_EQ(clock_time(185'000), "3:05");
  EXPECT_EQ(clock_time(3'609'000), "1:00:09");
  EXPECT_EQ(iso_duration(185'000), "PT3M5S");
}

TEST(Words, TellSizes) {
  EXPECT_EQ(in("en").bytes(999), "999\u00a0B");
  EXPECT_EQ(in("de").bytes(3'400'000), "3,4\u00a0MB");
}

TEST(Words, AreFilledInOnce) {
  EXPECT_EQ(fill("{a} and {b} and {c", {{"a", "{b}"}, {"b", "2"}}), "{b} and 2 and {c");
}

}  // namespace
}  // namespace freshet::api::web
