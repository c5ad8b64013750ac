#include "api/web/preferences.hpp"

#include <gtest/gtest.h>

namespace freshet::api::web {
namespace {

TEST(Preferences, ComeBackAsTheyWereKept) {
  const Preferences chosen{
      .theme = Theme::dark, .is_blurred = false, .is_counted = false, .with_sensitive = true};
  std::string cookie = "other=1";
  for (const std::string& kept : preference_cookies(chosen, true)) {
    EXPECT_NE(kept.find("; Secure"), std::string::npos);
    EXPECT_NE(kept.find("; HttpOnly; SameSite=Lax"), std::string::npos);
    cookie += "; " + kept.substr(0, kept.find(';'));
  }
  EXPECT_EQ(read_preferences(cookie), chosen);
}

TEST(Preferences, AreSafeByDefault) {
  for (const char* cookie : {"", "freshet", "freshet=", "freshet=purple.x", "freshet_sensitive=yes",
                             ";;;=;", "notfreshet=dark.clear"}) {
    EXPECT_EQ(read_preferences(cookie), Preferences{}) << cookie;
  }
}

TEST(Preferences, LastForTheSessionWhereTheyMatter) {
  const auto cookies = preference_cookies({}, false);
  ASSERT_EQ(cookies.size(), 2U);
  EXPECT_EQ(cookies[0], "freshet=system.blurred; Max-Age=5184000; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_EQ(cookies[1], "freshet_sensitive=0; Path=/; HttpOnly; SameSite=Lax");
}

}  // namespace
}  // namespace freshet::api::web
