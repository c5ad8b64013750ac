#include "api/parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const SourceNames kKnown = {"flickr", "met", "stocksnap"};
const Caller kAnonymous{};
const Caller kAuthenticated{.is_authenticated = true};
const Caller kPrivileged{
    .is_authenticated = true, .may_have_large_pages = true, .may_page_deep = true};

std::variant<SearchParameters, Reply> parse(const std::string& query, Media media = Media::image,
                                            const Caller& caller = kAnonymous) {
  return parse_search(Query::parse(query), media, caller, kKnown);
}

SearchParameters accepted(const std::string& query, Media media = Media::image,
                          const Caller& caller = kAnonymous) {
  auto result = parse(query, media, caller);
  if (const Reply* reply = std::get_if<Reply>(&result)) {
    ADD_FAILURE() << query << " refused: " << reply->status << " " << reply->body;
    return {};
  }
  return std::get<SearchParameters>(result);
}

struct Refusal {
  const char* name;
  std::string query;
  unsigned status;
  std::string body;
  Caller caller = kAnonymous;
  Media media = Media::image;
};

class ParseSearch : public testing::TestWithParam<Refusal> {};

TEST_P(ParseSearch, RefusesInTheWordsOfTheWire) {
  const Refusal& row = GetParam();
  const auto result = parse(row.query, row.media, row.caller);
  const Reply* reply = std::get_if<Reply>(&result);
  ASSERT_NE(reply, nullptr) << row.query;
  EXPECT_EQ(reply->status, row.status);
  EXPECT_EQ(reply->body, row.body);
  EXPECT_EQ(row.status == 401, !reply->headers.empty());
}

std::string detail(const std::string& text) { return "{\"detail\":\"" + text + "\"}"; }
std::string field(const std::string& name, const std::string& message) {
  return "{\"detail\":{\"" + name + "\":[\"" + message + "\"]}}";
}

