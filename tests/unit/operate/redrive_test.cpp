#include "operate/redrive.hpp"

#include <gmock/gmock.h>

#include "core/decision.hpp"
#include "core/topics.hpp"
#include "operate/dead_letter_filter.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;
using Way = Redrive::Way;
using Outcome = Redrive::Outcome;

/// Clean as a test has it: a value says what becomes of it.
Cleaning cleaning() {
  const auto judge = [](std::string_view value) {
    CleanPreview preview;
    preview.key = "image:met:1";
    if (value == "drop") {
      preview.outcome = CleanPreview::Outcome::dropped;
      preview.reason = "no_open_license";
    } else if (value == "broken") {
      preview.outcome = CleanPreview::Outcome::rejected;
      preview.reason = "invalid_value";
      preview.field = "width";
      preview.rule = "range";
      preview.key.clear();
    }
    return preview;
  };
  Cleaning all;
  all.work = judge;
  all.raw = [judge](std::string_view value) {
    RawPreview preview;
    preview.clean = judge(value);
    return preview;
  };
  all.catalogue = [judge](std::string_view, std::string_view value, std::string_view) {
    return judge(value);
  };
  return all;
}

DeadLetterRecord letter(std::string_view topic, std::string key = "image:met:1",
                        std::string value = "good") {
  DeadLetterRecord one;
  one.line.topic = topic;
  one.line.origin_partition = "1";
  one.key = std::move(key);
  one.value = std::move(value);
  if (topic == topics::kRaw) {
    one.headers = {{"schema", "raw/1"}};
  }
  return one;
}

TEST(Redrive, ASightingGoesBackUnderItsKey) {
  const Redrive plan = plan_redrive(letter(topics::kRaw), cleaning());
  EXPECT_EQ(plan.way, Way::send);
  EXPECT_EQ(plan.topic, topics::kRaw);
  EXPECT_EQ(plan.key, "image:met:1");
  EXPECT_EQ(plan.outcome, Outcome::forward);
}

TEST(Redrive, SaysWhatTheStageWouldMakeOfIt) {
  EXPECT_EQ(plan_redrive(letter(topics::kRaw, "image:met:1", "drop"), cleaning()).outcome,
            Outcome::drop);
  const Redrive broken = plan_redrive(letter(topics::kRaw, "image:met:1", "broken"), cleaning());
  EXPECT_EQ(broken.outcome, Outcome::dead_letter);
  EXPECT_EQ(broken.why, "invalid_value, width (range)");
  EXPECT_EQ(broken.way, Way::send) << "who wants to may still send it";
  EXPECT_EQ(plan_redrive(letter(topics::kRaw, "image:met:2"), cleaning()).outcome,
            Outcome::dead_letter)
      << "another key than the work's";
  DeadLetterRecord old = letter(topics::kRaw);
  old.headers = {{"schema", "raw/7"}};
  EXPECT_THAT(plan_redrive(old, cleaning()).why, HasSubstr("unknown_schema"));
  DeadLetterRecord keyless = letter(topics::kRaw);
  keyless.key.reset();
  EXPECT_EQ(plan_redrive(keyless, cleaning()).outcome, Outcome::dead_letter);
}

TEST(Redrive, WhatFailedThreeTimesStays) {
  DeadLetterRecord one = letter(topics::kRaw);
  one.line.redriven = kMostRedriven - 1;
  EXPECT_EQ(plan_redrive(one, cleaning()).way, Way::send);
  one.line.redriven = kMostRedriven;
  EXPECT_EQ(plan_redrive(one, cleaning()).way, Way::stay);
  one.is_edited = true;
  EXPECT_EQ(plan_redrive(one, cleaning()).way, Way::send) << "a mended value is another record";
}

TEST(Redrive, WhatWasCutStays) {
  DeadLetterRecord one = letter(topics::kRaw);
  one.line.is_truncated = true;
  EXPECT_EQ(plan_redrive(one, cleaning()).way, Way::stay);
  one.is_edited = true;
  EXPECT_EQ(plan_redrive(one, cleaning()).way, Way::send);
}

TEST(Redrive, AMendedIdentifierMakesTheKey) {
  DeadLetterRecord one = letter(topics::kRaw, "image:met:wrong");
  one.is_edited = true;
  const Redrive plan = plan_redrive(one, cleaning());
  EXPECT_EQ(plan.key, "image:met:1");
  EXPECT_EQ(plan.outcome, Outcome::forward);
}

