#include "api/web/front.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "api/dispatcher.hpp"
#include "api/endpoints.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"
#include "tests/unit/api/web/hostile.hpp"

namespace freshet::api::web {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
constexpr const char* kOther = "1b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
constexpr const char* kHostile =
    "\"><script>alert(1)</script>'&{{TITLE}}[[Search]]\x07<img src=x onerror=alert(2)>";

/// An API that takes reports, and nothing else.
class FakeApi final : public RequestHandler {
 public:
  std::optional<std::uint64_t> body_limit(const Request&) const override { return 7; }
  Task<Reply> handle(Request request) override {
    last = request;
    co_return Reply{.status = status, .body = "{}"};
  }

  Request last;
  unsigned status = 201;
};

class FrontTest : public testing::Test, protected FakeServices {
 protected:
  FrontTest() {
    store.rows = {row(kId), row(kOther)};
    sources.set_counts(Media::image, {{"met", 2}});
    sources.set_counts(Media::audio, {{"met", 1}});
    index.answer = std::string{R"({"hits":{"total":{"value":2},"hits":[{"_id":")"} + kId +
                   R"("},{"_id":")" + kOther + R"("}]}})";
  }

  static WorkRow row(const char* id) {
    WorkRow made;
    made.identifier = id;
    made.created_micros = FakeClock::kStart.micros - 12'000'000;
    made.text<Field::title>() = "Lighthouse at dusk";
    made.text<Field::creator>() = "Ann Lee";
    made.text<Field::license>() = "by-sa";
    made.text<Field::license_version>() = "4.0";
    made.text<Field::source>() = "met";
    made.text<Field::url>() = "https://files.example.org/1.jpg";
    made.text<Field::foreign_landing_url>() = "https://example.org/1";
    made.number<Field::width>() = 3000;
    made.number<Field::height>() = 2000;
    made.number<Field::duration>() = 185'000;
    made.tags = R"([{"name":"sea"},{"name":"tower","accuracy":0.9}])";
    return made;
  }

  Request request(const std::string& target, const std::string& method = "GET") const {
    Request made = request_for(method, target);
    made.base_url = "http://host";
    made.request_id = "r1";
    made.accept = "text/html,*/*;q=0.8";
    return made;
  }
  Reply get(const std::string& target) { return ask(front, request(target)); }
  std::string body(const std::string& target) { return get(target).body; }

  NoLimiter limiter;
  const Services services{with(limiter)};
  FakeClock clock;
  FakeApi api;
  const SiteShelf sites{""};
  Config::Web config;
  Front front{config, sites, clock, services, router, api};
};

