#include "sinks/store_record.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <utility>

#include "core/revision.hpp"
#include "tests/support/catalog_records.hpp"

namespace freshet {
namespace {

using ::testing::ElementsAre;
using testing::MadeRecord;
using testing::make_audio;
using testing::make_image;

class Decode : public ::testing::Test {
 protected:
  Result<const StoreRecord*> decode(const MadeRecord& made) {
    key_ = made.key;
    value_ = made.text();
    return decode_text();
  }
  Result<const StoreRecord*> decode_text() {
    return decoder_.decode({key_, value_, schema_header::kCatalog, {}, {}});
  }
  CatalogDecoder decoder_;
  std::string key_;
  std::string value_;
};

TEST_F(Decode, ReadsAnImage) {
  MadeRecord made = make_image("437133");
  made.value["former_identifiers"] = json::array{"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"};
  made.derived()["hidden_tags"] = json::array{1};
  made.derived()["sensitivity"] = json::array{"sensitive_text"};
  made.derived()["popularity"] = 0.25;
  const auto record = decode(made);
  ASSERT_TRUE(record) << record.error().message();
  const StoreRecord& r = **record;
  EXPECT_EQ(r.media_type, MediaType::image);
  EXPECT_EQ(r.provider, "met");
  EXPECT_EQ(r.foreign_identifier, "437133");
  EXPECT_EQ(r.identifier, work_identifier("image:met:437133"));
  EXPECT_THAT(r.former_identifiers, ElementsAre("0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"));
  EXPECT_EQ(r.revision, testing::kRevision);
  EXPECT_EQ(r.status, Status::live);
  EXPECT_EQ(format_millis(r.created_on), "2026-11-21T00:19:33.120Z");
  EXPECT_EQ(r.text<Field::creator>(), "Åse Ødegård");
  EXPECT_EQ(r.number<Field::width>(), 3000);
  EXPECT_EQ(r.number<Field::duration>(), std::nullopt);
  EXPECT_EQ(r.flag<Field::watermarked>(), false);
  EXPECT_EQ(r.meta_data, to_json(made.work().at("meta_data")));
  EXPECT_EQ(r.tags_json, to_json(made.work().at("tags")));
  EXPECT_THAT(r.description, ElementsAre("A quiet harbour before the boats leave."));
  ASSERT_EQ(r.tags.size(), 2U);
  EXPECT_EQ(r.tags[1].name, "boat");
  EXPECT_EQ(r.tags[1].accuracy, 0.97);
  EXPECT_THAT(r.hidden_tags, ElementsAre(1));
  EXPECT_THAT(r.sensitivity, ElementsAre("sensitive_text"));
  EXPECT_EQ(r.popularity, 0.25);
  EXPECT_EQ(r.authority, 90);
  EXPECT_TRUE(r.is_shown());
}

TEST_F(Decode, ReadsAudio) {
  const MadeRecord made = make_audio("9");
  const auto record = decode(made);
  ASSERT_TRUE(record) << record.error().message();
  const StoreRecord& r = **record;
  EXPECT_THAT(r.genres, ElementsAre("rock", std::nullopt, "pop"));
  EXPECT_EQ(r.audio_set_id, "set-9");
  EXPECT_THAT(r.alt_file_types, ElementsAre("ogg", "flac"));
  EXPECT_EQ(r.number<Field::set_position>(), 3);
}

TEST_F(Decode, ForgetsTheRecordBefore) {
  MadeRecord rich = make_audio("9");
  rich.derived()["popularity"] = 1.0;
  rich.value["duplicate_of"] = "audio:jamendo:1";
  rich.value["status"] = "duplicate";
  ASSERT_TRUE(decode(rich));
  MadeRecord poor = make_image("1");
  poor.value["work"] = json::object{{"url", "https://example.org/1"}};
  poor.value["derived"] = json::object{};
  poor.value["last_seen_at"] = nullptr;
  const auto record = decode(poor);
  ASSERT_TRUE(record) << record.error().message();
  const StoreRecord& r = **record;
  EXPECT_TRUE(r.genres.empty() && r.tags.empty() && r.alt_file_types.empty());
  EXPECT_TRUE(r.meta_data.empty() && r.audio_set.empty() && r.alt_files.empty());
  EXPECT_TRUE(r.duplicate_of.empty() && r.audio_set_id.empty());
  EXPECT_EQ(r.popularity, std::nullopt);
  EXPECT_EQ(r.last_seen_at, std::nullopt);
  EXPECT_EQ(r.number<Field::bit_rate>(), std::nullopt);
  EXPECT_EQ(r.text<Field::title>(), std::nullopt);
}

TEST_F(Decode, TakesADecisionOnAWorkNeverSighted) {
  MadeRecord made = make_image("1");
  made.value.erase("work");
  made.value["status"] = "blocked";
  made.value["created_on"] = nullptr;
  made.value["updated_on"] = nullptr;
  const auto record = decode(made);
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_FALSE((*record)->has_work);
  EXPECT_FALSE((*record)->is_shown());
  EXPECT_EQ((*record)->created_on, UtcTime::from_millis(testing::kRevision));
}

TEST_F(Decode, ALiveRecordWithoutWorkIsNotShown) {
  MadeRecord made = make_image("1");
  made.value.erase("work");
  const auto record = decode(made);
  ASSERT_TRUE(record);
  EXPECT_FALSE((*record)->is_shown());
}

TEST_F(Decode, PassesDecisionsOnOnlyWhereThereAreAny) {
  MadeRecord made = make_image("1");
  ASSERT_TRUE(made.value.contains("decisions"));
  const auto none = decode(made);
  ASSERT_TRUE(none) << none.error().message();
  EXPECT_EQ((*none)->decisions, "");
  made.value.erase("decisions");
  const auto absent = decode(made);
  ASSERT_TRUE(absent);
  EXPECT_EQ((*absent)->decisions, "");

  const json::object entry{{"at", "2026-11-21T00:00:00.000Z"},
                           {"decision_id", "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
                           {"action", "takedown"},
                           {"by", "Åse \"A.\""},
                           {"why", "request 4711"}};
  const json::object decisions{
      {"takedown", json::object{{"active", true}, {"history", json::array{entry}}}},
      {"sensitive", nullptr},
      {"erase", nullptr}};
  made.value["decisions"] = decisions;
  made.value["status"] = "blocked";
  const auto some = decode(made);
  ASSERT_TRUE(some) << some.error().message();
  EXPECT_EQ(json::value(decisions), parse_json((*some)->decisions).value());
  EXPECT_FALSE((*some)->is_shown());
  // And the next record has none of it.
  const auto next = decode(make_image("2"));
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->decisions, "");
}

// The processor carries kinds of other versions along: a work that has one is taken down like any
// other.
TEST_F(Decode, PassesOverKindsOfDecisionsThatAnotherVersionKnows) {
  for (const json::value& later :
       {json::value(json::object{{"active", true}, {"history", "of another form"}}),
        json::value(json::array{1}), json::value("x")}) {
    MadeRecord made = make_image("1");
    made.value["decisions"] = json::object{{"restrict", later}};
    const auto shown = decode(made);
    ASSERT_TRUE(shown) << shown.error().message();
    EXPECT_TRUE((*shown)->is_shown());
    EXPECT_EQ((*shown)->decisions, "") << "there is none of a kind that the stores have";

    const json::object line{{"at", "2026-11-21T00:00:00.000Z"},
                            {"decision_id", "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
                            {"action", "takedown"},
                            {"by", "A"},
                            {"why", "request 4711"}};
    made.value.at("decisions").as_object()["takedown"] =
        json::object{{"active", true}, {"history", json::array{line}}};
    made.value["status"] = "blocked";
    const auto blocked = decode(made);
    ASSERT_TRUE(blocked) << blocked.error().message();
    EXPECT_FALSE((*blocked)->is_shown());
    EXPECT_NE((*blocked)->decisions.find("request 4711"), std::string_view::npos);
  }
}

TEST_F(Decode, RefusesAnotherSchema) {
  const MadeRecord made = make_image("1");
  const std::string value = made.text();
  const auto record = decoder_.decode({made.key, value, "catalog/2", {}, {}});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().errc(), Errc::unknown_schema);
}

TEST_F(Decode, ReadsAListAsDescription) {
  MadeRecord made = make_image("1");
  made.work()["meta_data"] =
      json::object{{"description", json::array{"one", 2, "three"}}, {"mature", "true"}};
  const auto record = decode(made);
  ASSERT_TRUE(record);
  EXPECT_THAT((*record)->description, ElementsAre("one", "three"));
  EXPECT_TRUE((*record)->provider_says_mature);
}

struct Fault {
  const char* name;
  std::function<void(MadeRecord&)> spoil;
  Errc errc;
  const char* field;
  const char* rule;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class DecodeFault : public Decode, public ::testing::WithParamInterface<Fault> {};

TEST_P(DecodeFault, IsRefusedByFieldAndRule) {
  MadeRecord made = make_audio("9");
  GetParam().spoil(made);
  key_ = made.key;
  value_ = made.text();
  // A text `@1e-9@` stands for a number that our own writer would not write.
  for (const std::string_view mark : {"\"@", "@\""}) {
    if (const std::size_t at = value_.find(mark); at != std::string::npos) {
      value_.erase(at, mark.size());
    }
  }
  const auto record = decode_text();
  ASSERT_FALSE(record);
  const Error error = record.error();
  EXPECT_EQ(error.errc(), GetParam().errc);
  EXPECT_EQ(error.retry(), Retry::never);
  EXPECT_EQ(error.field(), GetParam().field);
  EXPECT_EQ(error.rule(), GetParam().rule);
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

const std::string kNul{"a\0b", 3};

// A decision with one member of its line replaced, or taken away.
void decide(MadeRecord& made, const char* member, const json::value& value) {
  json::object line{{"at", "2026-11-21T00:00:00.000Z"},
                    {"decision_id", "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"},
                    {"action", "takedown"},
                    {"by", "a"},
                    {"why", "b"}};
  if (value.is_null()) {
    line.erase(member);
  } else {
    line[member] = value;
  }
  made.value["decisions"] =
      json::object{{"takedown", json::object{{"active", true}, {"history", json::array{line}}}}};
}

INSTANTIATE_TEST_SUITE_P(
    All, DecodeFault,
    ::testing::Values(
        Fault{"NulInTitle", [](MadeRecord& r) { r.work()["title"] = kNul; }, Errc::invalid_value,
              "title", "nul"},
        Fault{"NulInMetaData",
              [](MadeRecord& r) { r.work()["meta_data"] = json::object{{"a", json::array{kNul}}}; },
              Errc::invalid_value, "meta_data", "nul"},
        Fault{"NulInMetaDataName",
              [](MadeRecord& r) { r.work()["meta_data"] = json::object{{kNul, "a"}}; },
              Errc::invalid_value, "meta_data", "nul"},
        Fault{"NulInTag",
              [](MadeRecord& r) { r.work()["tags"] = json::array{json::object{{"name", kNul}}}; },
              Errc::invalid_value, "tags", "nul"},
        Fault{
            "NulInAltFile",
            [](MadeRecord& r) { r.work()["alt_files"] = json::array{json::object{{"url", kNul}}}; },
            Errc::invalid_value, "alt_files", "nul"},
        Fault{"NulInGenre", [](MadeRecord& r) { r.work()["genres"] = json::array{kNul}; },
              Errc::invalid_value, "genres", "nul"},
        Fault{"NulInADecision",
              [](MadeRecord& r) {
                r.value["decisions"] = json::object{
                    {"takedown",
                     json::object{{"history", json::array{json::object{{"why", kNul}}}}}}};
              },
              Errc::invalid_value, "decisions", "nul"},
        Fault{"NulInADecisionOfAnotherKind",
              [](MadeRecord& r) { r.value["decisions"] = json::object{{"x", json::array{kNul}}}; },
              Errc::invalid_value, "decisions", "nul"},
        Fault{"DecisionWithoutWhy", [](MadeRecord& r) { decide(r, "why", nullptr); },
              Errc::invalid_value, "decisions", "line"},
        Fault{"DecisionIdNoUuid", [](MadeRecord& r) { decide(r, "decision_id", "17"); },
              Errc::invalid_value, "decisions", "uuid"},
        Fault{"DecisionTimeBroken", [](MadeRecord& r) { decide(r, "at", "infinity"); },
              Errc::invalid_value, "decisions", "time"},
        Fault{"NumberTooSmallForJsonb",
              [](MadeRecord& r) { r.work()["meta_data"] = json::object{{"a", "@1e-20000@"}}; },
              Errc::invalid_value, "meta_data", "number"},
        Fault{"NumberTooLongForJsonb",
              [](MadeRecord& r) {
                r.work()["alt_files"] =
                    json::array{json::object{{"a", "@0." + repeat("0", 20'000) + "1@"}}};
              },
              Errc::invalid_value, "alt_files", "number"},
        Fault{"SensitivityTooLong",
              [](MadeRecord& r) { r.derived()["sensitivity"] = json::array{repeat("s", 40'000)}; },
              Errc::invalid_value, "sensitivity", "max_length_80"},
        Fault{"DecisionsNoObject",
              [](MadeRecord& r) { r.value["decisions"] = json::array{"takedown"}; },
              Errc::invalid_value, "decisions", "type"},
        Fault{"CreatorTooLong", [](MadeRecord& r) { r.work()["creator"] = repeat("ü", 2001); },
              Errc::invalid_value, "creator", "max_length_2000"},
        Fault{"FiletypeTooLong", [](MadeRecord& r) { r.work()["filetype"] = "sixsix"; },
              Errc::invalid_value, "filetype", "max_length_5"},
        Fault{"GenreTooLong",
              [](MadeRecord& r) { r.work()["genres"] = json::array{repeat("g", 81)}; },
              Errc::invalid_value, "genres", "max_length_80"},
        Fault{"NumberTooLarge", [](MadeRecord& r) { r.work()["filesize"] = 2'147'483'648; },
              Errc::invalid_value, "filesize", "int32"},
        Fault{"NumberWithFraction", [](MadeRecord& r) { r.work()["duration"] = 1.5; },
              Errc::invalid_value, "duration", "int32"},
        Fault{"NumberAsText", [](MadeRecord& r) { r.work()["bit_rate"] = "128"; },
              Errc::invalid_value, "bit_rate", "int32"},
        Fault{"TitleNoText", [](MadeRecord& r) { r.work()["title"] = 1; }, Errc::invalid_value,
              "title", "type"},
        Fault{"TagsNoList", [](MadeRecord& r) { r.work()["tags"] = "a"; }, Errc::invalid_value,
              "tags", "type"},
        Fault{"StatusUnknown", [](MadeRecord& r) { r.value["status"] = "gone"; },
              Errc::invalid_value, "status", "status"},
        Fault{"TimeBroken", [](MadeRecord& r) { r.value["created_on"] = "2026-13-01"; },
              Errc::invalid_value, "created_on", "time"},
        Fault{"FormerIdentifierNoUuid",
              [](MadeRecord& r) { r.value["former_identifiers"] = json::array{"17"}; },
              Errc::invalid_value, "former_identifiers", "uuid"},
        Fault{"RevisionMissing", [](MadeRecord& r) { r.value.erase("revision"); },
              Errc::missing_field, "revision", "required"},
        Fault{"RevisionOfTheYearTenThousand",
              [](MadeRecord& r) { r.value["revision"] = kMostRevision + 1; }, Errc::invalid_value,
              "revision", "range"},
        Fault{"RevisionGreatest",
              [](MadeRecord& r) {
                r.value["revision"] = std::numeric_limits<std::int64_t>::max();
                r.value.erase("updated_on");
              },
              Errc::invalid_value, "revision", "range"},
        Fault{
            "RevisionPast64Bits",
            [](MadeRecord& r) { r.value["revision"] = std::numeric_limits<std::uint64_t>::max(); },
            Errc::invalid_value, "revision", "range"},
        Fault{"RevisionNegative", [](MadeRecord& r) { r.value["revision"] = -1; },
              Errc::invalid_value, "revision", "range"},
        Fault{"SeenBeforeThereWasAnything",
              [](MadeRecord& r) { r.value["created_on"] = "1969-12-31T23:59:59.999Z"; },
              Errc::invalid_value, "created_on", "range"},
        Fault{"StatusMissing", [](MadeRecord& r) { r.value.erase("status"); }, Errc::missing_field,
              "status", "required"},
        Fault{"IdentifierMissing", [](MadeRecord& r) { r.value.erase("identifier"); },
              Errc::missing_field, "identifier", "required"},
        Fault{"IdentifierOfAnother",
              [](MadeRecord& r) { r.value["identifier"] = work_identifier("audio:jamendo:8"); },
              Errc::wrong_key, "identifier", "of_key"},
        Fault{"KeyWithoutForm", [](MadeRecord& r) { r.key = "audio"; }, Errc::wrong_key, "key",
              "form"},
        Fault{"ProviderTooLong", [](MadeRecord& r) { r.key = "audio:" + repeat("p", 81) + ":1"; },
              Errc::invalid_value, "provider", "max_length_80"}),
    [](const auto& param) { return std::string{param.param.name}; });

// Numbers that the columns would take, and tags, of records from before the contract.
TEST_F(Decode, LeavesOutWhatEarlierRulesLetPass) {
  MadeRecord made = make_audio("9");
  made.work()["filesize"] = -5;
  made.work()["duration"] = 0;
  made.work()["bit_rate"] = -1;
  made.work()["sample_rate"] = 44'100;
  made.work()["set_position"] = 0;
  made.work()["tags"] =
      json::array{json::object{{"name", repeat("q", 401)}}, json::object{{"name", "kept"}},
                  json::object{{"name", "sure"}, {"provider", "r"}, {"accuracy", 97}},
                  json::object{{"name", "of"}, {"provider", repeat("p", 81)}}};
  made.derived()["hidden_tags"] = json::array{1, 2};
  const auto record = decode(made);
  ASSERT_TRUE(record) << record.error().message();
  const StoreRecord& r = **record;
  EXPECT_EQ(r.number<Field::filesize>(), std::nullopt);
  EXPECT_EQ(r.number<Field::duration>(), std::nullopt);
  EXPECT_EQ(r.number<Field::bit_rate>(), std::nullopt);
  EXPECT_EQ(r.number<Field::sample_rate>(), 44'100);
  EXPECT_EQ(r.number<Field::set_position>(), 0);
  EXPECT_THAT(r.hidden_tags, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(r.left_out,
              ::testing::UnorderedElementsAre(
                  LeftOut{"filesize", "range"}, LeftOut{"duration", "range"},
                  LeftOut{"bit_rate", "range"}, LeftOut{"tags.name", "max_length"},
                  LeftOut{"tags.accuracy", "range"}, LeftOut{"tags.provider", "max_length"}));
  const auto next = decode(make_audio("10"));
  ASSERT_TRUE(next);
  EXPECT_TRUE((*next)->left_out.empty());
}

// Otherwise a work whose content one of the stores refuses could never be taken down again.
TEST_F(Decode, TakesARecordThatHidesItsWorkWhateverTheContent) {
  for (const auto& spoil : std::vector<std::function<void(MadeRecord&)>>{
           [](MadeRecord& r) { r.work()["title"] = 1; },
           [](MadeRecord& r) { r.work()["filetype"] = repeat("x", 40'000); },
           [](MadeRecord& r) { r.work()["filesize"] = 1e300; },
           [](MadeRecord& r) { r.work()["genres"] = json::array{json::array{repeat("g", 81)}}; },
           [](MadeRecord& r) { r.work()["meta_data"] = json::object{{"a", kNul}}; },
           [](MadeRecord& r) { r.derived()["sensitivity"] = json::array{repeat("x", 81)}; }}) {
    MadeRecord made = make_audio("9");
    spoil(made);
    EXPECT_FALSE(decode(made));
    made.value["status"] = "blocked";
    const auto record = decode(made);
    ASSERT_TRUE(record) << record.error().message();
    EXPECT_EQ((*record)->status, Status::blocked);
    EXPECT_EQ((*record)->revision, testing::kRevision);
    EXPECT_FALSE((*record)->is_shown());
    // Wherever the status stands.
    json::object turned{{"work", made.value.at("work")}, {"derived", made.value.at("derived")}};
    for (const auto& [name, value] : made.value) {
      turned.emplace(name, value);
    }
    made.value = turned;
    EXPECT_TRUE(decode(made));
  }
}

TEST_F(Decode, TakesValuesAtTheirLimits) {
  MadeRecord made = make_audio("9");
  made.work()["creator"] = repeat("ü", 2000);
  made.work()["filesize"] = 2'147'483'647;
  made.work()["meta_data"] = json::object{{"large", 1e300}, {"text", repeat("m", 100'000)}};
  EXPECT_TRUE(decode(made));
}

TEST_F(Decode, RefusesAMemberThatStandsTwice) {
  for (const auto& [member, field] :
       {std::pair{R"({"revision":1,)", "revision"}, {R"({"work":{},)", "work"}}) {
    const MadeRecord made = make_image("1");
    key_ = made.key;
    value_ = member + made.text().substr(1);
    const auto record = decode_text();
    ASSERT_FALSE(record) << member;
    EXPECT_EQ(record.error().rule(), "duplicate_member");
    EXPECT_EQ(record.error().field(), field);
  }
  const MadeRecord made = make_image("1");
  key_ = made.key;
  value_ = made.text();
  value_.replace(value_.find("\"work\":{"), 8, R"("work":{"tags":[],"tags":[],)");
  const auto record = decode_text();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().field(), "tags");
}

TEST_F(Decode, PassesMembersThatAnotherVersionKnows) {
  MadeRecord made = make_image("1");
  made.value["later"] = json::array{1, json::object{{"a", nullptr}}};
  made.work()["colours"] = json::array{json::object{{"hex", "#fff"}}, repeat("x", 10'000)};
  made.value.at("derived").as_object()["later"] = json::object{};
  made.value["seen"] = json::object{{"later", 1}};
  EXPECT_TRUE(decode(made));
}

TEST_F(Decode, TakesTheLastRevision) {
  MadeRecord made = make_image("1");
  made.value["revision"] = kMostRevision;
  made.value.erase("updated_on");
  made.value.erase("created_on");
  const auto record = decode(made);
  ASSERT_TRUE(record);
  EXPECT_EQ(format_millis((*record)->updated_on), "9999-12-31T23:59:59.999Z");
}

TEST_F(Decode, RefusesWhatIsNoJson) {
  key_ = "image:met:1";
  const std::string whole = make_image("1").text();
  std::vector<std::string> broken{"",
                                  "null",
                                  "[]",
                                  "{",
                                  "\xff",
                                  "{\"identifier\":",
                                  whole.substr(0, whole.size() / 2),
                                  whole.substr(0, whole.size() - 1)};
  std::string lone_surrogate = whole;
  lone_surrogate.replace(lone_surrogate.find("Harbour"), 7, "\\ud800");
  broken.push_back(lone_surrogate);
  std::string bad_utf8 = whole;
  bad_utf8.replace(bad_utf8.find("Harbour"), 2, "\xc3\x28");
  broken.push_back(bad_utf8);
  for (const std::string& text : broken) {
    value_ = text;
    const auto record = decode_text();
    ASSERT_FALSE(record) << text;
    EXPECT_EQ(record.error().errc(), Errc::malformed_payload) << text;
  }
}

TEST_F(Decode, RefusesAKeyThatIsNotUtf8) {
  value_ = make_image("1").text();
  key_ = "image:met:\xff";
  const auto record = decode_text();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().errc(), Errc::malformed_payload);
}

TEST_F(Decode, CutsNestingShort) {
  MadeRecord made = make_image("1");
  value_ = made.text();
  key_ = made.key;
  const std::string deep = repeat("[", 150) + repeat("]", 150);
  value_.replace(value_.find("\"17\""), 4, deep);
  const auto record = decode_text();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().rule(), "depth");
}

}  // namespace
}  // namespace freshet