INSTANTIATE_TEST_SUITE_P(
    Pages, ParseSearch,
    testing::Values(
        Refusal{"PageSize", "page_size=21", 401,
                detail("page_size may not exceed 20 for anonymous requests")},
        Refusal{"PageSizeFarTooLarge", "page_size=99999999999999999999", 401,
                detail("page_size may not exceed 20 for anonymous requests")},
        Refusal{"PageSizeHidesOtherFaults", "page_size=21&license=x&page=0", 401,
                detail("page_size may not exceed 20 for anonymous requests")},
        Refusal{"PageSizeAuthenticated", "page_size=51", 401,
                detail("page_size may not exceed 50 for authenticated requests"), kAuthenticated},
        Refusal{"PageSizePrivileged", "page_size=241", 400,
                field("page_size", "Ensure this value is less than or equal to 240."), kPrivileged},
        Refusal{"Depth", "page=13", 401,
                detail("pagination depth may not exceed 240 for anonymous requests")},
        Refusal{"DepthFarTooLarge", "page=99999999999999999999&page_size=20", 401,
                detail("pagination depth may not exceed 240 for anonymous requests")},
        Refusal{"DepthAuthenticated", "page=5&page_size=50", 401,
                detail("pagination depth may not exceed 240 for authenticated requests"),
                kAuthenticated},
        Refusal{"DepthPrivileged", "page=21&page_size=240", 400,
                field("non_field_errors", "Ensure this value is less than or equal to 4800."),
                kPrivileged},
        Refusal{"FieldFaultBeforeDepth", "page=13&license=x", 400,
                field("license", "License 'x' does not exist.")},
        Refusal{"PageZero", "page=0", 400,
                field("page", "Ensure this value is greater than or equal to 1.")},
        Refusal{"PageSizeNegative", "page_size=-3", 400,
                field("page_size", "Ensure this value is greater than or equal to 1.")},
        Refusal{"PageNoInteger", "page=abc", 400, field("page", "A valid integer is required.")},
        Refusal{"PageFraction", "page=1.5", 400, field("page", "A valid integer is required.")},
        Refusal{"PageBlank", "page=+", 400, field("page", "A valid integer is required.")}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Fields, ParseSearch,
    testing::Values(
        Refusal{"QueryBlank", "q=%20%20", 400, field("q", "This field may not be blank.")},
        Refusal{"QueryNul", "q=a%00b", 400, field("q", "Null characters are not allowed.")},
        Refusal{"TitleTooLong", "title=" + std::string(201, 'a'), 400,
                field("title", "Ensure this field has no more than 200 characters.")},
        Refusal{"License", "license=by,XYZ,abc", 400,
                field("license", "License 'xyz' does not exist.")},
        Refusal{"LicenseEmptyItem", "license=by,", 400,
                field("license", "License '' does not exist.")},
        Refusal{"LicenseType", "license_type=free", 400,
                field("license_type", "License type 'free' does not exist.")},
        Refusal{"Category", "category=music", 400,
                field("category",
                      "Invalid value: music. Allowed values: {'digitized_artwork', "
                      "'illustration', 'photograph'}")},
        Refusal{"AudioCategory", "category=photograph", 400,
                field("category",
                      "Invalid value: photograph. Allowed values: {'audiobook', 'music', 'news', "
                      "'podcast', 'pronunciation', 'sound_effect'}"),
                kAnonymous, Media::audio},
        Refusal{"Size", "size=huge", 400,
                field("size", "Invalid value: huge. Allowed values: {'large', 'medium', 'small'}")},
        Refusal{"Boolean", "mature=maybe", 400, field("mature", "Must be a valid boolean.")},
        Refusal{"Peaks", "peaks=2", 400, field("peaks", "Must be a valid boolean."), kAnonymous,
                Media::audio},
        Refusal{"Choice", "unstable__sort_by=size", 400,
                field("unstable__sort_by", "\\\"size\\\" is not a valid choice.")},
        Refusal{
            "Boost", "unstable__authority_boost=11", 400,
            field("unstable__authority_boost", "Ensure this value is less than or equal to 10.0.")},
        Refusal{"BoostNoNumber", "unstable__authority_boost=x", 400,
                field("unstable__authority_boost", "A valid number is required.")},
        Refusal{"BothSensitivities", "mature=false&unstable__include_sensitive_results=false", 400,
                field("unstable__include_sensitive_results",
                      "`mature` and `unstable__include_sensitive_results` must not both be "
                      "defined.")},
        Refusal{"SeveralFieldsInOrder", "license=x&page=0&q=%20", 400,
                "{\"detail\":{\"page\":[\"Ensure this value is greater than or equal to 1.\"],"
                "\"q\":[\"This field may not be blank.\"],"
                "\"license\":[\"License 'x' does not exist.\"]}}"},
        Refusal{"OldNames", "li=by&pagesize=3", 400,
                "{\"detail\":{\"li\":[\"Parameter 'li' is deprecated in this release of the API. "
                "Use 'license' instead.\"],\"pagesize\":[\"Parameter 'pagesize' is deprecated in "
                "this release of the API. Use 'page_size' instead.\"]}}"},
        Refusal{"OldNameAfterDepth", "li=by&page=13", 401,
                detail("pagination depth may not exceed 240 for anonymous requests")}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Indexes, ParseSearch,
    testing::Values(Refusal{"Unknown", "internal__index=image-17", 400,
                            field("internal__index", "Invalid index name `image-17`."),
                            kAuthenticated},
                    Refusal{"OfTheOtherMedia", "internal__index=audio", 400,
                            field("internal__index", "Invalid index name `audio`."),
                            kAuthenticated}),
    [](const auto& row) { return row.param.name; });

TEST(ParseSearch, EverybodyMaySortTheNewestFirst) {
  EXPECT_EQ(accepted("sort=created_on").sort_by, SortBy::indexed_on);
  EXPECT_EQ(accepted("sort=indexed_on").sort_by, SortBy::indexed_on);
  EXPECT_EQ(accepted("sort=updated_on").sort_by, SortBy::updated_on);
  EXPECT_EQ(
      accepted("unstable__sort_by=indexed_on&sort=relevance", Media::image, kAuthenticated).sort_by,
      SortBy::relevance);
  EXPECT_EQ(accepted("created_since=2026-11-21").created_since, parse_date("2026-11-21"));
  EXPECT_EQ(accepted("updated_since=").updated_since, std::nullopt);
  EXPECT_TRUE(accepted("exact_count=true").exact_count);
}

TEST(ParseSearch, AnIndexIsNamedByCallersWithATokenOnly) {
  EXPECT_EQ(accepted("internal__index=nonsense").index, Index::automatic);
  EXPECT_EQ(accepted("internal__index=image", Media::image, kAuthenticated).index, Index::all);
  EXPECT_EQ(accepted("internal__index=audio-filtered", Media::audio, kAuthenticated).index,
            Index::filtered);
}

INSTANTIATE_TEST_SUITE_P(
    SourcesAndCollections, ParseSearch,
    testing::Values(
        Refusal{"NoKnownSource", "source=Nope,none", 400,
                field("source",
                      "Invalid source parameter 'nope,none'. No valid sources selected. Refer to "
                      "the source list for valid options: 'flickr', 'met', 'stocksnap'.")},
        Refusal{"SourceAndExcluded", "source=met&excluded_source=flickr", 400,
                field("excluded_source",
                      "Cannot set both 'source' and 'excluded_source'. Use exactly one of these.")},
        Refusal{"CollectionWithQuery", "unstable__collection=tag&unstable__tag=cat&q=cat", 400,
                field("unstable__collection",
                      "The `collection` parameter cannot be used with the `q` parameter.")},
        Refusal{"TagMissing", "unstable__collection=tag", 400,
                field("unstable__collection",
                      "The `unstable__tag` parameter is required when `unstable__collection` is "
                      "set to `tag`.")},
        Refusal{"CreatorAlone", "unstable__collection=creator&creator=A", 400,
                field("unstable__collection",
                      "The `creator` and `source` parameters are required when "
                      "`unstable__collection` is set to `creator`.")},
        Refusal{"CollectionOfAnUnknownSource", "unstable__collection=source&source=Nope", 400,
                field("source",
                      "Invalid source parameter 'Nope'. Use one of the valid sources: 'flickr', "
                      "'met', 'stocksnap'")}),
    [](const auto& row) { return row.param.name; });

TEST(ParseSearchAccepts, DefaultsAndEmptyParameters) {
  const SearchParameters search = accepted("q=&page=&license=&mature=&foo=bar&categories=x");
  EXPECT_EQ(search.page, 1);
  EXPECT_EQ(search.page_size, 20);
  EXPECT_FALSE(search.q);
  EXPECT_THAT(search.licenses, IsEmpty());
  EXPECT_FALSE(search.include_sensitive);
  EXPECT_FALSE(search.filter_dead.has_value());
}

TEST(ParseSearchAccepts, LongQueriesCutToTwoHundredCharacters) {
  std::string text;
  for (int i = 0; i < 210; ++i) {
    text += "é";
  }
  EXPECT_EQ(accepted("q=" + text).q->size(), 400U);
  EXPECT_EQ(*accepted("q=+cat+").q, "cat");
}

TEST(ParseSearchAccepts, ListsInLowerCase) {
  const SearchParameters search = accepted(
      "license=BY,by-SA&category=Photograph&extension=JPG,png&aspect_ratio=Tall&size=small,LARGE");
  EXPECT_THAT(search.licenses, ElementsAre("by", "by-sa"));
  EXPECT_THAT(search.categories, ElementsAre("photograph"));
  EXPECT_THAT(search.extensions, ElementsAre("jpg", "png"));
  EXPECT_THAT(search.aspect_ratios, ElementsAre("tall"));
  EXPECT_THAT(search.sizes, ElementsAre("small", "large"));
}

TEST(ParseSearchAccepts, WhatLicenseTypesHaveInCommon) {
  EXPECT_THAT(accepted("license_type=commercial,Modification").licenses_of_types,
              ElementsAre("by", "by-sa", "cc0", "pdm", "sampling+"));
}

TEST(ParseSearchAccepts, OnlyTheFiltersOfItsMedia) {
  const SearchParameters audio = accepted("size=huge&length=short&peaks=yes", Media::audio);
  EXPECT_THAT(audio.sizes, IsEmpty());
  EXPECT_THAT(audio.lengths, ElementsAre("short"));
  EXPECT_TRUE(audio.with_peaks);
  EXPECT_THAT(accepted("length=endless&peaks=2").lengths, IsEmpty());
}

TEST(ParseSearchAccepts, IntegersAsTheWireWritesThem) {
  EXPECT_EQ(accepted("page=2.0").page, 2);
  EXPECT_EQ(accepted("page=%2B3").page, 3);
  EXPECT_EQ(accepted("page_size=20&page=12").page, 12);
  EXPECT_EQ(accepted("page_size=240&page=20", Media::image, kPrivileged).page, 20);
}

TEST(ParseSearchAccepts, KnownSourcesAndWarnsOfTheRest) {
  const SearchParameters search = accepted("source=Met,nope,met,flickr");
  EXPECT_THAT(search.sources, ElementsAre("met", "flickr"));
  ASSERT_EQ(search.warnings.size(), 1U);
  EXPECT_THAT(search.warnings[0].invalid_sources, ElementsAre("nope"));
  EXPECT_THAT(search.warnings[0].valid_sources, ElementsAre("met", "flickr"));
  EXPECT_THAT(accepted("source=met").warnings, IsEmpty());
}

// A source is asked for in any case, and found in every spelling that the index has of it.
TEST(ParseSearchAccepts, SourcesInAnyCase) {
  SourceNames known{"capl", "École", "worms"};
  known.add("CAPL");
  known.add("éCOLE");
  known.add("Smith, Jones");
  const auto accept = [&](const std::string& query) {
    auto result = parse_search(Query::parse(query), Media::image, kAnonymous, known);
    if (const Reply* reply = std::get_if<Reply>(&result)) {
      ADD_FAILURE() << query << " refused: " << reply->body;
      return SearchParameters{};
    }
    return std::get<SearchParameters>(std::move(result));
  };
  for (const std::string name : {"capl", "CAPL", "Capl", "capl,CAPL"}) {
    EXPECT_THAT(accept("source=" + name).sources, ElementsAre("capl", "CAPL")) << name;
    EXPECT_THAT(accept("excluded_source=" + name).excluded_sources, ElementsAre("capl", "CAPL"));
    EXPECT_THAT(accept("source=" + name).warnings, IsEmpty());
  }
  EXPECT_THAT(accept("source=ÉCOLE").sources, ElementsAre("École", "éCOLE"));
  EXPECT_THAT(accept("source=CAPL,nope").warnings.at(0).valid_sources, ElementsAre("capl"));
  EXPECT_THAT(accept("source=smith,+jones").sources, ElementsAre("Smith, Jones"));
  for (const std::string name : {"capl", "CAPL"}) {
    EXPECT_THAT(accept("unstable__collection=source&source=" + name).collection_sources,
                ElementsAre("capl", "CAPL"));
  }
}

TEST(ParseSearchAccepts, WhatWordPressAsksOfAnIndexWithoutTheThreeLargeSources) {
  const auto result = parse_search(
      Query::parse("mature=false&excluded_source=flickr,inaturalist,wikimedia&license=pdm,cc0&"
                   "page_size=20&q=cat"),
      Media::image, kAnonymous, {"met"});
  const SearchParameters* search = std::get_if<SearchParameters>(&result);
  ASSERT_NE(search, nullptr);
  EXPECT_THAT(search->excluded_sources, IsEmpty());
  EXPECT_THAT(search->licenses, ElementsAre("pdm", "cc0"));
  EXPECT_FALSE(search->include_sensitive);
}

TEST(ParseSearchAccepts, SortingAndAuthorityOfTheAuthenticatedOnly) {
  const std::string query =
      "unstable__sort_by=indexed_on&unstable__sort_dir=asc&unstable__authority=true&"
      "unstable__authority_boost=2.5";
  const SearchParameters anonymous = accepted(query);
  EXPECT_EQ(anonymous.sort_by, SortBy::relevance);
  EXPECT_EQ(anonymous.sort_direction, SortDirection::descending);
  EXPECT_FALSE(anonymous.boost_authority);
  const SearchParameters known = accepted(query, Media::image, kAuthenticated);
  EXPECT_EQ(known.sort_by, SortBy::indexed_on);
  EXPECT_EQ(known.sort_direction, SortDirection::ascending);
  EXPECT_TRUE(known.boost_authority);
  EXPECT_DOUBLE_EQ(known.authority_boost, 2.5);
}

TEST(ParseSearchAccepts, CollectionsWordForWord) {
  const SearchParameters search =
      accepted("unstable__collection=creator&creator=Doe,+Jane&source=met");
  EXPECT_EQ(search.collection, Collection::creator);
  EXPECT_EQ(search.collection_creator, "Doe, Jane");
  EXPECT_THAT(search.collection_sources, ElementsAre("met"));
  EXPECT_THAT(accepted("unstable__collection=tag&unstable__tag=Cat&source=nope").collection_sources,
              ElementsAre("nope"));
}

TEST(ParsePeaks, IsOfAudioOnly) {
  EXPECT_TRUE(std::get<bool>(parse_peaks(Query::parse("peaks=true"), Media::audio)));
  EXPECT_FALSE(std::get<bool>(parse_peaks(Query::parse("peaks=true"), Media::image)));
  EXPECT_FALSE(std::get<bool>(parse_peaks(Query::parse("page=0"), Media::audio)));
  EXPECT_EQ(std::get<Reply>(parse_peaks(Query::parse("peaks=x"), Media::audio)).status, 400U);
}

}  // namespace
}  // namespace freshet::api
