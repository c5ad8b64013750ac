#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "producers/provider.hpp"
#include "producers/providers/jamendo.hpp"
#include "producers/providers/science_museum.hpp"
#include "producers/providers/wikimedia_commons.hpp"
#include "tests/support/differences.hpp"

// Rule tables of provider helpers, row by row.

namespace freshet::test {
namespace {

namespace json = boost::json;

json::array rows_of(const std::filesystem::path& fixtures, const std::string& table) {
  return json::parse(read_file(fixtures / "original" / "rules" / (table + ".json")))
      .at("cases")
      .as_array();
}

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

std::string row_name(const std::string& table, std::size_t row) {
  return "rules/" + table + "/" + std::to_string(row);
}

TEST(ProducerRules, JamendoUrls) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "jamendo_urls");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string url{rows[i].at("in").at("url").as_string()};
    const std::string name = row_name("jamendo_urls", i);
    const std::string slashed = jamendo_rules::with_slash_before_query(url);
    differences.compare(name, "remove_from", rows[i].at("remove_from").at("out"),
                        json::value(jamendo_rules::without_query_parameter(url, "from")));
    differences.compare(name, "remove_trackid", rows[i].at("remove_trackid").at("out"),
                        json::value(jamendo_rules::without_query_parameter(slashed, "trackid")));
    differences.compare(name, "add_slash", rows[i].at("add_slash").at("out"), json::value(slashed));
  }
  differences.check("rules/jamendo_urls/");
}

TEST(ProducerRules, ScienceMuseumLicense) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "sciencemuseum_license");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::value& terms = rows[i].at("in").at("usage_terms");
    json::value ours;
    if (const auto license = terms.is_string()
                                 ? science_museum_rules::read_license(terms.as_string())
                                 : std::nullopt) {
      ours = json::array{json::value(license->first), json::value(license->second)};
    }
    differences.compare(row_name("sciencemuseum_license", i), "license", rows[i].at("out"), ours);
  }
  differences.check("rules/sciencemuseum_license/");
}

TEST(ProducerRules, ScienceMuseumYearRanges) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "sciencemuseum_year_ranges");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json::array ours;
    for (const auto& [from, to] : science_museum_rules::year_ranges(
             static_cast<int>(rows[i].at("in").at("final_year").as_int64()))) {
      json::array range;
      range.emplace_back(from);
      range.emplace_back(to);
      ours.push_back(std::move(range));
    }
    differences.compare(row_name("sciencemuseum_year_ranges", i), "ranges", rows[i].at("out"),
                        ours);
  }
  differences.check("rules/sciencemuseum_year_ranges/");
}

TEST(ProducerRules, WikimediaCreator) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "wikimedia_creator");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::object& row = rows[i].as_object();
    json::value ours("(rejected)");
    try {
      const auto creator = wikimedia_rules::creator_of(row.at("in").at("artist"));
      json::array pair;
      pair.push_back(text_or_null(creator.name));
      pair.push_back(text_or_null(creator.url));
      ours = std::move(pair);
    } catch (const WrongShape&) {
      // compared as it stands
    }
    differences.compare(row_name("wikimedia_creator", i), "creator",
                        row.contains("error") ? json::value("(rejected)") : row.at("out"), ours);
  }
  differences.check("rules/wikimedia_creator/");
}

TEST(ProducerRules, WikimediaTitle) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "wikimedia_title");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::object& in = rows[i].at("in").as_object();
    const json::value* name = &in.at("object_name");
    if (name->is_null() && in.contains("title")) {
      name = &in.at("title");
    }
    if (name->is_null()) {
      EXPECT_TRUE(rows[i].as_object().contains("error"));
      continue;
    }
    differences.compare(row_name("wikimedia_title", i), "title", rows[i].at("out"),
                        json::value(wikimedia_rules::title_of(name->as_string())));
  }
  differences.check("rules/wikimedia_title/");
}

}  // namespace
}  // namespace freshet::test
