#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "processors/extract/extract_page.hpp"
#include "processors/extract/extractor.hpp"
#include "processors/extract/page_batch.hpp"
#include "processors/extract/page_rules.hpp"
#include "tests/support/crawl_files.hpp"

namespace freshet {
namespace {

struct LicenceRow {
  const char* url;
  const char* what;
};
constexpr LicenceRow kLicences[] = {
    {"http://creativecommons.org/licenses/by-sa/2.0/", "by-sa 2.0"},
    {" https://www.creativecommons.org/licenses/BY/4.0/deed.de ", "by 4.0"},
    {"//creativecommons.org/publicdomain/zero/1.0/", "cc0 1.0"},
    {"https://creativecommons.org/publicdomain/mark/1.0", "pdm 1.0"},
    {"https://creativecommons.org/publicdomain/other/1.0/", "-"},
    {"https://creativecommons.org/licenses/by-sa/", "-"},
    {"https://creativecommons.org/about/licenses/by/4.0/", "-"},
    {"https://example.org/licenses/by/4.0/", "-"},
    {"http://i.creativecommons.org/l/by/4.0/88x31.png", "-"},
    {"", "-"}};

TEST(LicenceOf, ReadsThePathOfTheLink) {
  for (const LicenceRow& row : kLicences) {
    const auto licence = licence_of(row.url);
    EXPECT_EQ(licence ? licence->slug + " " + licence->version : "-", row.what) << row.url;
  }
}

TEST(PageRules, ReadNumbersAndNames) {
  EXPECT_EQ(numeric_id("https://x.org/photo/123/"), "123");
  EXPECT_EQ(numeric_id("https://x.org/photo/123"), "123");
  EXPECT_FALSE(numeric_id("https://x.org/photo/12a").has_value());
  EXPECT_FALSE(numeric_id("123").has_value());
  EXPECT_EQ(member_name(" Tipo Biol\u00D3gico "), "tipo_biol\u00F3gico");
  EXPECT_EQ(pixels("width", std::string{" 640.9 "}), json::value(640));
  EXPECT_TRUE(pixels("width", std::string{}).is_null());
  EXPECT_THROW(pixels("width", std::string{"640px"}), PageFault);
  EXPECT_EQ(pixels_or_zero(std::string{"abc"}), json::value(0));
}

TEST(FindSite, GoesByTheEndOfTheHost) {
  EXPECT_EQ(find_site("www.geograph.org.uk").site->provider, "geographorguk");
  EXPECT_EQ(find_site("SVGSILH.com").site->provider, "svgsilh");
  EXPECT_EQ(find_site("notgeograph.org.uk").site, nullptr);
  EXPECT_EQ(find_site("geograph.org.uk.example").site, nullptr);
  EXPECT_EQ(sites().size(), 13U);
}

// The pictures that a page of a site makes, as JSON; or the fault.
std::string pictures(std::string_view host, std::string_view path, const std::string& html) {
  const FoundSite found = find_site(host);
  const auto document = HtmlDocument::parse(html, "utf-8");
  const std::string address = std::string{host}.append(path);
  const auto made = extract_pictures(found, {*document, address, found.domain});
  if (!made) {
    const auto error = made.error();
    return "!" + error.field() + "." + error.rule();
  }
  std::string out;
  for (json::object picture : *made) {
    for (const char* name : {"source", "ingestion_type", "provider"}) {
      picture.erase(name);
    }
    out += to_json(picture) + "\n";
  }
  return out;
}

constexpr const char* kBy =
    "<a rel='license' href='https://creativecommons.org/licenses/by/4.0/'>c</a>";

json::object one_picture(std::string_view host, std::string_view path, const std::string& html) {
  const std::string text = pictures(host, path, html);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  return json::parse(text.substr(0, text.find('\n'))).as_object();
}

TEST(Extract, AnimalDiversity) {
  const std::string html =
      "<meta property='og:title' content='Owl'><img class='resource' src='/o.jpg' data-width='10' "
      "data-height='20' alt='an owl'>" +
      std::string{kBy} +
      "<section class='metadata'><h3>Conditions of Use</h3><p>x</p><h3>Caption It</h3><p> a  b </p>"
      "</section><ul class='keywords last'><li class='x'>no</li><li>bird :: owl</li></ul>"
      "<div class='classification well'><h3>Classification</h3><li><span class='rank'>Order</span>"
      "<a class='taxon-name-x'>Strigiformes</a><span "
      "class='vernacular-name'>owls</span></li></div>";
  const auto picture = one_picture("animaldiversity.org", "/accounts/x", html);
  EXPECT_EQ(picture.at("url"), "animaldiversity.org/o.jpg");
  EXPECT_EQ(picture.at("foreign_identifier"), "animaldiversity.org/o.jpg");
  EXPECT_EQ(picture.at("foreign_landing_url"), "animaldiversity.org/accounts/x");
  EXPECT_EQ(picture.at("width"), 10);
  EXPECT_EQ(picture.at("tags"), (json::array{"bird", "owl"}));
  EXPECT_EQ(picture.at("meta_data"),
            json::parse(R"({"image_alt_text":"an owl","caption_it":"a b",)"
                        R"("classification":{"order":"Strigiformes / owls"}})"));
  EXPECT_TRUE(find_site("animaldiversity.org").site->wants("animaldiversity.org/site/x"));
  EXPECT_FALSE(find_site("animaldiversity.org").site->wants("animaldiversity.org/about"));
}

TEST(Extract, Behance) {
  const std::string html =
      "<meta property='og:title' content='T'><meta property='og:url' content='https://b/1'>"
      "<meta property='og:owners' content='Jane Doe'><div id='project-block-copyright'>"
      "<a href='https://creativecommons.org/licenses/by-nc/4.0/'>c</a></div>"
      "<div class='rf-profile-item__info'><a class='rf-profile-item__name js-mini-profile' "
      "href='https://b/jane'>Jane  Doe</a><a class='rf-profile-item__location beicons-pre "
      "beicons-pre-location' href='/search?country=US&city=San+Jose'>x</a></div>"
      "<a class='object-tag'>one</a><div id='project-modules'><img src='https://c/1.jpg'>"
      "<img src='https://a/img/site/blank.png'><img src='https://c/2.jpg'></div>";
  const auto all = pictures("www.behance.net", "/gallery/1", html);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2) << all;
  const auto first = json::parse(all.substr(0, all.find('\n'))).as_object();
  EXPECT_EQ(first.at("license"), "by-nc");
  EXPECT_EQ(first.at("creator_url"), "https://b/jane");
  EXPECT_EQ(first.at("meta_data").at("owners"),
            json::parse(R"([{"name":"Jane Doe","creator_url":"https://b/jane","country":"US",)"
                        R"("city":"San Jose"}])"));
  EXPECT_EQ(first.at("meta_data").at("set"), "https://b/1");
}

TEST(Extract, CaplSinglePageAndList) {
  const std::string lines =
      "<div class='line'>Description (English): <span lang='en'>A house</span></div>"
      "<div class='line'>Description (German): <span lang='de'>Ein Haus</span></div>";
  const auto single = one_picture(
      "capl.washjeff.edu", "/browseresults.php?size=m&p=1",
      "<div class='singleimage'>" + std::string{kBy} +
          "<span class='alternateImages'><span class='directLink'><a href='http://c/m/1.jpg'>x</a>"
          "</span></span>" +
          lines + "</div>");
  EXPECT_EQ(single.at("url"), "http://c/l/1.jpg");
  EXPECT_EQ(single.at("thumbnail"), "http://c/m/1.jpg");
  EXPECT_EQ(single.at("foreign_landing_url"), "capl.washjeff.edu/browseresults.php?size=l&p=1");
  EXPECT_EQ(single.at("title"), "A house");
  EXPECT_EQ(single.at("meta_data").at("title_german"), "Ein Haus");
  const auto listed =
      one_picture("capl.washjeff.edu", "/l.php",
                  "<div class='light item'><div class='image'>" + std::string{kBy} +
                      "<a data-rel='lightbox[results]' href='2/m/5.jpg'>x</a><span class='imgTxt'>"
                      "<a href='s.php'>S</a><a href='l.php?5'>L</a></span></div>" +
                      lines + "</div>");
  EXPECT_EQ(listed.at("url"), "capl.washjeff.edu/2/l/5.jpg");
  EXPECT_EQ(listed.at("foreign_landing_url"), "capl.washjeff.edu/l.php?5");
  EXPECT_EQ(listed.at("creator"), "Michael R. Shaughnessy");
}

TEST(Extract, DeviantArt) {
  const std::string html =
      kBy + std::string{
                "<meta property='og:image' content='https://d/1.png'>"
                "<meta property='og:image:width' content='5'>"
                "<small class='author'><a class='u regular username' "
                "href='https://d/u'>u</a></small>"
                "<div class='dev-page-view view-mode-normal' "
                "gmi-deviationid='77'></div><div class='text block'> x </div>"};
  const auto picture = one_picture("www.deviantart.com", "/u/art/1", html);
  EXPECT_EQ(picture.at("foreign_identifier"), "77");
  EXPECT_EQ(picture.at("creator"), "u");
  EXPECT_EQ(picture.at("meta_data").at("description"), "x");
  EXPECT_EQ(pictures("www.deviantart.com", "/1",
                     kBy + std::string{"<meta property='og:image' "
                                       "content='https://d/main/logo/card_black_large.png'>"}),
            "");
}

TEST(Extract, DigitaltMuseum) {
  const std::string html =
      "<div class='article__title'><h1>Boat</h1></div><section class='article__metadata'>"
      "<h2>Metadata</h2><li>Made in      Oslo</li><li>alone</li></section>"
      "<div class='article__leadtext'><p>Lead Expand text</p></div><ul><li class='media__item'>"
      "<a class='media__license-link' href='https://creativecommons.org/licenses/by/4.0/'>c</a>"
      "<a class='module__media media--image' href='/1/boat'><img src='https://i/1.jpg' alt='b'></a>"
      "<i class='media__credit'>Photo: Ann</i></li></ul>";
  const auto picture = one_picture("digitaltmuseum.org", "/1/boat", html);
  EXPECT_EQ(picture.at("foreign_landing_url"), "digitaltmuseum.org/1/boat");
  EXPECT_EQ(picture.at("creator"), "Ann");
  EXPECT_EQ(picture.at("meta_data"),
            json::parse(R"({"alternate_language_available":"t","made_in":"Oslo",)"
                        R"("image_alt_text":"b","description":"Lead"})"));
}

TEST(Extract, EolDataObject) {
  const std::string html =
      "<meta property='og:title' content='Owl - Encyclopedia'><meta name='keywords' content='a,b'>"
      "<meta property='og:url' content='http://eol.org/data_objects/55'>"
      "<div class='media'><a href='http://m/55.jpg'>x</a></div><div class='article source'>"
      "<a href='http://creativecommons.org/licenses/by/3.0/'>c</a><p title='Rights holder'>"
      "\u00A9 Ann</p><p>Author: Bob<br/>Supplier: <a href='/s'>S</a></p></div>";
  const auto picture = one_picture("eol.org", "/data_objects/55", html);
  EXPECT_EQ(picture.at("foreign_identifier"), "55");
  EXPECT_EQ(picture.at("title"), "Owl");
  EXPECT_EQ(picture.at("meta_data"),
            json::parse(R"({"rights_holder":"Ann","author":"Bob","supplier":"eol.org/s"})"));
}

TEST(Extract, EolTaxon) {
  const std::string html =
      "<meta property='og:url' content='http://eol.org/pages/1'><div class='images'>"
      "<div class='image'><a href='/data_objects/9'><img data-data-object-id='9' "
      "src='http://m/9.jpg'"
      " data-thumb='http://m/9t.jpg' alt='owl'></a><div class='attribution'>"
      "<a href='http://creativecommons.org/licenses/by/3.0/'>c</a><div class='copy'>"
      "<p class='owner'>\u00A9 Copyright Ann</p><p>Source: <a "
      "href='http://s/'>s</a></p></div></div>"
      "</div><div class='image'><a href='/data_objects/10'><img data-data-object-id='1' "
      "src='http://m/"
      "10.jpg'></a><div class='attribution'><a href='http://s/'>all rights</a></div></div></div>";
  const auto picture = one_picture("eol.org", "/pages/1", html);
  EXPECT_EQ(picture.at("foreign_identifier"), "9");
  EXPECT_EQ(picture.at("creator"), "Ann");
  EXPECT_EQ(picture.at("meta_data").at("source"), "http://s/");
}

TEST(Extract, Iha) {
  const std::string html =
      "<meta property='og:url' content='https://iha.com/1'><meta name='keywords' "
      "content='sea,house'>"
      "<div class='ph'><span class='swiper-slide' about='https://i/1.jpg'>" +
      std::string{kBy} +
      "<img src='https://i/1s.jpg' alt='a' title='t' width='4' height='3'></span>"
      "<span class='swiper-slide' about='https://i/2.jpg'><a rel='license' href='https://x/'>c</a>"
      "</span></div>";
  const auto picture = one_picture("www.iha.com", "/1", html);
  EXPECT_EQ(picture.at("url"), "https://i/1.jpg");
  EXPECT_EQ(picture.at("watermarked"), true);
  EXPECT_EQ(picture.at("tags"), (json::array{"sea", "house"}));
}

TEST(Extract, McCord) {
  const std::string html =
      kBy +
      std::string{
          "<div class='image'><img src='/ObjView/M1.jpg' width='x' height='7' alt='b'></div>"
          "<h1 class='vo'>M1-2 | Boat</h1><a title='All tagged images'>sea</a>"
          "<div id='etiquette'><a href='?tablename=artist&id=1'>Ann Lee (1900-1950)</a></div>"};
  const auto picture = one_picture("www.musee-mccord.qc.ca", "/en/M1", html);
  EXPECT_EQ(picture.at("foreign_identifier"), "M1-2");
  EXPECT_EQ(picture.at("title"), "Boat");
  EXPECT_EQ(picture.at("creator"), "Ann Lee");
  EXPECT_EQ(picture.at("width"), 0);
  EXPECT_EQ(picture.at("height"), 7);
  EXPECT_EQ(picture.at("thumbnail"), "musee-mccord.qc.ca/ListView/M1.jpg");
  EXPECT_EQ(pictures("www.musee-mccord.qc.ca", "/en/M1", "<div class='image'></div>"),
            "!h1.vo.required");
}

TEST(Extract, APageThatIsBuiltInAnotherWayIsPutAside) {
  const std::string html = kBy + std::string{
                                     "<link rel='canonical' href='https://g/photo/1'>"
                                     "<div id='mainphoto'><img src='x.jpg'></div>"};
  EXPECT_EQ(pictures("www.geograph.org.uk", "/photo/1", html), "!img@width.required");
}

CrawledPage page_at(const std::string& host, const std::string& path) {
  CrawledPage page;
  page.provider_domain = host;
  page.content_path = path;
  page.licences = {{"creativecommons.org", "/licenses/by/4.0/", "x", "A@/href"}};
  page.warc_segment = "crawl-data/CC-MAIN-2024-10/segments/1.2";
  page.warc_filename = "f.warc.gz";
  page.content_offset = 10;
  page.deflate_length = 20;
  return page;
}

std::string geograph_record() {
  return test::gzip(test::warc_record(
      "response", {{"WARC-Date", "2024-02-20T22:13:07Z"}, {"Content-Type", "application/http"}},
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<link rel='canonical' "
      "href='https://www.geograph.org.uk/photo/7'><div id='mainphoto'><img src='https://s/7.jpg' "
      "width='4' height='3'></div>" +
          std::string{kBy}));
}

TEST(ExtractPage, MakesTheSameBytesEachTime) {
  const auto outcome = extract_page(page_at("www.geograph.org.uk", "/photo/7"), geograph_record());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
  ASSERT_EQ(outcome->sightings.size(), 1U);
  EXPECT_EQ(outcome->sightings[0].key, "image:geographorguk:7");
  EXPECT_EQ(
      outcome->sightings[0].value,
      R"({"seen":{"fetched_at":"2024-02-20T22:13:07.000000Z","run_id":"common_crawl-CC-MAIN-2024-10"},)"
      R"("work":{"media_type":"image","provider":"geographorguk","foreign_identifier":"7",)"
      R"("foreign_landing_url":"https://www.geograph.org.uk/photo/7","url":"https://s/7.jpg",)"
      R"("license":"by","license_version":"4.0","source":"commoncrawl",)"
      R"("ingestion_type":"commoncrawl","width":4,"height":3}})");
}

TEST(ExtractPage, NamesWhatIsWrongWithARecord) {
  const auto rule = [](const std::string& fragment) {
    return extract_page(page_at("www.geograph.org.uk", "/photo/7"), fragment).error().rule();
  };
  const std::string whole = geograph_record();
  EXPECT_EQ(rule(whole.substr(0, whole.size() - 3)), "gzip_truncated");
  EXPECT_EQ(rule(""), "empty");
  EXPECT_EQ(rule(test::gzip("rubbish")), "version");
  EXPECT_EQ(rule(test::gzip(test::warc_record("request", {}, "GET /"))), "response");
}

// Gives what it was told, and counts.
class FakeRecords final : public RecordSource {
 public:
  explicit FakeRecords(Result<std::string> answer) : answer_{std::move(answer)} {}
  Result<std::string> fetch(const CrawledPage& /*page*/) override { return answer_; }