std::vector<std::string> all_pages() {
  const std::string id = kId;
  return {"/",
          "/search?q=owl",
          "/search/image?q=owl&license=by&source=met",
          "/search/audio?q=owl&sort=newest&page=2",
          "/image/" + id,
          "/audio/" + id,
          "/image/" + id + "/report",
          "/image/collection?tag=sea",
          "/audio/collection?source=met",
          "/image/collection?source=met&creator=Ann%20Lee",
          "/sources",
          "/about",
          "/search-help",
          "/sensitive-content",
          "/licences",
          "/preferences"};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(FrontTest, EveryPageIsThereInEveryLanguage) {
  for (const Language& language : languages()) {
    for (const std::string& page : all_pages()) {
      const std::string path = "/" + std::string{language.tag} + (page == "/" ? "" : page);
      const Reply reply = get(path);
      EXPECT_EQ(reply.status, 200U) << path;
      EXPECT_TRUE(has(reply.body, "<html lang=\"" + std::string{language.tag} + "\" dir=\"" +
                                      (language.is_right_to_left ? "rtl" : "ltr")))
          << path;
      EXPECT_EQ(header_of(reply, "Content-Language"), language.tag);
      for (const char* left : {"[[", "]]", "{{"}) {
        if (language.tag == "en-XA" && *left != '{') {
          continue;  // there every text stands in brackets, also one within another
        }
        EXPECT_FALSE(has(reply.body, left)) << path << ": " << left;
      }
    }
  }
}

TEST_F(FrontTest, NoPageHoldsScriptsOrStylesOfItsOwn) {
  const std::regex inside{R"(<script(?![^>]*\ssrc=)|\sstyle=|<style|\son[a-z]+=|javascript:)"};
  const std::regex elsewhere{R"((src|action)=\"(https?:)?//)"};
  for (const std::string& page : all_pages()) {
    const Reply reply = get(page);
    std::smatch found;
    EXPECT_FALSE(std::regex_search(reply.body, found, inside)) << page << ": " << found.str();
    const std::string policy = header_of(reply, "Content-Security-Policy");
    EXPECT_TRUE(has(policy, "default-src 'none'; script-src 'self'; style-src 'self';")) << page;
    EXPECT_FALSE(has(policy, "unsafe")) << page;
    // A recording is asked for when it is played, and never before.
    if (!page.starts_with("/audio/") && !page.starts_with("/search")) {
      EXPECT_FALSE(std::regex_search(reply.body, found, elsewhere)) << page << ": " << found.str();
    }
    if (has(reply.body, "<audio")) {
      EXPECT_TRUE(has(reply.body, "<audio controls preload=\"none\"")) << page;
    }
  }
}

TEST_F(FrontTest, TextOfProvidersStaysText) {
  sources.set_counts(Media::image, {{"met", 2}, {kHostile, 1}});
  for (WorkRow& hostile : store.rows) {
    hostile.text<Field::title>() = kHostile;
    hostile.text<Field::creator>() = kHostile;
    hostile.text<Field::creator_url>() = "javascript:alert(3)";
    hostile.text<Field::license>() = kHostile;
    hostile.text<Field::license_version>() = kHostile;
    hostile.text<Field::source>() = kHostile;
    hostile.text<Field::provider>() = kHostile;
    hostile.text<Field::category>() = kHostile;
    hostile.text<Field::filetype>() = kHostile;
    hostile.text<Field::url>() = "javascript:alert(4)";
    hostile.text<Field::thumbnail>() = "javascript:alert(5)";
    hostile.text<Field::foreign_landing_url>() = kHostile;
    hostile.stored_license_url = "https://x/\"><script>alert(6)</script>";
    std::string tag = "[{\"name\":";
    append_json_string(tag, kHostile);
    hostile.tags = tag + ",\"provider\":\"m\"}]";
    std::string genres = "[";
    append_json_string(genres, kHostile);
    hostile.genres = genres + "]";
    hostile.audio_set = "{\"title\":" + genres.substr(1) + "}";
  }
  for (const char* pictures : {"none", "thumbnails", "providers"}) {
    config.pictures = pictures;
    Front other{config, sites, clock, services, router, api};
    for (const std::string& page : all_pages()) {
      const std::string text = ask(other, request(page)).body;
      EXPECT_FALSE(has(text, "<script>")) << page;
      EXPECT_FALSE(has(text, "<img src=x")) << page;
      EXPECT_FALSE(has(text, "\"javascript:")) << page;
      EXPECT_FALSE(has(text, "onerror=alert(2)>")) << page;
    }
  }
  EXPECT_TRUE(has(body(std::string{"/image/"} + kId), "{{TITLE}}[[Search]]"));
}

TEST_F(FrontTest, ParametersStayText) {
  const std::string encoded = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%27";
  const std::vector<std::string> pages{
      "/search?q=" + encoded,
      "/search/image?source=" + encoded,
      "/search?sort=" + encoded,
      "/search/image?q=x&license=" + encoded + "&page=" + encoded,
      "/image/collection?tag=" + encoded,
      "/image/collection?source=" + encoded + "&creator=" + encoded,
      "/about?" + encoded,
      "/preferences?saved=" + encoded,
      "/%22%3E%3Cscript%3E",
      "/\"><script>alert(1)</script>"};
  for (const std::string& page : pages) {
    for (const char* prefix : {"", "/ar"}) {
      EXPECT_FALSE(has(body(prefix + page), "<script>")) << page;
    }
  }
  for (unsigned n = 0; n < 300; ++n) {
    EXPECT_FALSE(has(body("/search/image?q=" + hostile_text(n)), "<script>")) << n;
  }
}

TEST_F(FrontTest, ChoosesTheLanguage) {
  Request german = request("/about");
  german.page.accept_language = "de-CH, en;q=0.5";
  EXPECT_TRUE(has(ask(front, german).body, "lang=\"de\""));
  EXPECT_TRUE(has(header_of(ask(front, german), "Vary"), "Accept-Language"));
  german.path = "/ja/about";
  EXPECT_TRUE(has(ask(front, german).body, "lang=\"ja\""));
  // Links stay in a language that was asked for, and do not name one that was not.
  EXPECT_TRUE(has(body("/ar/about"), "href=\"/ar/licences\""));
  EXPECT_TRUE(has(body("/about"), "href=\"/licences\""));
}

TEST_F(FrontTest, SaysHowManyThereAre) {
  EXPECT_TRUE(has(body("/search/image?q=owl"), "2 images"));
  index.answer = R"({"hits":{"total":{"value":10000,"relation":"gte"},"hits":[]}})";
  EXPECT_TRUE(has(body("/search/image?q=owl"), "10,000 images or more"));
  index.answer = R"({"hits":{"total":{"value":0},"hits":[]}})";
  const std::string none = body("/search/image?q=owl&license=by");
  EXPECT_TRUE(has(none, "No images"));
  EXPECT_TRUE(has(none, "Nothing was found for “owl”"));
  EXPECT_TRUE(has(none, "Drop the filter “CC BY”"));
}

TEST_F(FrontTest, ShortensTheAddressOfAForm) {
  const Reply reply = get("/de/search/image?q=red+owl&license=by&license=cc0&source=");
  EXPECT_EQ(reply.status, 303U);
  EXPECT_EQ(header_of(reply, "Location"), "/de/search/image?q=red%20owl&license=cc0,by");
}

TEST_F(FrontTest, SearchesAsTheAddressSays) {
  body("/search/image?q=owl&license=by&size=large&sort=newest&page=3");
  EXPECT_TRUE(has(index.last_request, "\"from\":80,\"size\":40"));
  EXPECT_TRUE(has(index.last_request, R"("terms":{"license":["by"]})"));
  EXPECT_TRUE(has(index.last_request, R"("created_on":"desc")"));
  EXPECT_TRUE(has(index.last_request, R"("sensitivity":"sensitive_text")"));
  index.asked = 0;
  const std::string text = body("/search?size=large");
  EXPECT_EQ(index.asked, 1);  // no sound is large
  EXPECT_TRUE(has(text, "sounds are left out"));
}

TEST_F(FrontTest, StoresThatAreAwayAreSaidSo) {
  index.answer = Error{Errc::timed_out, Retry::after_backoff, "away"};
  const Reply reply = get("/search/image?q=owl");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(header_of(reply, "Retry-After"), "5");
  EXPECT_TRUE(has(reply.body, "href=\"/search/image?q=owl\""));
  EXPECT_EQ(get("/").status, 200U);                           // without what came last
  EXPECT_EQ(get(std::string{"/image/"} + kId).status, 200U);  // without what is related
  store.fault = Error{Errc::unreachable, Retry::after_backoff, "secret name of a host"};
  EXPECT_EQ(get(std::string{"/image/"} + kId).status, 503U);
  EXPECT_FALSE(has(body(std::string{"/image/"} + kId), "secret"));
}

TEST_F(FrontTest, WorksThatAreNotThere) {
  const std::string absent = "/image/2b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";
  EXPECT_EQ(get(absent).status, 404U);
  for (const char* status : {"blocked", "removed_at_source"}) {
    store.status = status;
    EXPECT_EQ(get(absent).status, 410U) << status;
    EXPECT_EQ(get(absent + "/report").status, 410U) << status;
  }
  store.status = "duplicate";
  EXPECT_EQ(get(absent).status, 404U);
  for (const char* path : {"/nothing", "/image/", "/image/1", "/image/collection", "/video",
                           "/de/de/about", "/search/video", "/photos/1", "/assets/x"}) {
    EXPECT_EQ(get(path).status, std::string_view{path} == "/image/" ? 301U : 404U) << path;
  }
}

TEST_F(FrontTest, LeadsOn) {
  EXPECT_EQ(header_of(get("/about/?x=1"), "Location"), "/about?x=1");
  EXPECT_EQ(header_of(get(std::string{"/photos/"} + kId), "Location"),
            std::string{"/image/"} + kId);
  const std::string upper = "/image/0B6C5C8E-5A0E-4D6B-9C55-7A8F2F0F9F11";
  EXPECT_EQ(get(upper).status, 200U);
  EXPECT_EQ(get("//example.org/").status, 404U);  // and not to another host
  EXPECT_EQ(get("//example.org/%2e%2e/").status, 404U);
}

TEST_F(FrontTest, LeavesTheApiToItself) {
  for (const char* path : {"/v1/images/", "/v1/nothing", "/v1", "/healthcheck/", "/healthcheck"}) {
    api.last = {};
    get(path);
    EXPECT_EQ(api.last.path, path);
  }
  // A program that asks for what nobody has is told so as the API tells it.
  Request program = request("/nowhere/");
  program.accept = "*/*";
  ask(front, program);
  EXPECT_EQ(api.last.path, "/nowhere/");
  program.path = "/about";
  EXPECT_EQ(ask(front, program).status, 200U);
  EXPECT_EQ(front.body_limit(request("/v1/images/", "POST")), 7U);
  EXPECT_EQ(front.body_limit(request("/about", "POST")), std::nullopt);
  EXPECT_EQ(front.body_limit(request("/preferences", "POST")), 16U << 10U);
}

TEST_F(FrontTest, SensitiveWorksAreCovered) {
  store.rows.front().sensitivity = R"(["user_reported_sensitivity"])";
  const std::string covered = body(std::string{"/image/"} + kId);
  EXPECT_TRUE(has(covered, "This work may disturb."));
  EXPECT_TRUE(has(covered, "Readers reported it"));
  EXPECT_TRUE(has(covered, "<h1 itemprop=\"name\">Sensitive content</h1>"));
  EXPECT_TRUE(has(covered, "content=\"noindex\""));
  Request clear = request(std::string{"/image/"} + kId);
  clear.page.cookie = "freshet=dark.clear; freshet_sensitive=1";
  const std::string shown = ask(front, clear).body;
  EXPECT_FALSE(has(shown, "This work may disturb."));
  EXPECT_TRUE(has(shown, "data-theme=\"dark\""));
  Request search = request("/search/image?q=owl");
  search.page.cookie = clear.page.cookie;
  ask(front, search);
  EXPECT_FALSE(has(index.last_request, "sensitive_text"));
}

TEST_F(FrontTest, KeepsPreferences) {
  Request post = request("/ar/preferences", "POST");
  post.body = "theme=dark&sensitive=1&counted=1";
  const Reply reply = ask(front, post);
  EXPECT_EQ(reply.status, 303U);
  EXPECT_EQ(header_of(reply, "Location"), "/ar/preferences?saved");
  EXPECT_TRUE(has(header_of(reply, "Set-Cookie"), "freshet=dark.clear;"));
  EXPECT_TRUE(has(header_of(reply, "Set-Cookie"), "freshet_sensitive=1;"));
  post.body = "theme=dark";
  EXPECT_TRUE(has(header_of(ask(front, post), "Set-Cookie"), "freshet=dark.clear.uncounted;"));
  usage.enabled = false;
  EXPECT_TRUE(has(header_of(ask(front, post), "Set-Cookie"), "freshet=dark.clear;"))
      << "the form did not ask";
  post.page.origin = "https://elsewhere.example";
  EXPECT_EQ(ask(front, post).status, 405U);
  post.page.origin = "http://host";
  EXPECT_EQ(ask(front, post).status, 303U);
  EXPECT_EQ(ask(front, request("/about", "POST")).status, 405U);
}

TEST_F(FrontTest, HandsReportsOn) {
  Request post = request(std::string{"/image/"} + kId + "/report", "POST");
  post.body = "reason=other&description=too+short";
  EXPECT_EQ(ask(front, post).status, 400U);
  EXPECT_EQ(api.last.path, "");
  post.body = "reason=other&description=It+is+not+what+it+says+it+is";
  const Reply sent = ask(front, post);
  EXPECT_EQ(sent.status, 200U);
  EXPECT_TRUE(has(sent.body, "The report was sent."));
  EXPECT_EQ(api.last.path, std::string{"/v1/images/"} + kId + "/report/");
  EXPECT_EQ(api.last.body,
            std::string{R"({"identifier":")"} + kId +
                R"(","reason":"other","description":"It is not what it says it is"})");
  api.status = 503;
  const Reply failed = ask(front, post);
  EXPECT_EQ(failed.status, 502U);
  EXPECT_TRUE(has(failed.body, "It is not what it says it is"));  // is not lost
}

