#include "api/sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/resources.hpp"

namespace freshet::api {
namespace {

using testing::ElementsAre;

const char* const kRegistry = R"([
  {"name":"zoo","display_name":"The Zoo","source_url":"https://zoo.example",
   "media_types":["image","audio"],"hidden":false},
  {"name":"met","display_name":"The Met","source_url":"https://met.example","media_types":["image"]},
  {"name":"bad","display_name":"Bad","source_url":"https://bad.example","media_types":["image"],
   "hidden":true}])";

std::vector<std::string> names(const Sources& sources) {
  std::vector<std::string> out;
  for (const SourceStat& stat : sources.stats) {
    out.push_back(stat.source_name + "=" + std::to_string(stat.media_count));
  }
  return out;
}

TEST(CombineSources, KnowsTheRegistryBeforeAnythingWasCounted) {
  const Sources images =
      combine_sources(read_source_registry(kRegistry), Media::image, std::nullopt, {});
  EXPECT_THAT(images.known.all_shown(), ElementsAre("met", "zoo"));
  EXPECT_THAT(images.hidden.all_shown(), ElementsAre("bad"));
  EXPECT_THAT(names(images), ElementsAre("met=0", "zoo=0"));
  EXPECT_FALSE(images.has_counts);
}

TEST(CombineSources, AddsWhatTheIndexHolds) {
  const std::map<std::string, std::int64_t> counts = {{"zoo", 5}, {"new", 2}, {"bad", 9}};
  const Sources audio = combine_sources(read_source_registry(kRegistry), Media::audio, counts, {});
  EXPECT_THAT(audio.known.all_shown(), ElementsAre("new", "zoo"));
  EXPECT_THAT(names(audio), ElementsAre("new=2", "zoo=5"));
  EXPECT_TRUE(audio.has_counts);
}

TEST(CombineSources, ShowsTheNewestOfAllSpellings) {
  const Sources images =
      combine_sources(read_source_registry(kRegistry), Media::image,
                      std::map<std::string, std::int64_t>{{"met", 5}, {"MET", 2}}, {},
                      {{"met", 1000}, {"MET", 2000}, {"else", 3000}});
  ASSERT_EQ(names(images).front(), "met=7");
  EXPECT_EQ(images.stats.front().last_indexed_millis, 2000);
  EXPECT_EQ(images.stats.back().last_indexed_millis, std::nullopt);
}

TEST(CombineSources, LetsADecisionBeatTheRegistry) {
  const Sources images =
      combine_sources(read_source_registry(kRegistry), Media::image, std::nullopt,
                      {{"bad", false}, {"met", true}, {"x", true}});
  EXPECT_THAT(images.hidden.all_shown(), ElementsAre("met", "x"));
  EXPECT_THAT(names(images), ElementsAre("bad=0", "zoo=0"));
}

using Counts = std::map<std::string, std::int64_t>;

TEST(CombineSources, ListsTheUnregisteredByTheirNameAlone) {
  const Sources images =
      combine_sources(read_source_registry(kRegistry), Media::image,
                      Counts{{"city_museum", 3}, {"WoRMS", 1}, {"x", 2}}, {{"x", true}});
  EXPECT_THAT(names(images), ElementsAre("WoRMS=1", "city_museum=3", "met=0", "zoo=0"));
  EXPECT_EQ(images.stats[0].display_name, "WoRMS");
  EXPECT_EQ(images.stats[1].display_name, "City Museum");
  EXPECT_EQ(images.stats[1].source_url, "");
  EXPECT_THAT(images.known.all_shown(), ElementsAre("city_museum", "met", "WoRMS", "zoo"));
}

TEST(CombineSources, ListsWhatIsRegisteredForTheOtherMediaTypeOnly) {
  const Sources audio =
      combine_sources(read_source_registry(kRegistry), Media::audio, Counts{{"met", 3}}, {});
  EXPECT_THAT(names(audio), ElementsAre("met=3", "zoo=0"));
  EXPECT_EQ(audio.stats[0].display_name, "The Met");
}

