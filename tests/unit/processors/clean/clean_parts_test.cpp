#include <gtest/gtest.h>

#include "processors/clean/filetype.hpp"
#include "processors/clean/license.hpp"
#include "processors/clean/limit.hpp"
#include "processors/clean/markup.hpp"
#include "processors/clean/scalar.hpp"
#include "processors/clean/tags.hpp"
#include "processors/clean/url.hpp"
#include "processors/record/json_number.hpp"

namespace freshet::clean {
namespace {

struct MarkupCase {
  std::string text;
  std::string expected;
};

class Markup : public testing::TestWithParam<MarkupCase> {};

TEST_P(Markup, LeavesTheText) {
  std::string text = GetParam().text;
  strip_markup(text);
  EXPECT_EQ(text, GetParam().expected);
  strip_markup(text);
  EXPECT_EQ(text, GetParam().expected) << "twice";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Markup,
    testing::Values(
        MarkupCase{"", ""}, MarkupCase{"Jane Doe", "Jane Doe"},
        MarkupCase{"Tom &amp; Jerry &lt;3 Photography", "Tom &amp; Jerry &lt;3 Photography"},
        MarkupCase{"a < b > c", "a < b > c"}, MarkupCase{"a < b", "a < b"},
        MarkupCase{"AT&T", "AT&T"}, MarkupCase{"ja&#8230;", "ja&#8230;"},
        MarkupCase{"<b>Jane</b> Doe", "Jane Doe"},
        MarkupCase{"<p>Coffee Bean with bags</p>", "Coffee Bean with bags"},
        MarkupCase{"<p>one</p><p>two</p>", "one two"}, MarkupCase{"one<br/>two", "one two"},
        MarkupCase{"<iframe src='x'>X</iframe>", "X"},
        MarkupCase{"<iframe src='a>b'></iframe>X", "X"},
        MarkupCase{"&lt;iframe src=x&gt;X&lt;/iframe&gt;", "X"},
        MarkupCase{"&amp;lt;iframe src=x&amp;gt;X&amp;lt;/iframe&amp;gt;", "X"},
        MarkupCase{"Tom &amp; Jerry &lt;b&gt;Photography&lt;/b&gt;", "Tom & Jerry Photography"},
        MarkupCase{"<untitled>", ""}, MarkupCase{"<no title>", ""},
        MarkupCase{"&lt;Untitled&gt;", ""}, MarkupCase{"<untitled-item>", ""},
        MarkupCase{"<svg onload=f()>", ""}, MarkupCase{"<img src=x onerror=f()", ""},
        MarkupCase{"<!-- hidden", ""}, MarkupCase{"a<!-- > -->b", "ab"},
        MarkupCase{"Jane <img src=x onerror=f()", "Jane"}, MarkupCase{"AT&T <b>x</b>", "AT&T x"},
        MarkupCase{"<script>f('<b>')</script>x", "x"},
        MarkupCase{"<style>.a{color:red}</style>Jane", "Jane"},
        MarkupCase{"Jane<STYLE type='a'>.a > b</Style > Doe", "Jane Doe"},
        MarkupCase{"&lt;style&gt;.a{}&lt;/style&gt;Jane", "Jane"},
        MarkupCase{"<noscript><img src=x>no script</noscript>Jane", "Jane"},
        MarkupCase{"<template>x</template>Jane", "Jane"},
        MarkupCase{"<html><head><title>Page</title></head><body>Jane</body></html>", "Jane"},
        MarkupCase{"<title>Bowl</title>", "Bowl"}, MarkupCase{"<template> of a bowl", "of a bowl"},
        MarkupCase{"x<script>f()", "x"}, MarkupCase{"<<b>b>x", "x"},
        MarkupCase{"&am<b>p;lt;i>x", "x"}, MarkupCase{"<b title='a\">x", "x"},
        MarkupCase{"<b>&eacute;&nbsp;&#x1F600;&bogus;&#0;</b>", "é 😀&bogus;&#0;"}));

TEST(Markup, EndsOnHostileText) {
  std::string nested;
  for (int i = 0; i < 200; ++i) {
    nested = "<" + nested + "b>";
  }
  strip_markup(nested);
  EXPECT_EQ(nested.find('<'), std::string::npos);
  std::string open = "x";
  for (int i = 0; i < 20000; ++i) {
    open += "<a b='";
  }
  strip_markup(open);
  EXPECT_EQ(open, "x");
}

TEST(PublicHost, NeedsARegistrableDomainOrIpv4) {
  for (const std::string_view host :
       {"a.com", "A.COM", "a.b.co.uk", "github.io", "a.github.io", "8.8.8.8", "192.168.0.1",
        "münchen.de", "中国.中国", "xn--mnchen-3ya.de", "-a.com", "foo.museum", "a。com"}) {
    EXPECT_TRUE(is_public_host(host)) << host;
  }
  for (const std::string_view host :
       {"", ".", "com", "co.uk", "localhost", "a.local", "a..com", ".com", "1.2.3", "256.1.1.1",
        "08.8.8.8", "1.2.3.4.5", "0x7f000001", "[::1]", "a.com;x", "é", "a.invalidtld"}) {
    EXPECT_FALSE(is_public_host(host)) << host;
  }
}

TEST(HostOf, CutsEverythingElse) {
  EXPECT_EQ(host_of("a.com/x?y#z"), "a.com");
  EXPECT_EQ(host_of("user:pw@a.com:80/x"), "a.com");
  EXPECT_EQ(host_of("a.com?x=b@c.com/"), "a.com");
  EXPECT_EQ(host_of("a.com./x"), "a.com");
  EXPECT_EQ(host_of(""), "");
}

TEST(WithoutScheme, KnowsLowerCaseHttpOnly) {
  EXPECT_EQ(without_scheme(" http://a.com/x/ ", true), "a.com/x");
  EXPECT_EQ(without_scheme("httpss:////a.com//x//", true), "a.com//x");
  EXPECT_EQ(without_scheme("http:/abc.com/", false), "abc.com/");
  EXPECT_EQ(without_scheme("//a.com", false), "//a.com");
  EXPECT_EQ(without_scheme("HTTP://a.com/c", true), "HTTP://a.com/c");
  EXPECT_EQ(without_scheme("hreativecommons.org/h", true), "hreativecommons.org/h");
  EXPECT_EQ(without_scheme("http", true), "http");
  EXPECT_EQ(without_scheme("http:", true), "");
  EXPECT_EQ(without_scheme("////", true), "");
}

TEST(LicenseOfUrl, AcceptsKnownPathsOnTheSiteItself) {
  struct Row {
    std::string_view url;
    std::string_view slug;
    std::string_view version;
    std::string_view kept;
  };
  for (const Row& row : {
           Row{"http://creativecommons.org/licenses/by-nc-nd/2.0", "by-nc-nd", "2.0",
               "https://creativecommons.org/licenses/by-nc-nd/2.0/"},
           Row{" HTTPS://CreativeCommons.org/licenses/BY/4.0/ ", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"creativecommons.org/licenses/by/4.0//", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://creativecommons.org/licenses/by/3.0/us/", "by", "3.0",
               "https://creativecommons.org/licenses/by/3.0/us/"},
           // No page of these is there with a slash behind it: the licence's own page is.
           Row{"https://creativecommons.org/licenses/by/4.0/deed.EN", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"http://creativecommons.org/licenses/by-sa/3.0/deed.de", "by-sa", "3.0",
               "https://creativecommons.org/licenses/by-sa/3.0/"},
           Row{"http://creativecommons.org/licenses/by-sa/3.0/de/deed.zh_TW/", "by-sa", "3.0",
               "https://creativecommons.org/licenses/by-sa/3.0/de/"},
           Row{"https://creativecommons.org/licenses/by/2.0/uk/legalcode", "by", "2.0",
               "https://creativecommons.org/licenses/by/2.0/uk/"},
           Row{"http://creativecommons.org/licenses/by/1.0/fi/legalcode ", "by", "1.0",
               "https://creativecommons.org/licenses/by/1.0/fi/"},
           Row{"https://creativecommons.org/licenses/by/2.5/SCOTLAND", "by", "2.5",
               "https://creativecommons.org/licenses/by/2.5/scotland/"},
           Row{"https://creativecommons.org/licenses/by/3.0/igo/rdf", "by", "3.0",
               "https://creativecommons.org/licenses/by/3.0/igo/"},
           Row{"https://creativecommons.org/licenses/by-nd/2.1/jp/deed.ja", "by-nd", "2.1",
               "https://creativecommons.org/licenses/by-nd/2.1/jp/"},
           Row{"https://creativecommons.org/licenses/nd-nc/2.0/jp/deed.fi", "nd-nc", "2.0",
               "https://creativecommons.org/licenses/nd-nc/2.0/jp/"},
           Row{"https://creativecommons.org/licenses/by/4.0/legalcode.txt", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://creativecommons.org/licenses/by/4.0/rdf", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://creativecommons.org/licenses/by/4.0/?ref=chooser-v1", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://creativecommons.org/licenses/by-sa/4.0#x", "by-sa", "4.0",
               "https://creativecommons.org/licenses/by-sa/4.0/"},
           Row{"https://creativecommons.org/licenses/by-nc/4.0/?see=/licenses/by/4.0", "by-nc",
               "4.0", "https://creativecommons.org/licenses/by-nc/4.0/"},
           // Version 4.0 was never ported, and nobody knows a country `xx`.
           Row{"https://creativecommons.org/licenses/by/4.0/us/", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://creativecommons.org/licenses/by/3.0/xx/", "by", "3.0",
               "https://creativecommons.org/licenses/by/3.0/"},
           Row{"https://creativecommons.org/licenses/by/4.0.1/", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://creativecommons.org/licenses/by/4.0/a\tb", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"https://www.creativecommons.org/licenses/by/4.0/", "by", "4.0",
               "https://creativecommons.org/licenses/by/4.0/"},
           Row{"WWW.CREATIVECOMMONS.ORG/LICENSES/BY-NC-SA/3.0/DE/LEGALCODE", "by-nc-sa", "3.0",
               "https://creativecommons.org/licenses/by-nc-sa/3.0/de/"},
           Row{"//creativecommons.org/licenses/sampling%2B/1.0/de/", "sampling+", "1.0",
               "https://creativecommons.org/licenses/sampling+/1.0/de/"},
           Row{"https://creativecommons.org/publicdomain/zero/1.0/deed.en", "cc0", "1.0",
               "https://creativecommons.org/publicdomain/zero/1.0/"},
           Row{"https://creativecommons.org/publicdomain/zero/1.0/us/", "cc0", "1.0",
               "https://creativecommons.org/publicdomain/zero/1.0/"},
           Row{"http://creativecommons.org/publicdomain/mark/1.0/deed.fr?ref=x#y", "pdm", "1.0",
               "https://creativecommons.org/publicdomain/mark/1.0/"},
           Row{"http://creativecommons.org/licenses/publicdomain/deed.de", "publicdomain", "N/A",
               "https://creativecommons.org/licenses/publicdomain/"},
           Row{"https://creativecommons.org/licenses/mark/1.0/", "pdm", "1.0",
               "https://creativecommons.org/publicdomain/mark/1.0/"},
           Row{"https://creativecommons.org/share-your-work/public-domain/cc0/", "cc0", "1.0",
               "https://creativecommons.org/publicdomain/zero/1.0/"},
           Row{"https://creativecommons.org/licenses/nc-sampling+/1.0", "nc-sampling+", "1.0",
               "https://creativecommons.org/licenses/nc-sampling+/1.0/"},
       }) {
    std::string canonical;
    const auto license = license_of_url(row.url, canonical);
    ASSERT_TRUE(license) << row.url;
    EXPECT_EQ(license->terms.slug, row.slug);
    EXPECT_EQ(license->terms.version, row.version);
    EXPECT_EQ(license->url, row.kept);
    const std::string kept{license->url};
    const auto again = license_of_url(kept, canonical);
    ASSERT_TRUE(again) << kept;
    EXPECT_EQ(again->url, kept);
    EXPECT_EQ(again->terms.slug, row.slug);
  }
  for (const std::string_view url :
       {"", "x", "https://creativecommons.org", "https://creativecommons.org/?licenses/by/4.0",
        "https://creativecommons.org/#/licenses/by/4.0/",
        "https://de.creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/",
        "https://creativecommons.org/licenses/by/", "https://creativecommons.org/licenses/by/9.9/",
        "https://www.www.creativecommons.org/licenses/by/4.0/",
        "https://creativecommons.org.evil.com/licenses/by/4.0/",
        "https://creativecommons.org:443/licenses/by/4.0/",
        "https://user@creativecommons.org/licenses/by/4.0/",
        "http://notcreativecommons.org/licenses/by/1.0/"}) {
    std::string canonical;
    EXPECT_FALSE(license_of_url(url, canonical)) << url;
  }
}

TEST(GuessFiletype, LooksAtTheLastPartOfThePathOnly) {
  EXPECT_EQ(guess_filetype("https://a.com/x.y/z.JPeG;v=1?q=.png#.gif")->name, "jpg");
  EXPECT_EQ(guess_filetype("https://a.com/x.tar.ogg")->name, "oga");
  for (const std::string_view url :
       {"", "x.jpg", "https://a.png", "https://a.com/.jpg", "https://a.com/x.jpg/",
        "https://a.com/x.", "https://a.com/x.jpg.exe", "https://a.com/?x.jpg",
        "https://a.com/jpg"}) {
    EXPECT_FALSE(guess_filetype(url)) << url;
  }
}

TEST(LicenseUrls, RemembersWithoutMixingUp) {
  LicenseUrls urls;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) {
      const std::string page =
          std::string{"https://creativecommons.org/licenses/by/3.0/"} + (i % 2 == 0 ? "us/" : "");
      const auto license = urls.find(page + "deed." + std::to_string(i));
      ASSERT_TRUE(license);
      ASSERT_EQ(license->url, page);
      ASSERT_FALSE(urls.find("https://a.com/" + std::to_string(i)));
    }
  }
}

