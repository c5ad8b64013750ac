#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "producers/provider.hpp"
#include "producers/providers/europeana.hpp"
#include "producers/providers/flickr.hpp"
#include "producers/providers/jamendo.hpp"
#include "producers/providers/nappy.hpp"
#include "producers/providers/nypl.hpp"
#include "producers/providers/rawpixel.hpp"
#include "producers/providers/science_museum.hpp"
#include "producers/providers/smithsonian.hpp"
#include "producers/providers/smk.hpp"
#include "producers/providers/wikimedia_commons.hpp"
#include "producers/time_slices.hpp"
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

TEST(ProducerRules, EuropeanaDescription) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "europeana_description");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    differences.compare(row_name("europeana_description", i), "description", rows[i].at("out"),
                        json::value(europeana_rules::description_of(rows[i].at("in").at("item"))));
  }
  differences.check("rules/europeana_description/");
}

TEST(ProducerRules, FlickrDescription) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "flickr_description");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::object& row = rows[i].as_object();
    json::object ours;
    if (const auto text = flickr_rules::description_of(
            std::string_view{row.at("in").at("description").as_string()})) {
      ours["description"] = *text;
    }
    // What the original's parser fails on leaves the member out.
    differences.compare(row_name("flickr_description", i), "description",
                        row.contains("error") ? json::object{} : row.at("out"), ours);
  }
  differences.check("rules/flickr_description/");
}

TEST(ProducerRules, FlickrTags) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, "flickr_tags");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json::array ours =
        flickr_rules::tags_of(std::string_view{rows[i].at("in").at("tags").as_string()});
    std::sort(ours.begin(), ours.end(), [](const json::value& a, const json::value& b) {
      return a.as_string() < b.as_string();
    });
    differences.compare(row_name("flickr_tags", i), "tags", rows[i].at("out"),
                        ours.empty() ? json::value(nullptr) : json::value(ours));
  }
  differences.check("rules/flickr_tags/");
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

// Every row of a table: what our rule makes of its input, against what the original makes of it.
template <typename Rule>
void compare_rows(const std::string& table, Rule rule) {
  FRESHET_NEED_FIXTURES(fixtures);
  Differences differences;
  const json::array rows = rows_of(fixtures, table);
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::object& row = rows[i].as_object();
    differences.compare(row_name(table, i), "out",
                        row.contains("error") ? json::value(nullptr) : row.at("out"),
                        rule(row.at("in")));
  }
  differences.check("rules/" + table + "/");
}

TEST(ProducerRules, NappyFilesize) {
  compare_rows("nappy_filesize", [](const json::value& in) {
    const auto size = nappy_rules::read_filesize(in.at("value").as_string());
    return size ? json::value(*size) : json::value(nullptr);
  });
}

TEST(ProducerRules, NyplFiletype) {
  compare_rows("nypl_filetype", [](const json::value& in) {
    return text_or_null(nypl_rules::filetype_of(in.at("description").as_string()));
  });
}

TEST(ProducerRules, RawpixelTexts) {
  compare_rows("rawpixel_clean_text", [](const json::value& in) {
    return json::value(rawpixel_rules::clean_text(in.at("text").as_string()));
  });
  compare_rows("rawpixel_title", [](const json::value& in) {
    return text_or_null(rawpixel_rules::title_of(in.at("title").as_string()));
  });
}

TEST(ProducerRules, RawpixelSignature) {
  compare_rows("rawpixel_signature", [](const json::value& in) {
    return json::value(
        rawpixel_rules::sign(*params_from_json(in.at("params")), in.at("api_key").as_string()));
  });
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

TEST(ProducerRules, TimeSlices) {
  FRESHET_NEED_FIXTURES(fixtures);
  const std::map<std::string, SliceLimits, std::less<>> limits{
      {"flickr", {3'000, 10'000, 6, 12}}, {"finnishmuseums", {10'000, 100'000, 12, 20}}};
  Differences differences;
  const json::array rows = rows_of(fixtures, "time_slices");
  ASSERT_FALSE(rows.empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::value& in = rows[i].at("in");
    const std::string name = row_name("time_slices", i);
    freshet::Run run;
    run.date = std::string{in.at("date").as_string()};
    std::size_t asked = 0;
    const auto slices = slices_of(run, limits.at(in.at("provider").as_string().c_str()),
                                  [&](const TimeSlice&) -> Result<std::int64_t> {
                                    return in.at("counts").at(asked++).as_int64();
                                  });
    json::array ours;
    for (const TimeSlice& slice : slices.value()) {
      ours.push_back({replace_all(format_seconds(slice.from), "Z", "+00:00").c_str(),
                      replace_all(format_seconds(slice.to), "Z", "+00:00").c_str()});
    }
    differences.compare(name, "slices", rows[i].at("out"), ours);
    differences.compare(name, "requests", rows[i].at("count_requests"),
                        static_cast<std::int64_t>(asked));
  }
  differences.check("rules/time_slices/");
}

TEST(ProducerRules, SmithsonianCreator) {
  compare_rows("smithsonian_creator", [](const json::value& in) {
    return text_or_null(smithsonian_rules::creator_of(in.at("row")));
  });
}

TEST(ProducerRules, SmkLandingUrl) {
  compare_rows("smk_landing_url", [](const json::value& in) {
    const json::string* number = in.at("object_number").if_string();
    return number == nullptr || number->empty() ? json::value(nullptr)
                                                : json::value(smk_rules::landing_url(*number));
  });
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
