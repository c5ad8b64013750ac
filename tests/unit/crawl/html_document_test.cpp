#include "core/crawl/html_document.hpp"

#include <gmock/gmock.h>

#include "core/crawl/http_answer.hpp"

namespace freshet {
namespace {

HtmlDocument parsed(std::string_view html, std::string_view charset = "utf-8") {
  auto document = HtmlDocument::parse(html, charset);
  EXPECT_TRUE(document.has_value());
  return std::move(*document);
}

TEST(HtmlDocument, FindsElementsInDocumentOrder) {
  const auto document = parsed(
      "<html><head><title>T</title></head><body><p>1<p>2<div><p>3</div><section "
      "class=' a  b '>4<script>5</script></section></body></html>");
  std::string texts;
  for (const HtmlElement& element : document.find_all("p")) {
    texts += element.text() + "|";
  }
  EXPECT_EQ(texts, "1|2|3|");
  const auto section = document.find("section");
  ASSERT_TRUE(section.has_value());
  EXPECT_EQ(section->text(), "4");
  EXPECT_TRUE(section->has_word("class", "a"));
  EXPECT_TRUE(section->has_word("class", "a b"));
  EXPECT_FALSE(section->has_word("class", "a  b"));
  EXPECT_FALSE(section->has_word("class", "c"));
  EXPECT_FALSE(document.find("article").has_value());
}

TEST(HtmlDocument, DecodesEntitiesAndKeepsSpace) {
  const auto document = parsed("<a title=' x &amp;&quot;&#233; ' href>\xC3\xA9&nbsp;&lt;</a>");
  const auto link = document.find("a");
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->attribute("title"), " x &\"\u00E9 ");
  EXPECT_EQ(link->attribute("href").value_or("?"), "");
  EXPECT_FALSE(link->attribute("rel").has_value());
  EXPECT_EQ(link->text(), "\u00E9\u00A0<");
}

TEST(HtmlDocument, ReadsCharsetsFromHeaderPageOrBytes) {
  EXPECT_EQ(parsed("<p>\xE9</p>", "iso-8859-1").find("p")->text(), "\u00E9");
  EXPECT_EQ(parsed("<meta charset=\"windows-1251\"><p>\xE9</p>", "").find("p")->text(), "\u0439");
  EXPECT_EQ(parsed("<meta http-equiv=x content='text/html; charset=iso-8859-2'><p>\xB9</p>", "")
                .find("p")
                ->text(),
            "\u0161");
  EXPECT_EQ(parsed("<p>\xE9</p>", "").find("p")->text(), "\u00E9");
  EXPECT_EQ(parsed("<p>\xC3\xA9</p>", "").find("p")->text(), "\u00E9");
  EXPECT_EQ(parsed("<p>a\xFFz</p>", "utf-8").find("p")->text(), "a\uFFFDz");
  EXPECT_EQ(parsed(std::string_view{"<p>a\0z</p>", 10}, "utf-8").find("p")->text(), "a\uFFFDz");
}

TEST(HtmlDocument, RefusesWhatNobodyReads) {
  EXPECT_EQ(HtmlDocument::parse("", "").error().rule(), "empty");
  EXPECT_EQ(HtmlDocument::parse("<!-- x -->", "").error().rule(), "empty");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<div>";
  }
  EXPECT_EQ(HtmlDocument::parse(deep, "").error().rule(), "depth");
}

TEST(ReadHttpAnswer, TakesStatusTypeAndBody) {
  const auto answer = read_http_answer(
      "HTTP/1.1 200 OK\r\nContent-type: Text/HTML; Charset=KOI8-R\r\n\r\nbody\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "text/html");
  EXPECT_EQ(answer->charset, "koi8-r");
  EXPECT_EQ(answer->body, "body\r\n");
  EXPECT_FALSE(read_http_answer("<html>").has_value());
  EXPECT_EQ(read_http_answer("HTTP/1.1 200 OK\r\nA: b")->body, "");
}

}  // namespace
}  // namespace freshet
