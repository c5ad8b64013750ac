#include "api/openapi.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "api/endpoints.hpp"
#include "api/routes.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

/// Every `$ref` below a value.
void collect_references(const json::value& value, std::set<std::string>& found) {
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      if (member.key() == "$ref") {
        found.emplace(member.value().as_string());
      }
      collect_references(member.value(), found);
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) {
      collect_references(item, found);
    }
  }
}

TEST(Openapi, HasEveryEndpointThatIsShownAndNoOther) {
  const json::object document = openapi_document(endpoints());
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  const json::object& paths = document.at("paths").as_object();
  std::set<std::string> ids;
  for (const Endpoint& row : endpoints()) {
    for (const ShownPath& shown : shown_paths(row)) {
      const json::value* const path = paths.if_contains(shown.path);
      const std::string method = lower_ascii(to_string(row.method));
      const bool is_there = path != nullptr && path->as_object().contains(method);
      EXPECT_EQ(is_there, !row.summary.empty()) << method << " " << shown.path;
      if (is_there) {
        EXPECT_TRUE(ids.emplace(path->at(method).at("operationId").as_string()).second)
            << shown.path;
      }
    }
  }
  for (const char* id : {"images_search", "audio_search", "images_detail", "images_related",
                         "audio_stats", "images_oembed", "register", "token", "key_info"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
}

TEST(Openapi, EveryReferenceLeadsSomewhere) {
  const json::value document = openapi_document(endpoints());
  std::set<std::string> references;
  collect_references(document, references);
  EXPECT_GT(references.size(), 15U);
  for (const std::string& reference : references) {
    EXPECT_FALSE(value_at(document, reference.substr(1)).is_null()) << reference;
  }
}

TEST(Openapi, HidesWhatIsNotForEverybody) {
  const std::string text = to_json(openapi_document(endpoints()));
  for (const char* hidden : {"internal__index", "/verify/", "/watermark/", "/v1/link/"}) {
    EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
  }
}

TEST(Openapi, ParametersAreThoseOfTheTable) {
  const json::value document = openapi_document(endpoints());
  const json::array& parameters =
      document.at("paths").at("/v1/audio/").at("get").at("parameters").as_array();
  std::set<std::string> names;
  for (const json::value& parameter : parameters) {
    names.emplace(parameter.at("name").as_string());
    if (parameter.at("name") == "category") {
      EXPECT_EQ(parameter.at("schema").at("items").at("enum").as_array().size(), 6U);
      EXPECT_EQ(parameter.at("explode"), false);
    }
    if (parameter.at("name") == "page_size") {
      EXPECT_EQ(parameter.at("schema").at("minimum"), 1);
      EXPECT_EQ(parameter.at("schema").at("default"), 20);
    }
  }
  EXPECT_TRUE(names.contains("length"));
  EXPECT_TRUE(names.contains("peaks"));
  EXPECT_FALSE(names.contains("aspect_ratio"));
}

TEST(Yaml, IsJsonInBlocks) {
  const json::value value = json::parse(R"({"a":{"b":[1,{"c":"x: y"}],"d":[]},"e":null,"f":{}})");
  EXPECT_EQ(to_yaml(value),
            "\"a\":\n  \"b\":\n    - 1\n    -\n      \"c\": \"x: y\"\n  \"d\": []\n\"e\": null\n"
            "\"f\": {}\n");
}

}  // namespace
}  // namespace freshet::api