 private:
  Result<std::string> answer_;
};

std::string outcome_of(const std::string& value, Result<std::string> answer) {
  FakeRecords source{std::move(answer)};
  std::string why_not;
  const auto result = extract_record(value, source, why_not);
  if (!result) {
    return "later: " + why_not;
  }
  EXPECT_EQ(result->totals.at("received"), 1);
  EXPECT_EQ(result->totals.at("extracted") + result->totals.sum("dropped") +
                result->totals.sum("dead_lettered"),
            1);
  std::string text = result->provider;
  for (const auto& [name, count] : result->totals.counters) {
    text += " " + name + "=" + std::to_string(count);
  }
  return text;
}

TEST(ExtractRecord, GivesEachPageOneOutcome) {
  const std::string page = encode_page(page_at("www.geograph.org.uk", "/photo/7"));
  const Error gone{Errc::http_status, "", "404", "gone"};
  const Error away{Errc::http_status, Retry::after_backoff, "HTTP 503"};
  EXPECT_EQ(outcome_of(page, geograph_record()), "geographorguk emitted=1 extracted=1 received=1");
  EXPECT_EQ(outcome_of(page, gone), "geographorguk dropped.record_gone=1 received=1");
  EXPECT_EQ(outcome_of(page, away), "later: HTTP 503");
  EXPECT_EQ(outcome_of(page, test::gzip("rubbish")),
            "geographorguk dead_lettered.malformed_payload=1 received=1");
  EXPECT_EQ(outcome_of(encode_page(page_at("x.example", "/")), gone),
            "common_crawl dropped.no_extractor=1 received=1");
  EXPECT_EQ(outcome_of(encode_page(page_at("www.marinespecies.org", "/")), gone),
            "worms dropped.page_unwanted=1 received=1");
  EXPECT_EQ(outcome_of("{", gone), "common_crawl dead_lettered.malformed_payload=1 received=1");
  CrawledPage odd = page_at("www.geograph.org.uk", "/photo/7");
  odd.deflate_length = -1;
  EXPECT_EQ(outcome_of(encode_page(odd), gone),
            "geographorguk dead_lettered.invalid_value=1 received=1");
}

TEST(PageBatch, KeepsTheOrderOfItsRecords) {
  std::vector<std::unique_ptr<RecordSource>> sources;
  for (int i = 0; i < 3; ++i) {
    sources.push_back(std::make_unique<FakeRecords>(geograph_record()));
  }
  PageBatch batch{std::move(sources)};
  std::vector<std::string> values;
  for (int i = 0; i < 20; ++i) {
    values.push_back(encode_page(page_at(i % 2 == 0 ? "www.geograph.org.uk" : "x.example", "/")));
  }
  const auto results = batch.extract({values.begin(), values.end()});
  ASSERT_EQ(results.size(), 20U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].has_value());
    EXPECT_EQ(results[i]->provider, i % 2 == 0 ? "geographorguk" : "common_crawl");
  }
}

}  // namespace
}  // namespace freshet
