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
  EXPECT_THAT(images.known, ElementsAre("met", "zoo"));
  EXPECT_THAT(images.hidden, ElementsAre("bad"));
  EXPECT_THAT(names(images), ElementsAre("met=0", "zoo=0"));
  EXPECT_FALSE(images.has_counts);
}

TEST(CombineSources, AddsWhatTheIndexHolds) {
  const std::map<std::string, std::int64_t> counts = {{"zoo", 5}, {"new", 2}, {"bad", 9}};
  const Sources audio = combine_sources(read_source_registry(kRegistry), Media::audio, counts, {});
  EXPECT_THAT(audio.known, ElementsAre("new", "zoo"));
  EXPECT_THAT(names(audio), ElementsAre("zoo=5"));
  EXPECT_TRUE(audio.has_counts);
}

TEST(CombineSources, LetsADecisionBeatTheRegistry) {
  const Sources images =
      combine_sources(read_source_registry(kRegistry), Media::image, std::nullopt,
                      {{"bad", false}, {"met", true}, {"x", true}});
  EXPECT_THAT(images.hidden, ElementsAre("met", "x"));
  EXPECT_THAT(names(images), ElementsAre("bad=0", "zoo=0"));
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
