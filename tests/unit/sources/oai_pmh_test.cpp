#include "producers/protocols/oai_pmh.hpp"

#include <gmock/gmock.h>

#include "core/check.hpp"
#include "producers/protocols/media_of.hpp"
#include "producers/protocols/oai_metadata.hpp"
#include "producers/protocols/xml_json.hpp"
#include "producers/runner.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/memory_output.hpp"

namespace freshet {
namespace {

constexpr const char* kOpen =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OAI-PMH "
    "xmlns=\"http://www.openarchives.org/OAI/2.0/\"><responseDate>x</responseDate>";

std::string record(const std::string& id, const std::string& metadata,
                   const std::string& header = "") {
  return "<record><header " + header + "><identifier>" + id + "</identifier></header><metadata>" +
         metadata + "</metadata></record>";
}

std::string dublin_core(const std::string& inside) {
  return "<oai_dc:dc xmlns:oai_dc=\"o\" xmlns:dc=\"d\">" + inside + "</oai_dc:dc>";
}

std::string list(const std::string& records, const std::string& token = "") {
  return kOpen + ("<ListRecords>" + records) +
         (token.empty() ? "" : "<resumptionToken>" + token + "</resumptionToken>") +
         "</ListRecords></OAI-PMH>";
}

struct Ran {
  RunReport report;
  test::MemoryOutput output;
  std::vector<std::string> asked;
};

void run(Ran& ran, OaiOptions options, const std::map<std::string, std::string>& pages,
         const RunOptions& run_options = {}) {
  const auto provider = make_oai_pmh(std::move(options));
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    const std::string url = http::full_url(request);
    ran.asked.push_back(url);
    const auto found = pages.find(url);
    return found == pages.end() ? http::Response{404, {}, "", url}
                                : http::Response{200, {}, found->second, url};
  }};
  const FakeClock clock;
  ran.report = run_provider(*provider, run_options,
                            {.http = http,
                             .sleep = [](std::chrono::milliseconds) { return true; },
                             .clock = clock,
                             .output = ran.output});
}

const std::string kBase = "https://oai.example.org/oai";

TEST(OaiPmh, FollowsResumptionTokensToTheirEnd) {
  const std::string metadata = dublin_core("<dc:identifier>https://x.org/1.jpg</dc:identifier>");
  Ran ran;
  run(ran, {.base = kBase, .set = "photos"},
      {{kBase + "?verb=ListRecords&metadataPrefix=oai_dc&set=photos",
        list(record("oai:1", metadata) + record("oai:2", metadata), "a b")},
       {kBase + "?verb=ListRecords&resumptionToken=a+b", list(record("oai:3", metadata), "c")},
       {kBase + "?verb=ListRecords&resumptionToken=c", list("")}});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ran.report.state.command, "oai_pmh.oai_example_org_photos");
  ASSERT_EQ(ran.output.records.size(), 3U);
  EXPECT_EQ(ran.output.records[0].sighting.key, "image:oai_example_org_photos:oai:1");
  EXPECT_EQ(ran.output.finished.size(), 2U);
}

TEST(OaiPmh, SaysWhatWasDeleted) {
  Ran ran;
  run(ran, {.base = kBase, .name = "lib"},
      {{kBase + "?verb=ListRecords&metadataPrefix=oai_dc",
        list("<record><header "
             "status=\"deleted\"><identifier>oai:9</identifier></header></record>")}});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ran.report.state.counts.at("emitted"), 2);
  EXPECT_TRUE(ran.output.records.empty());
}

TEST(OaiPmh, AsksForADayOrBetweenBounds) {
  const std::string nothing =
      kOpen + std::string{"<error code=\"noRecordsMatch\">none</error></OAI-PMH>"};
  Ran day;
  run(day, {.base = kBase, .name = "lib"},
      {{kBase + "?verb=ListRecords&metadataPrefix=oai_dc&from=2026-11-20&until=2026-11-20",
        nothing}},
      {.date = "2026-11-20"});
  EXPECT_EQ(day.report.exit_code(), 0) << day.report.state.error;
  EXPECT_TRUE(day.output.finished.empty());
  Ran bounds;
  run(bounds, {.base = kBase, .name = "lib", .from = "2026-01-01"},
      {{kBase + "?verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01", nothing}});
  EXPECT_EQ(bounds.report.exit_code(), 0) << bounds.report.state.error;
  EXPECT_TRUE(bounds.output.finished.empty()) << "a part is no full run";
}

