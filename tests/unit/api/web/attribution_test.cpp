#include "api/web/attribution.hpp"

#include <gtest/gtest.h>
#include <libxml/parser.h>

#include "api/web/escape.hpp"
#include "tests/unit/api/web/hostile.hpp"

namespace freshet::api::web {
namespace {

const Words& english() {
  static const Words words{*find_language("en"), embedded_files()};
  return words;
}

Credit owl() {
  return {.title = "Owl & <Moon>",
          .creator = "Ann \"A\" Lee",
          .creator_url = "https://example.org/ann?a=1&b=2",
          .landing_url = "https://example.org/owl",
          .licence = "CC BY 4.0",
          .licence_url = "https://creativecommons.org/licenses/by/4.0/",
          .is_public_domain = false};
}

/// Parses without a word on standard error; null where the text is not well-formed.
xmlDocPtr parse(const std::string& text) {
  return xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                       XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET);
}

TEST(Attribution, IsHtmlWithLinks) {
  EXPECT_EQ(html_attribution(owl(), english()),
            "<p><a rel=\"noopener noreferrer\" href=\"https://example.org/owl\">“Owl &amp; "
            "&lt;Moon&gt;”</a> by <a rel=\"noopener noreferrer\" "
            "href=\"https://example.org/ann?a=1&amp;b=2\">Ann &quot;A&quot; Lee</a> is licensed "
            "under <a rel=\"noopener noreferrer\" "
            "href=\"https://creativecommons.org/licenses/by/4.0/\">CC BY 4.0</a>.</p>");
}

TEST(Attribution, IsALineOfText) {
  EXPECT_EQ(text_attribution(owl(), english()),
            "“Owl & <Moon>” by Ann \"A\" Lee is licensed under CC BY 4.0. To view a copy of this "
            "licence, visit https://creativecommons.org/licenses/by/4.0/.");
}

TEST(Attribution, DoesWithoutTitleAndCreator) {
  Credit credit = owl();
  credit.title.clear();
  credit.creator.clear();
  credit.is_public_domain = true;
  credit.licence = "CC0 1.0";
  credit.licence_url.clear();
  EXPECT_EQ(text_attribution(credit, english()), "This work is marked with CC0 1.0.");
}

TEST(Attribution, LinksToTheWebOnly) {
  Credit credit = owl();
  credit.landing_url = "javascript:alert(1)";
  credit.creator_url = "https://";
  credit.licence_url = "data:text/html,x";
  EXPECT_EQ(html_attribution(credit, english()).find("<a "), std::string::npos);
  EXPECT_EQ(xml_attribution(credit).find("javascript"), std::string::npos);
}

TEST(Attribution, IsTranslatedAsAWhole) {
  const Words german{*find_language("de"), embedded_files()};
  EXPECT_EQ(text_attribution(owl(), german),
            "„Owl & <Moon>“ von Ann \"A\" Lee ist lizenziert unter CC BY 4.0. Eine Kopie dieser "
            "Lizenz steht unter https://creativecommons.org/licenses/by/4.0/.");
}

TEST(Attribution, TenThousandHostileTitlesAreWellFormed) {
  for (unsigned n = 0; n < 10'000; ++n) {
    Credit credit = owl();
    credit.title = hostile_text(n);
    credit.creator = hostile_text(n + 20'000);
    credit.landing_url = "https://example.org/" + hostile_text(n + 40'000);
    const xmlDocPtr xml = parse(xml_attribution(credit));
    ASSERT_NE(xml, nullptr) << n << ": " << xml_attribution(credit);
    xmlFreeDoc(xml);
    // HTML may hold control characters, which XML's parser does not take.
    const std::string html = html_attribution(credit, english());
    const std::string body = html.substr(3, html.size() - 7);
    std::string tags;
    for (std::size_t at = 0; (at = body.find('<', at)) != std::string::npos; ++at) {
      tags += body.substr(at, 3);
    }
    for (const char* known : {"<a ", "</a"}) {
      for (std::size_t at = 0; (at = tags.find(known)) != std::string::npos;) {
        tags.erase(at, 3);
      }
    }
    ASSERT_EQ(tags, "") << html;
  }
}

TEST(Escape, KeepsWhatXmlCanHold) {
  EXPECT_EQ(xml_escaped("a\tb\nc<&>\"'"), "a\tb\nc&lt;&amp;&gt;&quot;&#39;");
  EXPECT_EQ(xml_escaped(std::string_view{"\x01\0\x1f", 3}), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(xml_escaped("\xEF\xBF\xBF-\xFF"), "\uFFFD-\uFFFD");
}

TEST(Escape, LeadsToTheWebOnly) {
  EXPECT_EQ(web_address("HTTPS://example.org/a"), "HTTPS://example.org/a");
  for (const char* bad : {"", "javascript:alert(1)", "//example.org", "http://", "http:///x",
                          "https://a b", "https://a\nb", "data:x", " https://a", "https://a\"b"}) {
    EXPECT_EQ(web_address(bad), "") << bad;
  }
}

}  // namespace
}  // namespace freshet::api::web
