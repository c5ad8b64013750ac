#include "core/log.hpp"

#include <gtest/gtest.h>

#include "core/json.hpp"
#include "core/log_repeats.hpp"
#include "core/time.hpp"

namespace freshet::log {
namespace {

using std::chrono::seconds;

TEST(Repeats, AreHeldToOneInAnIntervalAndCounted) {
  Repeats repeats{seconds{10}};
  const Repeats::Time start{};
  EXPECT_EQ(repeats.admit("a", start), 0U);
  EXPECT_EQ(repeats.admit("a", start + seconds{1}), std::nullopt);
  EXPECT_EQ(repeats.admit("a", start + seconds{9}), std::nullopt);
  EXPECT_EQ(repeats.admit("b", start + seconds{9}), 0U);
  EXPECT_EQ(repeats.admit("a", start + seconds{10}), 2U);
  EXPECT_EQ(repeats.admit("a", start + seconds{19}), std::nullopt);
  EXPECT_EQ(repeats.admit("a", start + seconds{21}), 1U);
  EXPECT_EQ(repeats.admit("a", start + seconds{40}), 0U);
}

/// What `write` puts on standard error under these settings.
template <class Write>
std::string captured(const Config::Log& config, Write write) {
  configure(config);
  testing::internal::CaptureStderr();
  write();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonLineWithTypedFields) {
  const std::string text = captured({"info", "json"}, [] {
    info("batch_written", {{"topic", "a\"b\n"},
                           {"records", 12},
                           {"offset", std::uint64_t{18446744073709551615U}},
                           {"seconds", 0.5},
                           {"live", true},
                           {"broken", std::string{"\xff"}}});
  });
  ASSERT_EQ(text.find('\n'), text.size() - 1) << text;
  const auto line = parse_json(text);
  ASSERT_TRUE(line) << text;
  EXPECT_EQ(text_at(*line, "/level"), "info");
  EXPECT_EQ(text_at(*line, "/event"), "batch_written");
  EXPECT_EQ(text_at(*line, "/topic"), "a\"b\n");
  EXPECT_EQ(line->at("records"), 12);
  EXPECT_EQ(line->at("offset"), 18446744073709551615U);
  EXPECT_EQ(line->at("seconds"), 0.5);
  EXPECT_EQ(line->at("live"), true);
  EXPECT_EQ(text_at(*line, "/broken"), "(not UTF-8)");
  EXPECT_TRUE(parse_time(*text_at(*line, "/time")));
}

TEST(Log, WritesTextForAPerson) {
  const std::string text =
      captured({"info", "text"}, [] { warn("store_away", {{"store", "postgres"}, {"tries", 3}}); });
  EXPECT_NE(text.find(" warn  store_away store=\"postgres\" tries=3\n"), std::string::npos) << text;
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  EXPECT_EQ(captured({"warn", "json"},
                     [] {
                       debug("level_debug");
                       info("level_info");
                     }),
            "");
  EXPECT_NE(captured({"error", "json"}, [] { error("level_error"); }), "");
  const std::string all = captured({"debug", "json"}, [] {
    debug("level_debug");
    debug("level_debug");  // never held back
  });
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2);
}

TEST(Log, HoldsRepeatsPerLevelAndEvent) {
  const std::string text = captured({"info", "json"}, [] {
    for (int i = 0; i < 100; ++i) {
      warn("many_times");
    }
    error("many_times");
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
}

}  // namespace
}  // namespace freshet::log