TEST(OaiPmh, AFaultOfTheRepositoryIsNoEmptyList) {
  for (const std::string& body :
       {std::string{"<html>maintenance</html>"}, std::string{"{}"},
        kOpen + std::string{"<error code=\"badResumptionToken\">old</error></OAI-PMH>"},
        kOpen + std::string{"<ListRecords><record>"}, kOpen + std::string{"</OAI-PMH>"}}) {
    Ran ran;
    run(ran, {.base = kBase, .name = "lib"},
        {{kBase + "?verb=ListRecords&metadataPrefix=oai_dc", body}});
    EXPECT_EQ(ran.report.exit_code(), 1) << body;
    EXPECT_TRUE(ran.output.finished.empty()) << body;
  }
  EXPECT_THROW(make_oai_pmh({.base = "oai.example.org"}), StartupError);
}

TEST(OaiPmh, ARecordOfAnotherFormatIsPutAsideAndItsNeighboursPass) {
  Ran ran;
  run(ran, {.base = kBase, .name = "lib"},
      {{kBase + "?verb=ListRecords&metadataPrefix=oai_dc",
        list(record("oai:1", "<lido/>") +
             record("oai:2", dublin_core("<dc:identifier>https://x.org/1.jpg</dc:identifier>")) +
             record("oai:3", dublin_core("<dc:identifier>https://x.org/page</dc:identifier>")))}});
  EXPECT_EQ(ran.report.exit_code(), 0) << ran.report.state.error;
  EXPECT_EQ(ran.output.records.size(), 1U);
  EXPECT_EQ(ran.output.rejections.size(), 1U);
  EXPECT_EQ(ran.report.state.counts.at("dropped.no_image"), 1);
}

