#include "tests/differential/clean_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

namespace freshet::test {

namespace json = boost::json;

std::string to_sighting_json(const json::value& value) {
  if (const auto* const object = value.if_object()) {
    if (object->size() == 1 && object->contains("$float")) {
      const std::string_view text = object->at("$float").as_string();
      return text == "inf" ? "1e999" : text == "-inf" ? "-1e999" : "\"nan\"";
    }
    std::string out = "{";
    for (const auto& [name, member] : *object) {
      out += (out.size() > 1 ? "," : "") + json::serialize(json::value(name)) + ":" +
             to_sighting_json(member);
    }
    return out + "}";
  }
  if (const auto* const array = value.if_array()) {
    std::string out = "[";
    for (const auto& item : *array) {
      out += (out.size() > 1 ? "," : "") + to_sighting_json(item);
    }
    return out + "]";
  }
  return json::serialize(value);
}

Outcome clean_json(const json::object& work, const CleanRules& rules) {
  Cleaner cleaner{rules};
  Arena arena;
  const CleanResult result = cleaner.clean(to_sighting_json(work), arena);
  if (const auto* const dropped = std::get_if<Dropped>(&result)) {
    return {"dropped", {}, std::string{to_string(dropped->reason)}};
  }
  if (const auto* const error = std::get_if<Error>(&result)) {
    return {"rejected", {}, error->field() + ": " + error->rule() + " " + error->message()};
  }
  std::string once;
  append_work(once, std::get<Work>(result));
  std::string twice;
  const CleanResult again = cleaner.clean(once, arena);
  if (const auto* const same = std::get_if<Work>(&again)) {
    append_work(twice, *same);
  }
  EXPECT_EQ(once, twice);
  json::parse_options deep;
  deep.max_depth = 200;
  return {"written", json::parse(once, {}, deep).as_object(), ""};
}

json::object plain_sighting(std::string_view media_type) {
  return {{"media_type", media_type},
          {"provider", "testprov"},
          {"foreign_identifier", "id1"},
          {"foreign_landing_url", "https://a.com/p/1"},
          {"url", "https://a.com/i/1"},
          {"license_url", "https://creativecommons.org/licenses/by/4.0/"}};
}

std::string halve_backslashes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\') {
      ++i;
    }
  }
  return out;
}

json::value in_order(const json::value& tags) {
  if (!tags.is_array()) {
    return tags;
  }
  std::vector<std::string> texts;
  for (const json::value& tag : tags.get_array()) {
    texts.push_back(json::serialize(tag));
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  json::array out;
  for (const std::string& text : texts) {
    out.push_back(json::parse(text));
  }
  return out.empty() ? json::value() : json::value(out);
}

}  // namespace freshet::test
