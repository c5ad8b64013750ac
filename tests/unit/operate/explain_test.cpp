#include "operate/explain.hpp"

#include <gmock/gmock.h>

#include "core/policy_log.hpp"
#include "operate/fate.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

UtcTime at(std::string_view text) { return parse_time(text).value(); }

SightingLine sighting(std::string fetched_at, CleanPreview::Outcome outcome) {
  SightingLine line;
  line.offset = 7;
  line.appended_at = at("2026-11-20T00:00:01Z");
  line.run_id = "met-20261120";
  line.preview.fetched_at = std::move(fetched_at);
  line.preview.clean.outcome = outcome;
  if (outcome != CleanPreview::Outcome::cleaned) {
    line.preview.clean.reason =
        outcome == CleanPreview::Outcome::dropped ? "no_open_license" : "invalid_value";
  }
  if (outcome == CleanPreview::Outcome::rejected) {
    line.preview.clean.field = "url";
    line.preview.clean.rule = "has a public host";
  }
  return line;
}

json::value record(std::string_view status, std::string_view more = "") {
  return parse_json(
             R"({"key":"image:met:1","revision":1795220451256,"status":")" + std::string{status} +
             R"(","duplicate_of":null,"created_on":"2026-10-01T00:00:00.000Z",)" +
             R"("work":{"source":"met","url":"https://images.metmuseum.org/1.jpg","title":"Quail"},)" +
             R"("derived":{"sensitivity":[]},"decisions":{},)" +
             R"("seen":{"newest":["2026-11-20T00:00:00.000001Z",1,"9f86d081884c7d65"],"removed":null,)" +
             R"("url_hash":"00112233445566778899aabbccddeeff","older":{"creator":)" +
             R"(["2026-10-01T00:00:00.000001Z",1,"0000000000000001"]}})" + std::string{more} + "}")
      .value();
}

Explanation explained(std::optional<json::value> found) {
  Explanation explanation;
  explanation.key = "image:met:1";
  explanation.identifier = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
  explanation.partition = 3;
  explanation.record = std::move(found);
  return explanation;
}

Explanation live() {
  Explanation explanation = explained(record("live"));
  explanation.sightings.push_back(
      sighting("2026-11-20T00:00:00.000001Z", CleanPreview::Outcome::cleaned));
  explanation.row = StoredLine{1795220451256, "live"};
  explanation.document = StoredLine{1795220451256, "live"};
  return explanation;
}

std::string why_found(const Explanation& explanation) { return fate_of(explanation).sentence; }

TEST(WhyFound, SaysThatNothingIsKnown) {
  EXPECT_THAT(why_found(explained({})), StartsWith("It is not found: nothing is known of it"));
}

TEST(WhyFound, NamesTheReasonOfADrop) {
  Explanation explanation = explained({});
  explanation.sightings.push_back(
      sighting("2026-11-20T00:00:00.000001Z", CleanPreview::Outcome::dropped));
  EXPECT_THAT(why_found(explanation),
              HasSubstr("its newest sighting was dropped (no_open_license)"));
}

TEST(WhyFound, NamesFieldAndRuleOfARejection) {
  Explanation explanation = explained({});
  explanation.sightings.push_back(
      sighting("2026-11-20T00:00:00.000001Z", CleanPreview::Outcome::rejected));
  EXPECT_THAT(
      why_found(explanation),
      HasSubstr("put aside as a dead letter (invalid_value; field url, rule has a public host)"));
}

TEST(WhyFound, SaysThatTheProcessorIsBehind) {
  Explanation explanation = explained({});
  explanation.sightings.push_back(
      sighting("2026-11-20T00:00:00.000001Z", CleanPreview::Outcome::cleaned));
  EXPECT_THAT(why_found(explanation), StartsWith("It is not found yet: it was sighted"));
}

TEST(WhyFound, SaysThatOnlyARemovalIsKnown) {
  Explanation explanation = explained({});
  explanation.sightings.push_back(
      sighting("2026-11-20T00:00:00.000001Z", CleanPreview::Outcome::cleaned));
  explanation.sightings.back().preview.kind = RawPreview::Kind::removed;
  EXPECT_THAT(why_found(explanation), HasSubstr("its source no longer has it"));
}

