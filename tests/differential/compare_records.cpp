#include "tests/differential/compare_records.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace freshet::test {
namespace json = boost::json;

json::object renamed(const json::object& record) {
  static const std::map<std::string_view, std::string_view> kNames{
      {"license_", "license"}, {"thumbnail_url", "thumbnail"}, {"_media_type", "media_type"}};
  json::object result;
  for (const auto& [name, value] : record) {
    const auto found = kNames.find(name);
    result.emplace(found == kNames.end() ? std::string_view{name} : found->second, value);
  }
  return result;
}

namespace {

json::value sorted_distinct(const json::value& tags) {
  std::map<std::string, json::value> by_name;
  for (const json::value& tag : tags.as_array()) {
    by_name.emplace(tag.at("name").as_string(), tag);
  }
  json::array result;
  for (auto& [name, tag] : by_name) {
    result.push_back(std::move(tag));
  }
  return result;
}

void compare_members(Differences& differences, const std::string& name, const std::string& field,
                     const json::object& expected, const json::object& actual) {
  const json::value absent("(absent)");
  for (const auto& [member, value] : expected) {
    const json::value* ours = actual.if_contains(member);
    differences.compare(name, field + std::string{member}, value, ours == nullptr ? absent : *ours);
  }
  for (const auto& [member, value] : actual) {
    if (!expected.contains(member)) {
      differences.compare(name, field + std::string{member}, absent, value);
    }
  }
}

void compare_record(Differences& differences, const std::string& name, const json::object& expected,
                    const json::object& actual) {
  json::object theirs = expected;
  json::object ours = actual;
  if (!theirs.contains("media_type")) {
    ours.erase("media_type");
  }
  // The original's file of that time has no such column; it is in its audio set.
  if (!theirs.contains("audio_set_foreign_identifier")) {
    ours.erase("audio_set_foreign_identifier");
  } else if (theirs["audio_set_foreign_identifier"].is_null() &&
             !ours.contains("audio_set_foreign_identifier")) {
    theirs.erase("audio_set_foreign_identifier");  // absent here, as in its schema
  }
  for (const char* field : {"meta_data", "audio_set"}) {
    if (theirs.contains(field) && theirs[field].is_object() && ours.contains(field) &&
        ours[field].is_object()) {
      compare_members(differences, name, std::string{field} + ".", theirs[field].as_object(),
                      ours[field].as_object());
      theirs.erase(field);
      ours.erase(field);
    }
  }
  if (theirs["tags"].is_array() && ours["tags"].is_array() && theirs["tags"] != ours["tags"] &&
      sorted_distinct(theirs["tags"]) == ours["tags"]) {
    differences.note(name, "tags.order", "sorted, distinct");
    theirs.erase("tags");
    ours.erase("tags");
  }
  compare_members(differences, name, "", theirs, ours);
}

}  // namespace

void compare_item(Differences& differences, const std::string& name,
                  const std::vector<json::object>& expected, std::vector<json::object> actual) {
  for (const json::object& theirs : expected) {
    const auto found = std::find_if(actual.begin(), actual.end(), [&](const json::object& ours) {
      return ours.at("foreign_identifier") == theirs.at("foreign_identifier");
    });
    if (found == actual.end()) {
      differences.note(name, "(missing)", json::serialize(theirs.at("foreign_identifier")));
      continue;
    }
    compare_record(differences, name, theirs, *found);
    actual.erase(found);
  }
  for (const json::object& ours : actual) {
    differences.note(name, "(extra)", json::serialize(ours.at("foreign_identifier")));
  }
}

}  // namespace freshet::test