TEST(LicenseOfPair, ReadsVersionsAsNumbers) {
  for (const std::string_view version : {"4", "4.0", "4.00", " 4.0 ", "4e0"}) {
    const auto license = license_of_pair("by", version);
    ASSERT_TRUE(license) << version;
    EXPECT_EQ(license->terms.version, "4.0");
  }
  EXPECT_EQ(license_of_pair("by-nc-nd", "2.0")->url,
            "https://creativecommons.org/licenses/by-nc-nd/2.0/");
  EXPECT_EQ(license_of_pair("by-sa", "2.1")->url,
            "https://creativecommons.org/licenses/by-sa/2.0/");
  EXPECT_EQ(license_of_pair("by-sa", "2.1")->terms.version, "2.1");
  EXPECT_EQ(license_of_pair("publicdomain", "N/A")->url,
            "https://creativecommons.org/licenses/publicdomain/");
  EXPECT_EQ(license_of_pair("nc", "2")->url, "https://creativecommons.org/licenses/nc/2.0/jp/");
  for (const auto& [slug, version] : {std::pair{"by", "4,0"},
                                      {"by", "nan"},
                                      {"by", "inf"},
                                      {"by", ""},
                                      {"BY", "4.0"},
                                      {"", "1.0"},
                                      {"cc0", "N/A"},
                                      {"publicdomain", "1.0"},
                                      {"zero", "1.0"}}) {
    EXPECT_FALSE(license_of_pair(slug, version)) << slug << " " << version;
  }
}