TEST(WhyFound, SaysWhatPutItAsideWhenItsSightingsAreGone) {
  Explanation explanation = explained({});
  DeadLetterLine letter;
  letter.reason = "too_large";
  explanation.dead_letters.push_back(letter);
  EXPECT_THAT(why_found(explanation), HasSubstr("was put aside as a dead letter (too_large)"));
}

TEST(WhyFound, ALiveWorkWithADocumentIsFound) {
  EXPECT_EQ(why_found(live()), "It is found by search.");
}

TEST(WhyFound, ALiveWorkWithoutADocumentIsNotFoundYet) {
  Explanation explanation = live();
  explanation.document.reset();
  EXPECT_THAT(why_found(explanation), StartsWith("It is not found yet: its record is live"));
  explanation.document = StoredLine{1795220451000, "removed_at_source"};
  EXPECT_THAT(why_found(explanation), StartsWith("It is not found yet: its record is live"));
}

TEST(WhyFound, ALiveWorkNeedsARow) {
  Explanation explanation = live();
  explanation.row.reset();
  EXPECT_THAT(why_found(explanation), HasSubstr("the PostgreSQL sink is behind"));
  explanation.row = StoredLine{1795220451000, "duplicate"};
  EXPECT_THAT(why_found(explanation), HasSubstr("the PostgreSQL sink is behind"));
  explanation.is_row_known = false;
  EXPECT_THAT(why_found(explanation), HasSubstr("PostgreSQL does not answer"));
}

TEST(WhyFound, AnOlderDocumentIsFoundAsItWas) {
  Explanation explanation = live();
  explanation.document->revision -= 1;
  EXPECT_EQ(why_found(explanation),
            "It is found by search, but with what was known at an earlier revision: the "
            "Elasticsearch sink is behind.");
  explanation.row->revision -= 1;
  EXPECT_THAT(why_found(explanation),
              HasSubstr("the PostgreSQL and Elasticsearch sinks are behind"));
  explanation.document->revision += 1;
  EXPECT_THAT(why_found(explanation), HasSubstr("the PostgreSQL sink is behind"));
}

TEST(WhyFound, SaysNothingOfAStoreThatDidNotAnswer) {
  Explanation explanation = live();
  explanation.document.reset();
  explanation.is_document_known = false;
  EXPECT_THAT(why_found(explanation), HasSubstr("cannot be told"));
}

TEST(WhyFound, SensitiveWorksNeedToBeAskedFor) {
  Explanation explanation = live();
  explanation.record->as_object()["derived"] =
      json::object{{"sensitivity", json::array{"sensitive_text"}}};
  EXPECT_THAT(why_found(explanation), HasSubstr("include sensitive results (sensitive_text)"));
}

TEST(WhyFound, AHiddenSourceHidesALiveWork) {
  Explanation explanation = live();
  explanation.hidden = HiddenSource{"met", "Ann", "asked for it", at("2026-11-21T00:00:00Z")};
  EXPECT_EQ(why_found(explanation),
            "It is not found: its source met is hidden (Ann said so at 2026-11-21T00:00:00.000Z: "
            "asked for it).");
}

TEST(FindHiddenSource, LooksWhereTheApiLooks) {
  PolicyLog log;
  EXPECT_FALSE(find_hidden_source(log.policy(), "met"));
  const auto say = [&](std::string_view key, std::string_view rule, std::int64_t version) {
    const std::string value =
        encode_policy_value({version, at("2026-11-21T00:00:00Z"), "Ann", "asked for it",
                             parse_policy_rule(key, rule).value()});
    EXPECT_FALSE(log.apply({.key = key,
                            .value = value,
                            .schema = "policy/1",
                            .version = std::nullopt,
                            .appended = at("2026-11-21T00:00:01Z"),
                            .offset = version}));
  };
  say("sources", R"({"sources":[{"name":"Met","media_types":["image"],"hidden":true}]})", 1);
  const auto hidden = find_hidden_source(log.policy(), "MET");
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->source, "MET");
  EXPECT_EQ(hidden->by, "Ann");
  say("source:met", R"({"hidden":false})", 2);
  EXPECT_FALSE(find_hidden_source(log.policy(), "met")) << "what is said of one source comes first";
}