TEST(Redrive, OnlyTheProcessorWritesTheCatalogue) {
  const Redrive plan = plan_redrive(letter(topics::kCatalog), cleaning());
  EXPECT_EQ(plan.way, Way::reemit);
  EXPECT_EQ(plan.key, "image:met:1");
  EXPECT_EQ(plan.outcome, Outcome::forward);
  EXPECT_EQ(plan_redrive(letter(topics::kUrlClaims, "00ff|image:met:a|b"), cleaning()).key,
            "image:met:a|b");
  EXPECT_EQ(plan_redrive(letter(topics::kUrlVerdicts, "image:met:a|b|00ff"), cleaning()).key,
            "image:met:a|b");
  EXPECT_EQ(plan_redrive(letter(topics::kCatalog, "no key"), cleaning()).way, Way::stay);
  EXPECT_EQ(plan_redrive(letter(topics::kUrlClaims, "|"), cleaning()).way, Way::stay);
  DeadLetterRecord edited = letter(topics::kCatalog);
  edited.is_edited = true;
  EXPECT_EQ(plan_redrive(edited, cleaning()).way, Way::stay);
}

TEST(Redrive, ADecisionGoesBackWhereItIsOne) {
  const Decision decision{"image:met:1",
                          DecisionKind::takedown,
                          {{UtcTime::from_millis(1'795'220'451'256),
                            "3a8f4c66-1f7e-4a6e-9a66-0d1a2b3c4d5e", "takedown", "a", "b"}}};
  const std::string key = make_decision_key("image:met:1", DecisionKind::takedown);
  const Redrive plan =
      plan_redrive(letter(topics::kDecisions, key, encode_decision(decision)), cleaning());
  EXPECT_EQ(plan.way, Way::send);
  EXPECT_EQ(plan.outcome, Outcome::forward);
  EXPECT_EQ(plan_redrive(letter(topics::kDecisions, key, "{}"), cleaning()).outcome,
            Outcome::dead_letter);
  EXPECT_EQ(plan_redrive(letter(topics::kPolicy, "hidden_tags", "{}"), cleaning()).way, Way::stay);
}

TEST(Redrive, FromAProducerOnlyAMendedSightingIsSent) {
  DeadLetterRecord one = letter("https://api.example/1");
  one.line.origin_partition.clear();
  EXPECT_EQ(plan_redrive(one, cleaning()).way, Way::stay);
  one.is_edited = true;
  one.key.reset();
  const Redrive plan = plan_redrive(one, cleaning());
  EXPECT_EQ(plan.way, Way::send);
  EXPECT_EQ(plan.key, "image:met:1");
  EXPECT_EQ(plan.outcome, Outcome::forward);
}

DeadLetterLine line() {
  DeadLetterLine one;
  one.partition = 3;
  one.offset = 17;
  one.appended_at = UtcTime::from_millis(1'795'220'451'256);
  one.step = "process.catalogue";
  one.reason = "invalid_value";
  one.topic = "media.raw.v1";
  one.key = "image:met:437133";
  one.source = "met";
  return one;
}

TEST(DeadLetterFilter, AllItsPartsMustFit) {
  DeadLetterFilter filter;
  EXPECT_FALSE(filter.chooses());
  EXPECT_TRUE(filter.takes(line()));
  filter = {.reason = "invalid_value",
            .step = "process.catalogue",
            .source = "met",
            .key = "image:met:4*",
            .topic = "media.raw.v1",
            .since = line().appended_at};
  EXPECT_TRUE(filter.chooses());
  EXPECT_TRUE(filter.takes(line()));
  filter.until = line().appended_at;
  EXPECT_FALSE(filter.takes(line())) << "until is exclusive";
  filter.until.reset();
  filter.key = "image:met:4";
  EXPECT_FALSE(filter.takes(line())) << "a whole key";
  filter.key.clear();
  filter.source = "nasa";
  EXPECT_FALSE(filter.takes(line()));
}

TEST(DeadLetterSummary, CountsByReasonSourceAndDay) {
  DeadLetterSummary summary;
  DeadLetterLine one = line();
  summary.add(one);
  one.state = DeadLetterState::redriven;
  summary.add(one);
  one.source.clear();
  one.state = DeadLetterState::discarded;
  summary.add(one);
  const std::string text = summary.table();
  EXPECT_THAT(text, HasSubstr("invalid_value  met     2026-11-21     1         1          0\n"));
  EXPECT_THAT(text, HasSubstr("invalid_value  (none)  2026-11-21     0         0          1\n"));
  EXPECT_THAT(text, HasSubstr("all                                   1         1          1\n"));
}

TEST(DeadLetterLog, RemembersWhatWasDone) {
  DeadLetterLog log;
  DeadLetterAction action;
  action.partition = 3;
  action.offsets = {17, 19};
  log.add(action);
  action.kind = DeadLetterAction::Kind::discard;
  action.offsets = {18};
  log.add(action);
  EXPECT_EQ(log.state_of(3, 17), DeadLetterState::redriven);
  EXPECT_EQ(log.state_of(3, 18), DeadLetterState::discarded);
  EXPECT_EQ(log.state_of(2, 17), DeadLetterState::open);
}

}  // namespace
}  // namespace freshet
