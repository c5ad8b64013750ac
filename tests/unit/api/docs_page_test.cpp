#include "api/docs_page.hpp"

#include <gtest/gtest.h>

#include "api/endpoints.hpp"
#include "api/parameters.hpp"
#include "api/search_parameters.hpp"
#include "tests/unit/api/test_table.hpp"

namespace freshet::api {
namespace {

TEST(DocsPage, ListsWhatHasASummary) {
  const std::string page = docs_page(test_table());
  EXPECT_NE(page.find("<a href=\"/v1/both/\"><code>/v1/both/</code></a></td><td>hello</td>"),
            std::string::npos);
  for (const std::string media : {"images", "audio"}) {
    EXPECT_NE(page.find("<td><code>POST /v1/" + media +
                        "/{id}/echo/</code></td><td>what was &lt;sent&gt;</td>"),
              std::string::npos);
  }
  EXPECT_EQ(page.find("mine"), std::string::npos);
  EXPECT_NE(page.find("data-method=\"POST\" data-path=\"/v1/audio/{id}/echo/\""),
            std::string::npos);
}

// A policy of digests lets nothing run but what the page was made with.
TEST(DocsPage, HasNothingThatItsPolicyForbids) {
  const std::string page = docs_page(endpoints());
  EXPECT_EQ(docs_policy().find("unsafe"), std::string::npos);
  for (const char* forbidden : {" style=\"", " onclick", "javascript:", "<script src", "http://"}) {
    EXPECT_EQ(page.find(forbidden), std::string::npos) << forbidden;
  }
}

TEST(DocsPage, KnowsEveryParameterOfASearch) {
  const std::string page = docs_page(endpoints());
  EXPECT_NE(page.find("<a href=\"/v1/images/stats/\">"), std::string::npos);
  EXPECT_EQ(page.find("watermark"), std::string::npos);
  for (const Parameter& parameter : search_parameters()) {
    if (parameter.is_hidden) {
      continue;
    }
    EXPECT_NE(page.find("<code>" + std::string{parameter.name} + "</code>"), std::string::npos);
  }
}

// The description must not promise what the validation does not know.
TEST(SearchParameters, AreCheckedAsTheyAreDescribed) {
  const auto is_good = [](Media media, std::string_view name, const std::string& value) {
    // Looked at in a collection only.
    std::string query = name == "unstable__tag" ? "unstable__collection=tag&" : "";
    query.append(name).append("=").append(value);
    return std::holds_alternative<SearchParameters>(
        parse_search(Query::parse(query), media, Caller{}, SourceNames{"met"}));
  };
  for (const Parameter& parameter : search_parameters()) {
    if (parameter.is_hidden) {
      continue;
    }
    const Media media = parameter.media.value_or(Media::image);
    SCOPED_TRACE(parameter.name);
    EXPECT_FALSE(is_good(media, parameter.name, "%20")) << "nothing but white space";
    switch (parameter.type) {
      case Parameter::Type::text:
        EXPECT_TRUE(is_good(media, parameter.name, "x"));
        break;
      case Parameter::Type::list:
      case Parameter::Type::choice:
        if (!parameter.values.empty()) {
          EXPECT_FALSE(is_good(media, parameter.name, "nonsense"));
        }
        if (parameter.name != "unstable__collection") {  // needs others beside it
          for (const std::string_view value : parameter.values) {
            // A plus is a space in a query.
            const std::string sent = value.ends_with('+')
                                         ? std::string{value.substr(0, value.size() - 1)} + "%2B"
                                         : std::string{value};
            EXPECT_TRUE(is_good(media, parameter.name, sent)) << value;
          }
        }
        break;
      case Parameter::Type::objects:
        FAIL() << "a query has no objects";
      case Parameter::Type::boolean:
        EXPECT_TRUE(is_good(media, parameter.name, "true"));
        EXPECT_FALSE(is_good(media, parameter.name, "perhaps"));
        break;
      case Parameter::Type::integer:
        EXPECT_TRUE(is_good(media, parameter.name, "1"));
        EXPECT_FALSE(is_good(media, parameter.name, "0"));
        break;
      case Parameter::Type::time:
        EXPECT_TRUE(is_good(media, parameter.name, "2026-11-21T08:00:00Z"));
        EXPECT_TRUE(is_good(media, parameter.name, "2026-11-21"));
        EXPECT_FALSE(is_good(media, parameter.name, "yesterday"));
        break;
      case Parameter::Type::number:
        EXPECT_TRUE(is_good(media, parameter.name, "0.5"));
        EXPECT_FALSE(is_good(media, parameter.name, "11"));
        break;
    }
  }
}

}  // namespace
}  // namespace freshet::api