TEST(WhyFound, TellsWhenANewerSightingCouldNotBeUsed) {
  Explanation explanation = live();
  explanation.sightings.push_back(
      sighting("2026-11-25T00:00:00.000001Z", CleanPreview::Outcome::dropped));
  EXPECT_EQ(why_found(explanation),
            "It is found by search. It shows what was seen at 2026-11-20T00:00:00.000001Z: its "
            "newest sighting was dropped (no_open_license).");
}

TEST(WhyFound, NamesTheOwnerOfTheUrlAndWhetherThatIsShown) {
  Explanation explanation = explained(record("duplicate"));
  explanation.record->as_object()["duplicate_of"] = "image:flickr:2";
  EXPECT_EQ(why_found(explanation),
            "It is not found: image:flickr:2 owns its URL, and a copy is not shown.");
  explanation.owner = StoredLine{5, "live"};
  EXPECT_EQ(why_found(explanation),
            "It is not found: image:flickr:2 has the same URL and is shown in its place.");
  explanation.owner = StoredLine{5, "blocked"};
  EXPECT_EQ(why_found(explanation),
            "It is not found: image:flickr:2 owns its URL, a copy is not shown, and image:flickr:2 "
            "is itself blocked.");
}

TEST(WhyFound, TellsTheTwoWaysInWhichAWorkIsRemoved) {
  Explanation explanation = explained(record("removed_at_source"));
  EXPECT_THAT(why_found(explanation), HasSubstr("it counts as removed at its source; "));
  explanation.record->as_object()["seen"].as_object()["removed"] = "2026-11-21T00:00:00.000000Z";
  EXPECT_THAT(why_found(explanation), HasSubstr("by the source's word or by a full run"));
  explanation.full_run_at = at("2026-11-21T00:00:00Z");
  EXPECT_THAT(why_found(explanation),
              HasSubstr("a full run of its provider that began at 2026-11-21T00:00:00.000000Z"));
  explanation.sightings.push_back(
      sighting("2026-11-21T00:00:00.000000Z", CleanPreview::Outcome::cleaned));
  explanation.sightings.back().preview.kind = RawPreview::Kind::removed;
  EXPECT_THAT(why_found(explanation), HasSubstr("its source said at 2026-11-21T00:00:00.000000Z"));
}

TEST(WhyFound, TellsWhyNothingWasEverSeenOfAWork) {
  Explanation explanation = explained(record("removed_at_source"));
  explanation.record->as_object()["seen"].as_object()["newest"] = nullptr;
  EXPECT_THAT(why_found(explanation), HasSubstr("no usable sighting of it ever came"));
  explanation.record->as_object()["seen"].as_object()["removed"] = "2026-11-21T00:00:00.000000Z";
  EXPECT_THAT(why_found(explanation), HasSubstr("its source no longer had it at 2026-11-21"));
  explanation.decisions.push_back(
      {"erase", false, at("2026-11-22T00:00:00Z"), "Bo", "a mistake", true});
  EXPECT_THAT(why_found(explanation), HasSubstr("it comes back when it is seen again"));
}

TEST(WhyFound, NamesWhoTookItDownAndWhy) {
  Explanation explanation = explained(record("blocked"));
  explanation.decisions.push_back(
      {"takedown", true, at("2026-11-22T00:00:00Z"), "Bo", "notice 4711", true});
  EXPECT_EQ(why_found(explanation),
            "It is not found: it was taken down (Bo said so at 2026-11-22T00:00:00.000Z: notice "
            "4711).");
}

// The record hides the work; the stores may not have heard of that.
TEST(WhyFound, DoesNotSayNotFoundWhileTheStoresShowIt) {
  for (const char* status : {"blocked", "duplicate", "removed_at_source"}) {
    Explanation explanation = live();
    explanation.record = record(status);
    EXPECT_THAT(why_found(explanation), StartsWith("It is still found: ")) << status;
    EXPECT_EQ(fate_of(explanation).found, Fate::Found::yes);
    explanation.row->status = status;
    EXPECT_THAT(why_found(explanation), StartsWith("It is not found: ")) << "the API needs both";
    explanation.row->status = "live";
    explanation.is_document_known = false;
    explanation.document.reset();
    EXPECT_THAT(why_found(explanation), HasSubstr("whether search still shows it cannot be told"));
    explanation.hidden = HiddenSource{"met", "", "", {}};
    EXPECT_THAT(why_found(explanation), HasSubstr("the shipped list of sources hides met"));
  }
}