TEST(DeniedTag, MatchesWholeWordsAndParts) {
  for (const std::string_view tag :
       {"no person", "squareformat", "undefined", "by", "a:b", "a=b", "by-nc", "xby-sa", "cc0",
        "apdmb", "flickriosapp", "uploaded", "the public domain", "creative commons"}) {
    EXPECT_TRUE(is_denied_tag(tag)) << tag;
  }
  for (const std::string_view tag : {"", "baby", "standby", "by-", "CC0", "No Person",
                                     "squareformats", "uploade", "public", "b", "café"}) {
    EXPECT_FALSE(is_denied_tag(tag)) << tag;
  }
}

TEST(ArrangeTags, SortsAndKeepsTheSurestOfEach) {
  Arena arena;
  std::pmr::vector<Tag> tags{{{"b", "", ""},
                              {"a", "x", "0.5"},
                              {"a", "x", "0.9"},
                              {"a", "p", "0.1"},
                              {"a", "", ""},
                              {"by", "x", ""}},
                             &arena};
  LeftOutList left_out{&arena};
  arrange_tags(tags, "p", Cleaned::sighting, left_out);
  EXPECT_TRUE(left_out.empty());
  std::string out;
  for (const Tag& tag : tags) {
    out += std::string{tag.name} + "/" + std::string{tag.provider} + "/" +
           std::string{tag.accuracy} + " ";
  }
  EXPECT_EQ(out, "a/p/ a/x/0.9 b/p/ ");
}