// The works of one record's metadata, a line each.
std::string works(const std::string& metadata) {
  const auto document = xml_to_json("<metadata>" + metadata + "</metadata>");
  EXPECT_TRUE(document.has_value());
  Emit emit;
  expand_oai_metadata("oai:1", document->at("metadata"), emit);
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

TEST(OaiMetadata, DublinCore) {
  EXPECT_EQ(
      works(dublin_core(
          "<dc:title>Quay</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bo</dc:creator>"
          "<dc:identifier>inv 7</dc:identifier><dc:identifier>https://x.org/7</dc:identifier>"
          "<dc:relation>https://x.org/7.JPG?s=1</dc:relation><dc:subject>sea</dc:subject>"
          "<dc:date>1900</dc:date><dc:rights>Photo: Ann</dc:rights>"
          "<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>")),
      R"(image {"foreign_identifier":"oai:1","foreign_landing_url":"https://x.org/7",)"
      R"("url":"https://x.org/7.JPG?s=1","license_url":"http://creativecommons.org/licenses/by/4.0/",)"
      R"("title":"Quay","creator":"Ann; Bo","tags":["sea"],"meta_data":{"date":"1900"}})"
      "\n");
}

TEST(OaiMetadata, Edm) {
  const std::string text = works(
      "<rdf:RDF xmlns:rdf=\"r\" xmlns:edm=\"e\" xmlns:ore=\"o\" xmlns:dc=\"d\" xmlns:skos=\"s\" "
      "xmlns:ebucore=\"b\"><edm:ProvidedCHO rdf:about=\"c\"><dc:title>Quay</dc:title>"
      "<dc:creator rdf:resource=\"#ann\"/><edm:type>IMAGE</edm:type></edm:ProvidedCHO>"
      "<edm:Agent rdf:about=\"#ann\"><skos:prefLabel>Ann</skos:prefLabel></edm:Agent>"
      "<edm:WebResource rdf:about=\"https://x/1\"><ebucore:width>5</ebucore:width>"
      "<edm:rights rdf:resource=\"http://rightsstatements.org/vocab/InC/1.0/\"/></edm:WebResource>"
      "<ore:Aggregation rdf:about=\"a\"><edm:isShownBy rdf:resource=\"https://x/1\"/>"
      "<edm:isShownAt rdf:resource=\"https://x/page\"/><edm:hasView rdf:resource=\"https://x/2\"/>"
      "<edm:object rdf:resource=\"https://x/1t\"/><edm:dataProvider>Museum</edm:dataProvider>"
      "<edm:rights rdf:resource=\"http://creativecommons.org/publicdomain/mark/1.0/\"/>"
      "</ore:Aggregation></rdf:RDF>");
  EXPECT_EQ(
      text,
      R"(image {"foreign_identifier":"oai:1","foreign_landing_url":"https://x/page",)"
      R"("url":"https://x/1","thumbnail":"https://x/1t",)"
      R"("license_url":"http://rightsstatements.org/vocab/InC/1.0/","title":"Quay",)"
      R"("creator":"Ann","meta_data":{"type":"IMAGE","data_provider":"Museum"},"width":"5"})"
      "\n"
      R"(image {"foreign_identifier":"oai:1#2","foreign_landing_url":"https://x/page",)"
      R"("url":"https://x/2","license_url":"http://creativecommons.org/publicdomain/mark/1.0/",)"
      R"("title":"Quay","creator":"Ann","meta_data":{"type":"IMAGE","data_provider":"Museum"}})"
      "\n");
}

TEST(OaiMetadata, Mods) {
  EXPECT_EQ(
      works(
          "<mods xmlns:xlink=\"x\"><titleInfo><nonSort>The</nonSort><title>Quay</title></titleInfo>"
          "<name><namePart>Lee, Ann</namePart><role><roleTerm>Photographer</roleTerm></role></name>"
          "<name><namePart>Bo</namePart><role><roleTerm>donor</roleTerm></role></name>"
          "<originInfo><dateCreated>1900</dateCreated></originInfo><subject><topic>sea</topic>"
          "</subject><location><url access=\"preview\">https://x/t</url>"
          "<url access=\"object in context\">https://x/p</url><url access=\"raw "
          "object\">https://x/f"
          "</url></location><physicalDescription><internetMediaType>audio/mpeg</internetMediaType>"
          "</physicalDescription><accessCondition xlink:href=\"http://rightsstatements.org/vocab/"
          "NoC-US/1.0/\">None</accessCondition></mods>"),
      R"(audio {"foreign_identifier":"oai:1","foreign_landing_url":"https://x/p","url":"https://x/f",)"
      R"("thumbnail":"https://x/t","license_url":"https://creativecommons.org/publicdomain/mark/1.0/",)"
      R"("title":"The Quay","creator":"Lee, Ann","tags":["sea"],"meta_data":{"date":"1900"}})"
      "\n");
}

TEST(XmlToJson, ExpandsAndLoadsNothing) {
  EXPECT_EQ(to_json(*xml_to_json("<a x='1'>t<b/><b>u</b></a>")),
            R"({"a":{"@x":"1","b":[{},{"$":"u"}],"$":"t"}})");
  EXPECT_FALSE(xml_to_json("").has_value());
  EXPECT_FALSE(xml_to_json("<a>").has_value());
  const auto entity = xml_to_json(
      "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\"><!ENTITY f \"text\">]><a>&e;&f;</a>");
  EXPECT_TRUE(!entity || to_json(*entity).find("root") == std::string::npos);
}

TEST(NameOfSource, IsOfSmallLetters) {
  EXPECT_EQ(name_of_source("https://www.x-y.example.org/oai", ""), "x_y_example_org");
  EXPECT_EQ(name_of_source("https://x.org", "Set: A/b"), "x_org_set_a_b");
}

}  // namespace
}  // namespace freshet