TEST_F(FrontTest, SaysWhereReportsAreNotTaken) {
  std::vector<Endpoint> table = endpoints();
  std::erase_if(table, [](const Endpoint& row) { return row.name == "report"; });
  const Router without{table};
  Front other{config, sites, clock, services, without, api};
  const std::string text = ask(other, request(std::string{"/image/"} + kId + "/report")).body;
  EXPECT_TRUE(has(text, "Reports are not taken here yet."));
  EXPECT_FALSE(has(text, "<form method=\"post\""));
}

TEST_F(FrontTest, TellsMachinesWhatAWorkIs) {
  const std::string text = body(std::string{"/image/"} + kId);
  for (const char* part :
       {"itemtype=\"https://schema.org/ImageObject\"",
        "<meta itemprop=\"license\" content=\"https://creativecommons.org/licenses/by-sa/4.0/\">",
        "<meta itemprop=\"acquireLicensePage\" content=\"https://example.org/1\">",
        "<meta property=\"og:title\" content=\"Lighthouse at dusk · Freshet\">",
        "<link rel=\"canonical\" href=\"http://host/image/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11\">",
        "hreflang=\"ar\" href=\"http://host/ar/image/"}) {
    EXPECT_TRUE(has(text, part)) << part;
  }
  EXPECT_TRUE(has(body(std::string{"/audio/"} + kId), "content=\"PT3M5S\""));
  EXPECT_TRUE(has(text, "12 seconds ago"));
}

