#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/differential/clean_support.hpp"
#include "tests/support/differences.hpp"

// Whole records: what a provider script gives to the original's media store, against the row that
// the store writes.
namespace freshet::test {
namespace {

namespace json = boost::json;

// The members of a store's record under the names that sightings have.
json::object to_sighting(const json::object& in) {
  json::object work{{"media_type", in.at("media_type")}, {"provider", in.at("provider")}};
  for (const auto& [name, value] : in.at("record").as_object()) {
    if (name == "image_url" || name == "audio_url") {
      work["url"] = value;
    } else if (name == "thumbnail_url") {
      work["thumbnail"] = value;
    } else if (name == "raw_tags") {
      work["tags"] = value;
    } else if (name == "set_foreign_id") {
      work["audio_set_foreign_identifier"] = value;
    } else if (name == "license_info") {
      // The store's scripts have looked the licence up already: URL first, as found if known.
      work["license"] = value.at(0);
      work["license_version"] = value.at(1);
      work["license_url"] = value.at(3).is_null() ? value.at(2) : value.at(3);
    } else {
      work[name] = value;
    }
  }
  return work;
}

std::string our_name(std::string_view column) {
  return column == "license_"        ? "license"
         : column == "thumbnail_url" ? "thumbnail"
                                     : std::string{column};
}

TEST(MediaStore, WritesTheSameRows) {
  FRESHET_NEED_FIXTURES(folder);
  Differences differences;
  const auto root = json::parse(read_file(folder / "original" / "rules" / "media_store.json"));
  const json::array& cases = root.at("cases").as_array();
  ASSERT_FALSE(cases.empty());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const json::object& row = cases[i].as_object();
    const std::string name = "rules/media_store/" + std::to_string(i);
    SCOPED_TRACE(name + " " + json::serialize(row.at("in")));
    const Outcome outcome = clean_json(to_sighting(row.at("in").as_object()));
    const std::string_view result = row.at("result").as_string();
    const bool written = result == "written";
    if (written != (outcome.result == "written")) {
      differences.note(name, "result",
                       std::string{result} + ", ours " + outcome.result + " " + outcome.why);
      continue;
    }
    if (!written) {
      differences.compare(name, "refusal", json::value(result == "abort" ? "rejected" : "dropped"),
                          json::value(outcome.result));
      continue;
    }
    for (const auto& [column, expected] : row.at("out").as_object()) {
      const auto* const ours = outcome.work.if_contains(our_name(column));
      differences.compare(name, our_name(column), expected,
                          ours == nullptr ? json::value() : *ours);
    }
  }
  differences.check("rules/media_store/");
}

}  // namespace
}  // namespace freshet::test
