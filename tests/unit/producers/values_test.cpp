#include "producers/values.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "producers/fetch.hpp"
#include "producers/html.hpp"
#include "tests/support/fake_http.hpp"

namespace freshet {
namespace {

TEST(Values, NullsAreLeftOutAndEmptyValuesStay) {
  EXPECT_EQ(without_nulls({{"a", nullptr}, {"b", ""}, {"c", 0}}),
            (json::object{{"b", ""}, {"c", 0}}));
}

TEST(Values, APathKeepsItsSlashes) {
  EXPECT_EQ(encode_path("KSMB 25/æ?a~b"), "KSMB%2025/%C3%A6%3Fa~b");
}

TEST(Values, EntitiesAreDecodedOnceAndTagsStay) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"1714&ndash;1760, &Eacute;", "1714–1760, É"},
      {"&lt;b&gt; &amp;lt; <i>", "<b> &lt; <i>"},
      {"&#233;&#xe9;&#XE9 &#39;&apos;", "éé\u00E9 ''"},
      {"AT&T, a & b, &; &unheard; &#; &#x;", "AT&T, a & b, &; &unheard; &#; &#x;"},
      {"&copy2023 &notit; &ampamp;", "©2023 ¬it; &amp;"},
      {"&#0;&#xD800;&#9999999999;", "\uFFFD\uFFFD\uFFFD"},
      {"&", "&"}};
  for (const auto& [text, decoded] : rows) {
    EXPECT_EQ(decode_entities(text), decoded) << text;
  }
}

TEST(Fetch, SendsASignatureInPlaceOfTheKey) {
  std::string url;
  test::FakeHttp http{[&](const http::Request& request) -> Result<http::Response> {
    url = http::full_url(request);
    return http::Response{200, {}, "{}", request.url};
  }};
  FetchOptions options;
  options.credential = Credential{.original_name = "API_KEY",
                                  .name = "s",
                                  .sign = [](const http::Query& query, std::string_view key) {
                                    return query.front().second + "-" + std::to_string(key.size());
                                  }};
  options.key = "secret";
  options.credential_host = "a.example";
  FetchSession session{http, options, [](std::chrono::milliseconds) { return true; }};
  Fetch fetch{session};
  ASSERT_TRUE(fetch.get("https://a.example/b", {{"page", "7"}}));
  EXPECT_EQ(url, "https://a.example/b?page=7&s=7-6");
}

}  // namespace
}  // namespace freshet