TEST_F(FrontTest, LeadsBackToTheResults) {
  Request from_search = request(std::string{"/image/"} + kId);
  from_search.page.referrer = "http://host/search/image?q=owl&page=2";
  EXPECT_TRUE(
      has(ask(front, from_search).body, "href=\"/search/image?q=owl&amp;page=2\" data-back"));
  for (const char* other : {"", "http://host/about", "https://evil.example/search?q=1",
                            "http://host.evil.example/search", "http://hostsearch?q"}) {
    from_search.page.referrer = other;
    EXPECT_FALSE(has(ask(front, from_search).body, "data-back")) << other;
  }
}

TEST_F(FrontTest, PicturesComeFromWhereTheSettingSays) {
  const std::string page = "/search/image?q=owl";
  const Reply ours = ask(front, request(page));
  EXPECT_TRUE(has(ours.body, std::string{"<img src=\"/v1/images/"} + kId + "/thumb/\""));
  EXPECT_TRUE(has(header_of(ours, "Content-Security-Policy"), "img-src 'self';"));
  config.pictures = "none";
  Front none{config, sites, clock, services, router, api};
  EXPECT_FALSE(has(ask(none, request(page)).body, "<img"));
  config.pictures = "providers";
  Front theirs{config, sites, clock, services, router, api};
  const Reply reply = ask(theirs, request(page));
  EXPECT_TRUE(has(reply.body, "<img src=\"https://files.example.org/1.jpg\""));
  EXPECT_TRUE(has(header_of(reply, "Content-Security-Policy"), "img-src 'self' https: http:"));
}