TEST(CombineSources, ComparesNamesWithoutCase) {
  const Sources images = combine_sources(
      read_source_registry(kRegistry), Media::image,
      Counts{
          {"ZOO", 5}, {"zoo", 2}, {"Zoo", 1}, {"Bad", 4}, {"ÉCOLE", 2}, {"École", 3}, {"école", 2}},
      {{"MET", true}});
  EXPECT_THAT(names(images), ElementsAre("zoo=8", "École=7"));
  EXPECT_THAT(*images.known.find("zOO"), ElementsAre("zoo", "ZOO", "Zoo"));
  EXPECT_THAT(*images.known.find("éCOLE"), ElementsAre("École", "ÉCOLE", "école"));
  EXPECT_TRUE(images.hidden.contains("met"));
  EXPECT_TRUE(images.hidden.contains("BAD"));
  EXPECT_THAT(*images.hidden.find("bad"), ElementsAre("bad", "Bad"));
  EXPECT_FALSE(images.known.contains("Bad"));
  EXPECT_FALSE(images.known.contains("Met"));
  EXPECT_EQ(images.all.shown("ZOO"), "zoo");
  EXPECT_EQ(images.all.shown("nobody's"), "nobody's");
}

SourcesRule said(std::string_view json) {
  return std::get<SourcesRule>(*parse_policy_rule("sources", json));
}

TEST(Overlaid, AnEntryTakesThePlaceOfTheShippedOneOfItsName) {
  const auto registry = overlaid(
      read_source_registry(kRegistry),
      said(R"({"sources":[{"name":"Zoo","display_name":"Zoological Garden","media_types":["audio"]},
                          {"name":"BAD","media_types":["image"]},
                          {"name":"city_museum","media_types":["image"],"hidden":true}]})"));
  ASSERT_EQ(registry.size(), 4U);
  EXPECT_EQ(registry[0].name, "BAD");
  EXPECT_EQ(registry[0].display_name, "Bad") << "what it leaves out is as shipped";
  EXPECT_TRUE(registry[0].is_hidden);
  EXPECT_EQ(registry[1].display_name, "City Museum");
  EXPECT_EQ(registry[1].source_url, "");
  EXPECT_TRUE(registry[1].is_hidden);
  EXPECT_EQ(registry[2].name, "met");
  EXPECT_EQ(registry[3].name, "Zoo");
  EXPECT_EQ(registry[3].display_name, "Zoological Garden");
  EXPECT_EQ(registry[3].source_url, "https://zoo.example");
  EXPECT_FALSE(registry[3].has_images);
  EXPECT_TRUE(registry[3].has_audio);
}

TEST(SourceDirectory, TakesWhatIsSaidOfTheRegistryAndGoesBack) {
  SourceDirectory directory{read_source_registry(kRegistry)};
  directory.set_counts(Media::image, {{"CAPL", 4}, {"MET", 1}});
  EXPECT_THAT(names(*directory.get(Media::image)), ElementsAre("CAPL=4", "met=1", "zoo=0"));
  directory.set_registry(said(
      R"({"sources":[{"name":"capl","media_types":["image"]},{"name":"Met","media_types":["image"]}]})"));
  EXPECT_THAT(names(*directory.get(Media::image)), ElementsAre("Met=1", "capl=4", "zoo=0"));
  directory.set_registry({});
  EXPECT_THAT(names(*directory.get(Media::image)), ElementsAre("CAPL=4", "met=1", "zoo=0"));
}

TEST(DisplayName, IsMadeOfTheName) {
  EXPECT_EQ(display_name_of("city_museum"), "City Museum");
  EXPECT_EQ(display_name_of("WoRMS"), "WoRMS");
  EXPECT_EQ(display_name_of("500px"), "500px");
}

TEST(SourceDirectory, KeepsTheLastCounts) {
  SourceDirectory directory{read_source_registry(kRegistry)};
  const auto before = directory.get(Media::image);
  directory.set_counts(Media::image, {{"met", 4}});
  directory.set_visibility({{"zoo", true}});
  EXPECT_THAT(names(*directory.get(Media::image)), ElementsAre("met=4"));
  EXPECT_TRUE(directory.get(Media::audio)->hidden.contains("zoo"));
  EXPECT_FALSE(before->has_counts);
}

TEST(SourceRegistry, ShippedWithTheBinaryIsReadable) {
  const auto registry = read_source_registry(resource("sources.json"));
  ASSERT_GT(registry.size(), 20U);
  for (const RegisteredSource& source : registry) {
    EXPECT_TRUE(source.has_images || source.has_audio) << source.name;
    EXPECT_TRUE(source.source_url.starts_with("http")) << source.name;
  }
}

}  // namespace
}  // namespace freshet::api
