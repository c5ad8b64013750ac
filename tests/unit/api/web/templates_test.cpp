#include "api/web/templates.hpp"

#include <gtest/gtest.h>

#include "core/check.hpp"

namespace freshet::api::web {
namespace {

class TemplatesTest : public testing::Test {
 protected:
  std::string expand(const std::string& source, std::string_view value,
                     std::string_view tag = "en") {
    Files files = embedded_files();
    files["templates/t.html"] = source;
    const Templates templates{files, words_};
    Dictionary dictionary{"test"};
    set(dictionary, "X", value);
    set(dictionary, "WORDS", value);
    return templates.expand(*find_language(tag), "t.html", dictionary);
  }

  const std::map<std::string, Words, std::less<>> words_ = [] {
    std::map<std::string, Words, std::less<>> words;
    for (const char* tag : {"en", "de"}) {
      words.emplace(tag, Words{*find_language(tag), embedded_files()});
    }
    return words;
  }();
};

TEST_F(TemplatesTest, EscapeByContext) {
  EXPECT_EQ(expand("<p>{{X}}</p>", "<b>&\"'"), "<p>&lt;b&gt;&amp;&quot;&#39;</p>");
  EXPECT_EQ(expand("<p title=\"{{X}}\">", "\" onclick=\"x"),
            "<p title=\"&quot; onclick=&quot;x\">");
  EXPECT_EQ(expand("<textarea>{{X}}</textarea>", "</textarea><script>"),
            "<textarea>&lt;/textarea&gt;&lt;script&gt;</textarea>");
  // An address that is none of the web's leads nowhere.
  EXPECT_EQ(expand("<a href=\"{{X}}\">", "javascript:alert(1)").find("javascript"),
            std::string::npos);
  EXPECT_EQ(expand("<a href=\"{{X}}\">", "https://a/?b=1&c=2"),
            "<a href=\"https://a/?b=1&amp;c=2\">");
  EXPECT_EQ(expand("<img src=\"{{X}}\">", "data:text/html,x").find("data"), std::string::npos);
}

TEST_F(TemplatesTest, AreTranslated) {
  EXPECT_EQ(expand("<a>[[Sources]]</a>", "", "de"), "<a>Quellen</a>");
  EXPECT_EQ(expand("[[Search for “{{WORDS}}” instead]]", "<owl>", "de"),
            "Stattdessen nach „&lt;owl&gt;“ suchen");
}

TEST_F(TemplatesTest, DoNotReadWhatTheyShow) {
  EXPECT_EQ(expand("<p>{{X}}</p>", "{{X}}[[Sources]]"), "<p>{{X}}[[Sources]]</p>");
}

TEST_F(TemplatesTest, AreRefusedWhenBroken) {
  EXPECT_THROW(expand("<p>{{#X}}</p>", ""), StartupError);
}

}  // namespace
}  // namespace freshet::api::web
