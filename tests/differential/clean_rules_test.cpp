#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <functional>

#include "core/text.hpp"
#include "processors/clean/category.hpp"
#include "processors/clean/filetype.hpp"
#include "processors/clean/license.hpp"
#include "processors/clean/limit.hpp"
#include "processors/clean/scalar.hpp"
#include "processors/clean/tags.hpp"
#include "processors/clean/url.hpp"
#include "tests/differential/clean_support.hpp"
#include "tests/support/differences.hpp"

// Every row of the rule tables that concern clean, against our result; how the two may differ is in
// tests/differences.json under `rules/<table>/<row>`.
namespace freshet::test {
namespace {

namespace json = boost::json;

const json::value kNull;

// One row nests deeper than the parser allows by itself.
json::value parse_deep(std::string_view text) {
  json::parse_options options;
  options.max_depth = 200;
  return json::parse(text, {}, options);
}

json::value text_or_null(const std::string_view* text) {
  return text == nullptr ? json::value() : json::value(*text);
}

json::value member(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value == nullptr ? json::value() : *value;
}

class Rules : public testing::Test {
 protected:
  using Row =
      std::function<void(const std::string& name, const json::object& in, const json::object& row)>;

  // Calls check for every row of a table, then compares the differences with the list.
  void each_row(const std::string& table, const Row& check) {
    FRESHET_NEED_FIXTURES(folder);
    const auto root = parse_deep(read_file(folder / "original" / "rules" / (table + ".json")));
    const json::array& cases = root.at("cases").as_array();
    ASSERT_FALSE(cases.empty());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const std::string name = "rules/" + table + "/" + std::to_string(i);
      SCOPED_TRACE(name + " " + json::serialize(cases[i].at("in")));
      check(name, cases[i].at("in").as_object(), cases[i].as_object());
    }
    differences.check("rules/" + table + "/");
  }

  // `aborted` as a value: the original's batch ended here, our record is rejected.
  static json::value expected_or_abort(const json::object& row) {
    return row.contains("error") ? json::value("aborted") : member(row, "out");
  }