TEST(WhyFound, NamesTheDeadLetterOfASink) {
  Explanation explanation = live();
  explanation.document.reset();
  EXPECT_THAT(why_found(explanation), ::testing::Not(HasSubstr("dead-letter")));
  DeadLetterLine letter;
  letter.step = "sink.elasticsearch";
  letter.partition = 2;
  letter.offset = 17;
  explanation.dead_letters.push_back(letter);
  EXPECT_THAT(why_found(explanation), HasSubstr("`freshet dead-letter show 2 17` says why"));
}

TEST(WhyFound, ADecisionThatNobodyTookYetComesFirst) {
  Explanation explanation = live();
  explanation.decisions.push_back(
      {"takedown", true, at("2026-11-22T00:00:00Z"), "Bo", "notice 4711", false});
  EXPECT_THAT(why_found(explanation), HasSubstr("no processor has taken it yet"));
  EXPECT_THAT(why_found(explanation), HasSubstr("Until then it is found as before."));
}

TEST(Explanation, TextHasEveryPartThatThereIs) {
  Explanation explanation = live();
  explanation.earlier_sightings = 4;
  explanation.claims = {{"image:met:1", "2026-10-01T00:00:00.000Z"},
                        {"image:flickr:2", "2026-11-01T00:00:00.000Z"}};
  explanation.decisions.push_back(
      {"sensitive", false, at("2026-11-22T00:00:00Z"), "Bo", "a mistake", true});
  explanation.notes.push_back("PostgreSQL: away");
  explanation.is_row_known = false;
  const std::string text = format_explanation_text(explanation);
  for (const char* part : {"image:met:1\n", "PostgreSQL does not answer", "partition 3",
                           "4 earlier ones are not shown", "met-20261120", "kept",
                           "revision 1795220451256, status live",
                           "creator [\"2026-10-01T00:00:00.000001Z\",1,\"0000000000000001\"]",
                           "sensitive undone at 2026-11-22T00:00:00.000Z, by Bo: a mistake",
                           "image:flickr:2 created_on 2026-11-01T00:00:00.000Z",
                           "PostgreSQL     not known", "PostgreSQL: away"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Explanation, NamesHiddenTagsAndWhatMakesAWorkSensitive) {
  Explanation explanation = live();
  explanation.record->as_object()["derived"] =
      json::object{{"sensitivity", json::array{"sensitive_text"}}, {"hidden_tags", json::array{1}}};
  explanation.record->as_object()["work"].as_object()["tags"] =
      parse_json(R"([{"name":"boat"},{"name":"harbour"}])").value();
  const std::string text = format_explanation_text(explanation);
  EXPECT_THAT(text, HasSubstr("  sensitive [\"sensitive_text\"]\n"));
  EXPECT_THAT(text, HasSubstr("  hidden tags \"harbour\"\n"));
}

TEST(Explanation, SaysNoMoreThanTheSentenceWhereNothingIsKnown) {
  const std::string text = format_explanation_text(explained({}));
  EXPECT_THAT(text, HasSubstr("nothing is known of it"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("Sightings")));
}

TEST(Explanation, JsonSaysTheSame) {
  const auto parsed = parse_json(format_explanation_json(live()));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(text_at(*parsed, "/why"), "It is found by search.");
  EXPECT_EQ(value_at(*parsed, "/found"), json::value(true));
  EXPECT_EQ(text_at(*parsed, "/cause"), "live");
  EXPECT_EQ(text_at(*parsed, "/sightings/0/outcome"), "kept");
  EXPECT_EQ(text_at(*parsed, "/record/status"), "live");
  EXPECT_EQ(value_at(*parsed, "/postgres/revision").as_int64(), 1795220451256);
}

}  // namespace
}  // namespace freshet
