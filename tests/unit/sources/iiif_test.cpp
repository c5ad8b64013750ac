#include "producers/protocols/iiif.hpp"

#include <gmock/gmock.h>

#include "producers/protocols/iiif_manifest.hpp"
#include "producers/runner.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

std::string works(const std::string& manifest, std::int64_t most) {
  Emit emit;
  expand_iiif_manifest(*parse_json(manifest), most, emit);
  std::string text;
  for (const Draft& draft : emit.drafts()) {
    json::object fields;
    for (const auto& [name, value] : draft.fields) {
      if (!value.is_null()) {
        fields[name] = value;
      }
    }
    text += std::string{to_string(draft.media_type)} + " " + to_json(fields) + "\n";
  }
  return text;
}

constexpr const char* kThree = R"({"@context":"http://iiif.io/api/presentation/3/context.json",
 "id":"https://x/m","type":"Manifest","label":{"de":["Kai"],"en":["Quay"]},"summary":{"none":["<p>Old</p>"]},
 "rights":"http://creativecommons.org/licenses/by/4.0/","homepage":[{"id":"https://x/page","type":"Text"}],
 "metadata":[{"label":{"en":["Artist"]},"value":{"none":["<b>Ann</b>","Bo"]}},{"label":{"en":["Subjects"]},"value":{"en":["sea"]}}],
 "items":[{"id":"https://x/c1","type":"Canvas","width":40,"height":30,"thumbnail":[{"id":"https://x/t"}],
  "items":[{"type":"AnnotationPage","items":[{"motivation":"painting","body":{"id":"https://x/i.jpg","type":"Image","width":400,
   "service":[{"id":"https://img/1/","type":"ImageService3"}]}}]}]},
  {"id":"https://x/c2","type":"Canvas","items":[{"items":[{"motivation":"painting","body":{"type":"Choice","items":[
   {"id":"https://x/2.jpg","type":"Image"},{"id":"https://x/3.jpg","type":"Image"}]}},
   {"motivation":"commenting","body":{"id":"https://x/no","type":"Image"}}]}]},
  {"id":"https://x/c3","type":"Canvas","duration":1.5,"items":[{"items":[{"motivation":"painting","body":{"id":"https://x/s.mp3","type":"Sound"}}]}]}]})";

TEST(IiifManifest, OfPresentation3) {
  EXPECT_EQ(works(kThree, 1),
            R"(image {"foreign_identifier":"https://x/m","foreign_landing_url":"https://x/page",)"
            R"("url":"https://img/1/full/max/0/default.jpg","thumbnail":"https://x/t",)"
            R"("license_url":"http://creativecommons.org/licenses/by/4.0/","title":"Quay",)"
            R"("creator":"Ann; Bo","tags":["sea"],"meta_data":{"description":"Old"},)"
            R"("width":400,"height":30})"
            "\n");
  const std::string all = works(kThree, 0);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3);
  EXPECT_THAT(all, testing::HasSubstr(R"("foreign_identifier":"https://x/m#2")"));
  EXPECT_THAT(all, testing::HasSubstr(R"("url":"https://x/2.jpg")"));
  EXPECT_THAT(all, testing::HasSubstr(R"(audio {"foreign_identifier":"https://x/m#3")"));
  EXPECT_THAT(all, testing::HasSubstr(R"("duration":1500)"));
}

TEST(IiifManifest, OfPresentation2) {
  EXPECT_EQ(
      works(R"({"@context":"http://iiif.io/api/presentation/2/context.json","@id":"https://x/m",
 "@type":"sc:Manifest","label":[{"@value":"Quay","@language":"en"}],"license":["https://x/terms",
 "https://creativecommons.org/publicdomain/mark/1.0/"],"related":{"@id":"https://x/page","format":"text/html"},
 "attribution":"Museum","metadata":[{"label":"Author","value":"Ann"},{"label":"Date","value":"1900"}],
 "sequences":[{"canvases":[{"@id":"https://x/c","height":3,"width":4,"images":[{"resource":{"@id":"https://x/i.jpg",
 "@type":"dctypes:Image","service":{"@id":"https://img/1","@context":"http://iiif.io/api/image/2/context.json"}}}]}]}]})",
            1),
      R"(image {"foreign_identifier":"https://x/m","foreign_landing_url":"https://x/page",)"
      R"("url":"https://img/1/full/full/0/default.jpg",)"
      R"("license_url":"https://creativecommons.org/publicdomain/mark/1.0/","title":"Quay",)"
      R"("creator":"Ann","meta_data":{"date":"1900","attribution":"Museum"},"width":4,"height":3})"
      "\n");
}

TEST(IiifManifest, WithoutPictureIsDroppedAndAnotherThingIsPutAside) {
  Emit emit;
  expand_iiif_manifest(*parse_json(R"({"id":"https://x/m","type":"Manifest","items":[]})"), 1,
                       emit);
  EXPECT_EQ(emit.drops(), std::vector<ProducerDrop>{ProducerDrop::no_image});
  EXPECT_THROW(expand_iiif_manifest(*parse_json("{}"), 1, emit), WrongShape);
}

struct Ran {
  RunReport report;
  test::MemoryOutput output;
  std::vector<std::string> asked;
};

std::string manifest(const std::string& id) {
  return R"({"id":")" + id +
         R"(","type":"Manifest","label":{"en":["T"]},"rights":"http://creativecommons.org/licenses/by/4.0/",)"
         R"("items":[{"items":[{"items":[{"body":{"id":")" +
         id + R"(.jpg","type":"Image"}}]}]}]})";
}