  Differences differences;
};

// A text column, from the same parts as the fields of a work.
json::value text_column(const json::value& value, std::size_t limit, bool cut) {
  json::object work = plain_sighting();
  work["meta_data"] = {{"x", value}};
  const Outcome outcome = clean_json(work);
  EXPECT_EQ(outcome.result, "written") << outcome.why;
  const json::value kept = outcome.work.at("meta_data").at("x");
  if (!kept.is_string()) {
    return kNull;
  }
  const std::string_view text = kept.get_string();
  if (clean::fits(text, limit)) {
    return kept;
  }
  return cut ? json::value(clean::cut_to_fit(text, limit)) : kNull;
}

TEST_F(Rules, StringColumn) {
  each_row("string_column", [&](const auto& name, const auto& in, const auto& row) {
    const bool cut = in.at("truncate").as_bool();
    const json::value ours =
        text_column(in.at("value"), in.at("size").template to_number<std::size_t>(), cut);
    json::value expected = row.at("out");
    if (expected.is_string()) {
      expected = halve_backslashes(expected.get_string());
    }
    const bool end_only = cut && expected.is_string() && ours.is_string() &&
                          trim_space(expected.get_string()) == ours.get_string();
    differences.compare(name, end_only ? "end" : "text", expected, ours);
  });
}

TEST_F(Rules, UrlColumn) {
  each_row("url_column", [&](const auto& name, const auto& in, const auto& row) {
    const json::value& value = in.at("value");
    const bool kept = value.is_string() &&
                      clean::judge_characters(value.get_string(), 30) == clean::UrlFault::none;
    differences.compare(name, "url", row.at("out"), kept ? value : kNull);
  });
}

TEST_F(Rules, IntegerColumn) {
  each_row("integer_column", [&](const auto& name, const auto& in, const auto& row) {
    json::object work = plain_sighting();
    work["width"] = in.at("value");
    const Outcome outcome = clean_json(work);
    json::value ours = "aborted";
    if (outcome.result == "written") {
      const json::value width = member(outcome.work, "width");
      ours = width.is_null() ? kNull : json::value(json::serialize(width));
    }
    differences.compare(name, "integer", expected_or_abort(row), ours);
  });
}

TEST_F(Rules, BooleanColumn) {
  each_row("boolean_column", [&](const auto& name, const auto& in, const auto& row) {
    json::object work = plain_sighting();
    work["watermarked"] = in.at("value");
    const Outcome outcome = clean_json(work);
    ASSERT_EQ(outcome.result, "written") << outcome.why;
    const bool ours = outcome.work.at("watermarked").as_bool();
    differences.compare(name, "boolean", row.at("out"), ours ? "t" : "f");
  });
}

// What the file's JSON was meant to say: leaves with every backslash once.
json::value meant(const json::value& value) {
  if (const auto* const text = value.if_string()) {
    return json::value(halve_backslashes(*text));
  }
  if (const auto* const list = value.if_array()) {
    json::array out;
    for (const json::value& item : *list) {
      out.push_back(meant(item));
    }
    return out;
  }
  if (const auto* const object = value.if_object()) {
    json::object out;
    for (const auto& [name, item] : *object) {
      out[name] = meant(item);
    }
    return out;
  }
  return value;
}

json::value json_column(const json::value& value) {
  json::object work = plain_sighting();
  work["meta_data"] = value.is_object() ? value : json::value(json::object{{"x", value}});
  const Outcome outcome = clean_json(work);
  EXPECT_EQ(outcome.result, "written") << outcome.why;
  json::object kept = outcome.work.at("meta_data").as_object();
  kept.erase("license_url");
  kept.erase("raw_license_url");
  if (!value.is_object()) {
    return kept.at("x");
  }
  return kept.empty() ? kNull : json::value(kept);
}

TEST_F(Rules, JsonColumn) {
  each_row("json_column", [&](const auto& name, const auto& in, const auto& row) {
    const json::value ours = json_column(in.at("value"));
    const json::value& out = row.at("out");
    if (row.contains("db") || !out.is_string()) {
      differences.compare(name, "stored", out.is_null() ? kNull : row.at("db"), ours);
    }
    if (out.is_string()) {
      differences.compare(name, "meant", meant(parse_deep(out.get_string())), ours);
    }
  });
}

// The elements of `{"a", null}` as it stands in a file; `{a}` is a single text.
json::value array_literal(std::string_view text) {
  const std::string_view inner = text.substr(1, text.size() - 2);
  boost::system::error_code error;
  const json::value list = json::parse("[" + std::string{inner} + "]", error);
  const bool is_list = !error && (inner.starts_with('"') || inner.starts_with("null"));
  return is_list ? meant(list) : json::array{json::value(inner)};
}

TEST_F(Rules, ArrayColumn) {
  each_row("array_column", [&](const auto& name, const auto& in, const auto& row) {
    if (in.at("base") != "string80") {
      differences.note(name, "base", "lists of integers do not exist here");
      return;
    }
    json::object work = plain_sighting("audio");
    work["genres"] = in.at("value");
    const json::value& out = row.at("out");
    differences.compare(name, "genres", out.is_null() ? kNull : array_literal(out.as_string()),
                        member(clean_json(work).work, "genres"));
  });
}

TEST_F(Rules, ValidateInteger) {
  each_row("validate_integer", [&](const auto& name, const auto& in, const auto& row) {
    json::object work = plain_sighting();
    work["filesize"] = in.at("value");
    const Outcome outcome = clean_json(work);
    const json::value ours =
        outcome.result == "written" ? member(outcome.work, "filesize") : json::value("aborted");
    json::value expected = expected_or_abort(row);
    if (expected.is_double()) {
      expected = static_cast<std::int64_t>(expected.get_double());  // the column cuts it later
    }
    differences.compare(name, "filesize", expected, ours);
  });
}

TEST_F(Rules, TagDeniedCatalog) {
  each_row("tag_denied_catalog", [&](const auto& name, const auto& in, const auto& row) {
    differences.compare(name, "denied", row.at("out"),
                        clean::is_denied_tag(in.at("tag").as_string()));
  });
}

TEST_F(Rules, EnrichTags) {
  each_row("enrich_tags", [&](const auto& name, const auto& in, const auto& row) {
    json::object work = plain_sighting();
    work["tags"] = in.at("raw_tags");
    const json::value ours = member(clean_json(work).work, "tags");
    json::value expected = expected_or_abort(row);
    if (expected.is_array()) {
      expected = json_column(expected);  // the column cleans the names
    }
    const bool same = in_order(expected) == in_order(ours);
    differences.compare(name,
                        row.contains("error") ? "aborted"
                        : same                ? "order"
                                              : "tags",
                        expected, ours);
  });
}

TEST_F(Rules, EnrichMetaData) {
  each_row("enrich_meta_data", [&](const auto& name, const auto& in, const auto& row) {
    json::object work = plain_sighting();
    work["meta_data"] = in.at("meta_data");
    work.erase("license_url");
    if (in.at("raw_license_url").is_null()) {
      work["license"] = "by";
      work["license_version"] = "4.0";
    } else {
      work["license_url"] = in.at("raw_license_url");
    }
    const Outcome outcome = clean_json(work);
    differences.compare(name, "result", "written", json::value(outcome.result));
    json::object wanted = row.at("out").as_object();
    for (auto& [key, value] : wanted) {
      if (value.is_int64()) {
        value = std::to_string(value.get_int64());  // leaves are texts once they are stored
      } else if (value.is_object()) {
        for (auto& [inner_key, inner] : value.get_object()) {
          inner = json::serialize(inner);
        }
      }
    }
    differences.compare(name, "meta_data", wanted, member(outcome.work, "meta_data"));
  });
}

TEST_F(Rules, ExtractFiletype) {
  each_row("extract_filetype", [&](const auto& name, const auto& in, const auto& row) {
    const auto guessed = clean::guess_filetype(in.at("url").as_string());
    const bool same_medium =
        guessed && to_string(guessed->media_type) == in.at("media_type").as_string();
    differences.compare(name, "filetype", row.at("out"),
                        text_or_null(same_medium ? &guessed->name : nullptr));
  });
}

TEST_F(Rules, ValidateFiletype) {
  each_row("validate_filetype", [&](const auto& name, const auto& in, const auto& row) {
    json::object work = plain_sighting(in.at("media_type").as_string());
    work["filetype"] = in.at("filetype");
    work["url"] = in.at("url");
    const Outcome outcome = clean_json(work);
    const json::value ours =
        outcome.result == "written" ? member(outcome.work, "filetype") : json::value("aborted");
    differences.compare(name, in.at("url").is_null() ? "no_url" : "filetype",
                        expected_or_abort(row), ours);
  });
}

TEST_F(Rules, DefaultCategory) {
  each_row("default_category", [&](const auto& name, const auto& in, const auto& row) {
    const std::string_view ours = clean::default_category(in.at("provider").as_string());
    differences.compare(name, "category", row.at("out"),
                        text_or_null(ours.empty() ? nullptr : &ours));
  });
}

TEST_F(Rules, ValidateUrlString) {
  each_row("validate_url_string", [&](const auto& name, const auto& in, const auto& row) {
    std::string url;
    auto fault = clean::UrlFault::host;
    if (const auto* const text = in.at("url").if_string()) {
      const bool strip = in.at("strip_slash").as_bool();
      CleanRules rules;
      if (!in.at("tls").as_bool()) {
        rules.http_only_hosts.emplace_back(clean::host_of(clean::without_scheme(*text, strip)));
        std::string& host = rules.http_only_hosts.front();
        std::transform(host.begin(), host.end(), host.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      }
      fault = clean::UrlCleaner{rules}.set_scheme(*text, strip, url);
    }
    differences.compare(name, "url", row.at("out"),
                        fault == clean::UrlFault::none ? json::value(url) : kNull);
  });
}

TEST_F(Rules, AddUrlScheme) {
  each_row("add_url_scheme", [&](const auto& name, const auto& in, const auto& row) {
    const std::string ours = std::string{in.at("scheme").as_string()} + "://" +
                             std::string{clean::without_scheme(in.at("url").as_string(),
                                                               in.at("strip_slash").as_bool())};
    differences.compare(name, "url", row.at("out"), json::value(ours));
  });
}

// A sighting's licence, after clean: slug, version and URLs, all null when it is dropped.
json::object license_of(const json::object& in) {
  json::object work = plain_sighting();
  work.erase("license_url");
  for (const auto& [from, to] :
       {std::pair{"license_url", "license_url"}, std::pair{"license", "license"},
        std::pair{"version", "license_version"}}) {
    if (!in.at(from).is_null()) {
      work[to] = in.at(from);
    }
  }
  const Outcome outcome = clean_json(work);
  json::object ours{{"license", nullptr}, {"version", nullptr}, {"url", nullptr}};
  if (outcome.result == "written") {
    ours["license"] = outcome.work.at("license");
    ours["version"] = outcome.work.at("license_version");
    ours["url"] = outcome.work.at("meta_data").at("license_url");
  }
  return ours;
}

TEST_F(Rules, LicenseInfo) {
  for (const std::string table : {"license_info_from_url", "license_info_from_pair"}) {
    each_row(table, [&](const auto& name, const auto& in, const auto& row) {
      const bool redirected = !in.at("redirects").as_object().empty();
      json::value expected = expected_or_abort(row);
      if (auto* const info = expected.if_object()) {
        info->erase("raw_url");
      }
      differences.compare(name, redirected ? "redirected" : "license", expected, license_of(in));
    });
  }
}

TEST_F(Rules, StoreLicenseGate) {
  each_row("store_license_gate", [&](const auto& name, const auto& in, const auto& row) {
    std::string canonical;
    const auto* const url = in.at("info").at("url").if_string();
    const bool ours = url != nullptr && clean::license_of_url(*url, canonical).has_value();
    differences.compare(name, "accepted", expected_or_abort(row), json::value(ours));
  });
}

TEST_F(Rules, LicenseMaps) {
  FRESHET_NEED_FIXTURES(folder);
  const auto maps = json::parse(read_file(folder / "original" / "rules" / "_license_maps.json"));
  const std::string site = "https://creativecommons.org/";
  for (const json::value& entry : maps.at("path_map").as_array()) {
    const std::string path{entry.at(0).as_string()};
    std::string canonical;
    const auto license = clean::license_of_url(site + path, canonical);
    ASSERT_TRUE(license) << path;
    differences.compare("rules/_license_maps/" + path, "terms", entry.at(1),
                        json::array{license->terms.slug, license->terms.version});
  }
  for (const json::value& entry : maps.at("reverse_map").as_array()) {
    const std::string_view slug = entry.at(0).at(0).as_string();
    const std::string_view version = entry.at(0).at(1).as_string();
    const auto license = clean::license_of_pair(slug, version);
    ASSERT_TRUE(license) << slug << version;
    differences.compare("rules/_license_maps/" + std::string{slug} + " " + std::string{version},
                        "url", json::value(site + std::string{entry.at(1).as_string()} + "/"),
                        json::value(license->url));
    EXPECT_EQ(license->terms.version, version);
  }
  differences.check("rules/_license_maps/");
}

}  // namespace
}  // namespace freshet::test
