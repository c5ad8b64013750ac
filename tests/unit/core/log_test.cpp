#include "core/log.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "core/json.hpp"
#include "core/log_repeats.hpp"
#include "core/time.hpp"

namespace freshet::log {
namespace {

using std::chrono::seconds;

TEST(Repeats, AreHeldToOneInAnIntervalAndCounted) {
  Repeats repeats{seconds{10}};
  const Repeats::Time start{};
  EXPECT_EQ(repeats.admit("a", "", start), 0U);
  EXPECT_EQ(repeats.admit("a", "", start + seconds{1}), std::nullopt);
  EXPECT_EQ(repeats.admit("a", "", start + seconds{9}), std::nullopt);
  EXPECT_EQ(repeats.admit("b", "", start + seconds{9}), 0U);
  EXPECT_EQ(repeats.admit("a", "", start + seconds{10}), 2U);
  EXPECT_EQ(repeats.admit("a", "", start + seconds{19}), std::nullopt);
  EXPECT_EQ(repeats.admit("a", "", start + seconds{21}), 1U);
  EXPECT_EQ(repeats.admit("a", "", start + seconds{40}), 0U);
}

TEST(Repeats, OfDifferentThingsAreNoRepeats) {
  Repeats repeats{seconds{10}};
  const Repeats::Time start{};
  EXPECT_EQ(repeats.admit("a", "loop 0", start), 0U);
  EXPECT_EQ(repeats.admit("a", "loop 1", start), 0U);
  EXPECT_EQ(repeats.admit("a", "loop 0", start), std::nullopt);
  EXPECT_EQ(repeats.admit("a", "loop 1", start + seconds{11}), 0U);
  EXPECT_EQ(repeats.admit("a", "loop 0", start + seconds{11}), 1U);
}

TEST(Repeats, OfTooManyThingsAreCountedTogetherAndNothingIsLost) {
  Repeats repeats{seconds{10}};
  const Repeats::Time start{};
  constexpr std::size_t kThings = 10'000;
  std::uint64_t written = 0;
  std::uint64_t told = 0;
  const auto admit = [&](std::size_t i, Repeats::Time now) {
    if (const auto held = repeats.admit("a", std::to_string(i), now)) {
      ++written;
      told += *held;
    }
  };
  for (std::size_t i = 0; i < kThings; ++i) {
    admit(i, start);
  }
  EXPECT_EQ(written, Repeats::kMostThings);
  for (std::size_t i = 0; i < kThings; ++i) {
    admit(i, start + seconds{11});
  }
  EXPECT_EQ(written, 2 * Repeats::kMostThings);
  for (const Repeats::Held& held : repeats.take_held()) {
    told += held.count;
  }
  EXPECT_EQ(written + told, 2 * kThings);
  EXPECT_TRUE(repeats.take_held().empty());
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

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST(Log, EveryLineAboutAnotherThingIsWritten) {
  const std::string text = captured({"info", "json"}, [] {
    for (const char* provider : {"met", "jamendo"}) {
      for (const char* reason : {"no_detail", "no_url", "no_licence"}) {
        warn("left_out_of_test", {{"provider", provider}, {"reason", reason}, {"records", 7}});
      }
    }
    for (int partition = 0; partition < 4; ++partition) {
      warn("set_aside_in_test", {{"why", "another topic"}, {"partition", partition}});
    }
  });
  EXPECT_EQ(lines_of(text).size(), 10U) << text;
}

TEST(Log, ACountOrASentenceMakesNoOtherThing) {
  const std::string text = captured({"info", "json"}, [] {
    for (int i = 0; i < 100; ++i) {
      warn("retried_in_test",
           {{"sink", "postgres"}, {"attempts", i}, {"text", "after " + std::to_string(i) + " ms"}});
    }
  });
  EXPECT_EQ(lines_of(text).size(), 1U) << text;
}

TEST(Log, InfoIsNeverHeldBack) {
  const std::string text = captured({"info", "json"}, [] {
    for (int i = 0; i < 4; ++i) {
      info("taken_in_test", {{"loop", "one"}});
    }
  });
  EXPECT_EQ(lines_of(text).size(), 4U) << text;
}

TEST(Log, TellsAtTheEndWhatWasHeldBackAndOfWhat) {
  captured({"info", "json"}, [] { tell_held_back(); });  // of other tests
  const std::string text = captured({"info", "json"}, [] {
    for (int i = 0; i < 6; ++i) {
      error("skipped_in_test", {{"provider", "met"}, {"page", i}, {"text", "a sentence"}});
    }
    error("skipped_in_test", {{"provider", "jamendo"}});
    tell_held_back();
    tell_held_back();
  });
  const auto lines = lines_of(text);
  ASSERT_EQ(lines.size(), 3U) << text;
  const auto last = parse_json(lines[2]);
  ASSERT_TRUE(last) << lines[2];
  EXPECT_EQ(text_at(*last, "/level"), "error");
  EXPECT_EQ(text_at(*last, "/event"), "skipped_in_test");
  EXPECT_EQ(text_at(*last, "/provider"), "met");
  EXPECT_EQ(last->at("held_back"), 5);
  EXPECT_EQ(last->as_object().if_contains("page"), nullptr);
}

}  // namespace
}  // namespace freshet::log