void run(Ran& ran, const std::string& collection, std::map<std::string, std::string> pages,
         const RunOptions& options = {}) {
  for (const char* id : {"m1", "m2", "m3", "m4", "m5"}) {
    pages.emplace("https://x/" + std::string{id}, manifest("https://x/" + std::string{id}));
  }
  const auto provider = make_iiif({.collection = collection, .name = "lib"});
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    ran.asked.push_back(request.url);
    const auto found = pages.find(request.url);
    return found == pages.end() ? http::Response{404, {}, "", request.url}
                                : http::Response{200, {}, found->second, request.url};
  }};
  const FakeClock clock;
  ran.report = run_provider(*provider, options,
                            {.http = http,
                             .sleep = [](std::chrono::milliseconds) { return true; },
                             .clock = clock,
                             .output = ran.output});
}

std::string ids(const Ran& ran) {
  std::string text;
  for (const auto& record : ran.output.records) {
    text += record.sighting.key.substr(std::string{"image:lib:https://x/"}.size()) + " ";
  }
  return text;
}

TEST(Iiif, WalksCollectionsInCollections) {
  Ran ran;
  run(ran, "https://x/top",
      {{"https://x/top",
        R"({"id":"https://x/top","type":"Collection","items":[{"id":"https://x/m1","type":"Manifest"},
            {"id":"https://x/a","type":"Collection"},{"id":"https://x/b","type":"Collection"}]})"},
       {"https://x/a",
        R"({"id":"https://x/a","type":"Collection","items":[{"id":"https://x/a2","type":"Collection"},
            {"id":"https://x/m2","type":"Manifest"}]})"},
       {"https://x/a2",
        R"({"id":"https://x/a2","type":"Collection","items":[{"id":"https://x/m3","type":"Manifest"}]})"},
       {"https://x/b",
        R"({"id":"https://x/b","type":"Collection","items":[{"id":"https://x/m4","type":"Manifest"},
            {"id":"https://x/m1","type":"Manifest"}]})"}});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ids(ran), "m1 m2 m3 m4 ");
  EXPECT_EQ(ran.report.state.counts.at("dropped.already_seen"), 1);
  EXPECT_EQ(std::count(ran.asked.begin(), ran.asked.end(), "https://x/top"), 1);
  EXPECT_EQ(ran.output.finished.size(), 2U);
}

TEST(Iiif, FollowsPagesOfPresentation2) {
  Ran ran;
  run(ran, "https://x/top",
      {{"https://x/top",
        R"({"@id":"https://x/top","@type":"sc:Collection","first":"https://x/p1"})"},
       {"https://x/p1",
        R"({"@id":"https://x/p1","@type":"sc:Collection","manifests":[{"@id":"https://x/m1","@type":"sc:Manifest"}],
            "next":"https://x/p2"})"},
       {"https://x/p2",
        R"({"@id":"https://x/p2","@type":"sc:Collection","members":[{"@id":"https://x/m2","@type":"sc:Manifest"}]})"}});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ids(ran), "m1 m2 ");
}

TEST(Iiif, ReadsOneManifest) {
  Ran ran;
  run(ran, "https://x/m1", {});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ids(ran), "m1 ");
  EXPECT_EQ(ran.asked.size(), 1U);
}

const std::map<std::string, std::string> kChanges{
    {"https://x/changes",
     R"({"id":"https://x/changes","type":"OrderedCollection","last":{"id":"https://x/c2"}})"},
    {"https://x/c2",
     R"({"id":"https://x/c2","type":"OrderedCollectionPage","prev":{"id":"https://x/c1"},"orderedItems":[
         {"type":"Update","object":{"id":"https://x/m2","type":"Manifest"},"endTime":"2026-11-20T08:00:00Z"},
         {"type":"Delete","object":{"id":"https://x/m1","type":"Manifest"},"endTime":"2026-11-20T09:00:00Z"},
         {"type":"Update","object":{"id":"https://x/m3","type":"Manifest"},"endTime":"2026-11-21T09:00:00Z"}]})"},
    {"https://x/c1",
     R"({"id":"https://x/c1","type":"OrderedCollectionPage","prev":{"id":"https://x/c0"},"orderedItems":[
         {"type":"Create","object":{"id":"https://x/m1","type":"Manifest"},"endTime":"2026-11-19T08:00:00Z"},
         {"type":"Create","object":{"id":"https://x/m4","type":"Manifest"},"endTime":"2026-11-20T07:00:00Z"}]})"},
    {"https://x/c0",
     R"({"id":"https://x/c0","type":"OrderedCollectionPage","orderedItems":[
         {"type":"Create","object":{"id":"https://x/m5","type":"Manifest"},"endTime":"2026-11-18T08:00:00Z"}]})"}};

TEST(Iiif, ReadsChangesFromTheNewestBack) {
  Ran ran;
  run(ran, "https://x/changes", kChanges);
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ids(ran), "m3 m2 m4 m5 ");
  EXPECT_EQ(ran.report.state.counts.at("dropped.already_seen"), 1) << "m1 was deleted later";
}

TEST(Iiif, ReadsTheChangesOfADay) {
  Ran ran;
  run(ran, "https://x/changes", kChanges, {.date = "2026-11-20"});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ids(ran), "m2 m4 ");
  EXPECT_EQ(std::count(ran.asked.begin(), ran.asked.end(), "https://x/c0"), 0);
}

TEST(Iiif, AnotherAnswerIsNoEmptyList) {
  Ran ran;
  run(ran, "https://x/top", {{"https://x/top", R"({"message":"hello"})"}});
  EXPECT_EQ(ran.report.exit_code(), 1);
}

}  // namespace
}  // namespace freshet