TEST_F(FrontTest, AreSmallWhereTheBrowserCanUnpack) {
  Request packed = request("/about");
  packed.page.accept_encoding = "gzip";
  const Reply reply = ask(front, packed);
  EXPECT_EQ(header_of(reply, "Content-Encoding"), "gzip");
  EXPECT_LT(reply.body.size(), get("/about").body.size() / 2);
}

TEST_F(FrontTest, SaysWhetherItsUseIsCounted) {
  EXPECT_NE(get("/search?q=owl").body.find("<body data-usage "), std::string::npos);
  Request opted_out = request("/search?q=owl");
  opted_out.page.opts_out = true;
  EXPECT_EQ(ask(front, opted_out).body.find("data-usage"), std::string::npos);
  EXPECT_NE(get("/preferences").body.find("name=\"counted\" value=\"1\" checked"),
            std::string::npos);
  EXPECT_NE(get("/about").body.find("It is counted what is searched"), std::string::npos);
  usage.enabled = false;
  EXPECT_EQ(get("/search?q=owl").body.find("data-usage"), std::string::npos);
  EXPECT_EQ(get("/preferences").body.find("name=\"counted\""), std::string::npos);
  EXPECT_NE(get("/about").body.find("Nothing."), std::string::npos);
}

TEST_F(FrontTest, ResultsHaveTheirPlaceInTheWhole) {
  const std::string body = get("/search/image?q=owl&page=2").body;
  EXPECT_NE(body.find("data-search=\"image\" data-count=\"2\" data-page=\"2\""), std::string::npos);
  EXPECT_NE(body.find("data-first=\"40\""), std::string::npos);
  EXPECT_NE(body.find("data-source=\"met\""), std::string::npos);
  EXPECT_NE(get(std::string{"/image/"} + kId)
                .body.find(std::string{"data-id=\""} + kId +
                           "\" data-medium=\"image\" data-source=\"met\""),
            std::string::npos);
}

TEST_F(FrontTest, LicenceIconsThatOthersShowAreNoted) {
  Request embedding = request("/assets/x/icons.svg");
  embedding.page.referrer = "https://blog.example/post";
  ask(front, embedding);
  ASSERT_EQ(usage.noted.size(), 1U);
  EXPECT_EQ(usage.noted[0].type, "ATTRIBUTION_REFERRER_EVENT");
  for (const char* none : {"/assets/x/none.svg", "/assets/\xff.svg"}) {
    Request made_up = request(none);
    made_up.page.referrer = "https://blog.example/post";
    EXPECT_EQ(ask(front, made_up).status, 404U);
  }
  EXPECT_EQ(usage.noted.size(), 1U) << "what is not there is shown by nobody";
}

}  // namespace
}  // namespace freshet::api::web
