#include "api/web/languages.hpp"

#include <gtest/gtest.h>

#include "api/web/front.hpp"

namespace freshet::api::web {
namespace {

TEST(Languages, AreNegotiated) {
  EXPECT_EQ(negotiate("").tag, "en");
  EXPECT_EQ(negotiate("de-AT,de;q=0.9,en;q=0.8").tag, "de");
  EXPECT_EQ(negotiate("pt, fr;q=0.4, AR ; q=0.5").tag, "ar");
  EXPECT_EQ(negotiate("ja;q=0, es;q=0.1").tag, "es");
  EXPECT_EQ(negotiate("*").tag, "en");
  EXPECT_EQ(negotiate("en-XA").tag, "en");
  EXPECT_EQ(negotiate("de;q=x, ;;, fr;q=0.1").tag, "fr");
}

TEST(Languages, AreInThePath) {
  const LocalPath arabic = split_language("/ar/search");
  ASSERT_NE(arabic.language, nullptr);
  EXPECT_EQ(arabic.language->tag, "ar");
  EXPECT_EQ(arabic.prefix, "/ar");
  EXPECT_EQ(arabic.path, "/search");
  EXPECT_EQ(split_language("/ja").path, "/");
  EXPECT_EQ(split_language("/en-XA/").path, "/");
  EXPECT_EQ(split_language("/archive").language, nullptr);
  EXPECT_EQ(split_language("/").path, "/");
  EXPECT_EQ(split_language("").path, "");
}

}  // namespace
}  // namespace freshet::api::web