TEST(Limit, CountsCodePointsAndBackslashesTwice) {
  EXPECT_TRUE(fits("ééé", 3));
  EXPECT_FALSE(fits("éééé", 3));
  EXPECT_TRUE(fits("a\\b", 4));
  EXPECT_FALSE(fits("a\\b", 3));
  EXPECT_EQ(cut_to_fit("a\\b", 2), "a");
  EXPECT_EQ(cut_to_fit("a b", 2), "a");
  EXPECT_EQ(cut_to_fit("😀😀😀", 2), "😀😀");
}

TEST(ScalarText, WritesNumbersAsTextsDo) {
  for (const auto& [token, text] : {std::pair{"5", "5"},
                                    {"-0", "0"},
                                    {"-0.0", "-0.0"},
                                    {"1.0", "1.0"},
                                    {"1E2", "100.0"},
                                    {"1e16", "1e+16"},
                                    {"9999999999999998.0", "9999999999999998.0"},
                                    {"0.0001", "0.0001"},
                                    {"0.00001", "1e-05"},
                                    {"1e400", "inf"},
                                    {"-1e400", "-inf"},
                                    {"1e-400", "0.0"},
                                    {"2.50", "2.5"},
                                    {"1e22", "1e+22"},
                                    {"1.5e300", "1.5e+300"}}) {
    ASSERT_TRUE(is_json_number(token)) << token;
    std::string out;
    append_scalar_text(out, Kind::number, token);
    EXPECT_EQ(out, text);
  }
  for (const std::string_view bad :
       {"", "-", "01", "1.", ".5", "1e", "+1", "1.e3", "0x1", "nan", "1 "}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

}  // namespace
}  // namespace freshet::clean
