// The record contract (core/record/fields.hpp) against what the stores take: the tables, the
// mappings of the indexes, and the schema that subscribers read.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/record/fields.hpp"
#include "core/resources.hpp"
#include "core/utf8.hpp"
#include "sinks/store_record.hpp"
#include "sinks/targets/bulk.hpp"
#include "tests/support/catalog_records.hpp"
#include "tests/support/field_values.hpp"
#include "tests/support/table_columns.hpp"

namespace freshet {
namespace {

using test::table_columns;
using testing::MadeRecord;
using testing::make_audio;
using testing::make_image;

// Lucene's limit of one term; a keyword with `ignore_above` is not indexed beyond that instead.
constexpr std::size_t kTermBytes = 32'766;

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

MadeRecord make(MediaType media_type) {
  return media_type == MediaType::image ? make_image("1") : make_audio("1");
}

// What has no limit, or one that only our own values can meet.
const std::set<std::string> kUnlimited{"uuid",  "uuid[]",  "timestamptz", "text",      "text[]",
                                       "jsonb", "boolean", "double",      "integer[]", "bigint"};

TEST(RecordLimits, FitIntoTheColumnsOfTheTables) {
  for (const char* const table : {"image", "audio", "decision"}) {
    const auto found = table_columns(table);
    ASSERT_GT(found.size(), 5U) << table;
    for (const auto& [column, type] : found) {
      SCOPED_TRACE(std::string{table} + "." + column + " " + type);
      if (type.starts_with("varchar(")) {
        const FieldSpec* const spec = find_field_spec(column + (type.ends_with("[]") ? "[]" : ""));
        ASSERT_NE(spec, nullptr) << "a column with a limit that the contract does not know";
        EXPECT_TRUE(spec->is_text());
        EXPECT_GT(spec->max_code_points, 0U);
        EXPECT_LE(spec->max_code_points, std::stoul(type.substr(8)));
      } else if (type == "integer") {
        const FieldSpec* const spec = find_field_spec(column);
        ASSERT_NE(spec, nullptr) << "a column with a range that the contract does not know";
        EXPECT_EQ(spec->kind, FieldKind::integer);
        EXPECT_GE(spec->least, std::numeric_limits<std::int32_t>::min());
        EXPECT_LE(spec->greatest, std::numeric_limits<std::int32_t>::max());
      } else {
        EXPECT_TRUE(kUnlimited.contains(type)) << "a type whose limits nobody looked at";
      }
    }
  }
}

TEST(RecordLimits, EveryFieldHasAColumn) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    const auto found = table_columns(std::string{to_string(media_type)});
    for (const FieldSpec& spec : kFieldSpecs) {
      if (spec.is_of(media_type) && spec.name != "media_type" &&
          spec.name.find_first_of(".[") == std::string_view::npos) {
        EXPECT_TRUE(found.contains(std::string{spec.name})) << spec.name;
      }
    }
  }
}

// `select *` is read when a view is made: what is added later is not in it.
TEST(RecordLimits, TheLiveViewsHaveTheColumnsOfTheirTables) {
  const std::string sql = test::all_migrations();
  for (const std::string table : {"image", "audio"}) {
    const std::size_t added = sql.rfind("alter table " + table + " add column");
    const std::size_t viewed =
        sql.rfind(" view " + table + "_live as select * from " + table + " ");
    ASSERT_NE(viewed, std::string::npos) << table;
    EXPECT_TRUE(added == std::string::npos || added < viewed)
        << "create or replace view " << table << "_live behind the new column";
  }
}

// The schema of the topic says the same as the table.
void compare_with_schema(const FieldSpec& spec, const json::object& schema) {
  SCOPED_TRACE(spec.name);
  const auto number = [&](const char* name) -> std::optional<std::int64_t> {
    const json::value* const value = schema.if_contains(name);
    return value == nullptr ? std::nullopt : std::optional{value->to_number<std::int64_t>()};
  };
  if (spec.kind == FieldKind::integer || spec.kind == FieldKind::fraction) {
    EXPECT_EQ(number("minimum"), spec.least);
    EXPECT_EQ(number("maximum"), spec.greatest);
  } else if (spec.kind == FieldKind::list) {
    EXPECT_EQ(number("maxItems"), static_cast<std::int64_t>(spec.max_elements));
  } else if (spec.is_text() && spec.name != "media_type") {
    EXPECT_EQ(number("maxLength"), static_cast<std::int64_t>(spec.max_code_points));
  }
}

TEST(RecordLimits, AreThoseOfTheTopicsSchema) {
  const auto schema = parse_json(resource("records/catalog.schema.json")).value();
  const json::object& members = value_at(schema, "/properties/work/properties").as_object();
  std::set<std::string_view> seen;
  for (const FieldSpec& spec : kFieldSpecs) {
    if (spec.name.find_first_of(".[") == std::string_view::npos) {
      ASSERT_TRUE(members.contains(spec.name)) << spec.name;
      compare_with_schema(spec, members.at(spec.name).as_object());
      seen.insert(spec.name);
    }
  }
  for (const auto& [name, value] : members) {
    EXPECT_TRUE(seen.contains(name)) << name << " is not in the record contract";
  }
  for (const char* const name : {"name", "provider", "accuracy"}) {
    const std::string place = std::string{"/tags/items/properties/"} + name;
    compare_with_schema(*find_member_spec("tags", name),
                        value_at(json::value(members), place).as_object());
  }
  compare_with_schema(field_named("genres[]"), members.at("genres").at("items").as_object());
}

// What documents have besides the fields that the contract calls indexed.
const std::set<std::string> kMadeForSearch{"identifier",
                                           "status",
                                           "revision",
                                           "created_on",
                                           "updated_on",
                                           "mature",
                                           "sensitivity",
                                           "description",
                                           "tags",
                                           "extension",
                                           "aspect_ratio",
                                           "size",
                                           "length",
                                           "standardized_popularity",
                                           "authority_boost",
                                           "max_boost",
                                           "min_boost",
                                           "authority_penalty"};

TEST(RecordLimits, MappingsHaveTheFieldsThatAreIndexed) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    const std::string name{to_string(media_type)};
    const auto mapping = parse_json(resource("elasticsearch/" + name + ".json")).value();
    std::set<std::string> unknown;
    for (const auto& [property, value] : value_at(mapping, "/mappings/properties").as_object()) {
      unknown.insert(std::string{std::string_view{property}});
    }
    for (const std::string& own : kMadeForSearch) {
      unknown.erase(own);
    }
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      const FieldSpec& spec = kFieldSpecs[i];
      if (spec.is_of(media_type) &&
          (spec.indexed == Indexed::as_is || spec.indexed == Indexed::lower_case)) {
        EXPECT_EQ(unknown.erase(std::string{spec.name}), 1U) << name << " has no " << spec.name;
      }
    }
    for (const std::string& property : unknown) {
      ADD_FAILURE() << name << " has " << property << ", which no field of the contract gives it";
    }
  }
}

// Every keyword of a mapping that refuses a document for its length: paths into the document.
void find_keywords(const json::object& properties, const std::string& prefix,
                   std::vector<std::string>& found) {
  for (const auto& [name, value] : properties) {
    const json::object& field = value.as_object();
    const std::string path = prefix + std::string{std::string_view{name}};
    if (const json::value* const inner = field.if_contains("properties")) {
      find_keywords(inner->as_object(), path + "/", found);
    }
    const auto add = [&](const json::object& one) {
      const json::value* const type = one.if_contains("type");
      if (type != nullptr && *type == "keyword" && !one.contains("ignore_above")) {
        found.push_back(path);
      }
    };
    add(field);
    if (const json::value* const fields = field.if_contains("fields")) {
      for (const auto& [sub, of_sub] : fields->as_object()) {
        add(of_sub.as_object());
      }
    }
  }
}

std::vector<std::string> keywords(MediaType media_type) {
  const auto mapping =
      parse_json(resource("elasticsearch/" + std::string{to_string(media_type)} + ".json")).value();
  std::vector<std::string> found;
  find_keywords(mapping.at("mappings").at("properties").as_object(), "", found);
  return found;
}

void collect_texts(const json::value& value, std::string_view path, std::vector<std::string>& out) {
  if (value.is_array()) {
    for (const json::value& element : value.get_array()) {
      collect_texts(element, path, out);
    }
  } else if (path.empty()) {
    if (value.is_string()) {
      out.emplace_back(value.get_string());
    }
  } else if (value.is_object()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const json::value* const member = value.get_object().if_contains(path.substr(0, slash));
    if (member != nullptr) {
      collect_texts(*member, path.substr(std::min(slash + 1, path.size())), out);
    }
  }
}

struct Encoded {
  std::optional<Error> refused;
  json::value document;
  std::size_t left_out = 0;
};

Encoded encode(const MadeRecord& made) {
  static CatalogDecoder decoder;
  const std::string value = made.text();
  const auto record = decoder.decode({made.key, value, schema_header::kCatalog, {}, {}});
  if (!record) {
    return {record.error(), nullptr, 0};
  }
  std::string lines;
  append_bulk_item(lines, **record, "");
  return {std::nullopt, parse_json(lines.substr(lines.find('\n') + 1)).value(),
          (*record)->left_out.size()};
}

// Puts a value where a name of the table says: `alt_files.filetype`, `genres[]`, `tags.name`.
void put(MadeRecord& made, std::string_view name, const json::value& value) {
  const std::size_t dot = name.find('.');
  const std::string_view top = name.substr(0, std::min(dot, name.find('[')));
  json::object& work = made.work();
  if (name.ends_with("[]")) {
    work[top] = json::array{value};
  } else if (dot == std::string_view::npos) {
    work[top] = value;
  } else if (find_field_spec(top)->kind == FieldKind::list) {
    json::object element{{name.substr(dot + 1), value}};
    if (top == "tags") {
      element.emplace("name", "x");
    }
    work[top] = json::array{element};
  } else {
    work[top] = json::object{{name.substr(dot + 1), value}};
  }
}

TEST(RecordLimits, NoTextMakesADocumentThatTheIndexRefuses) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    const auto paths = keywords(media_type);
    ASSERT_GT(paths.size(), 8U);
    for (const std::string_view text : {"x", "\xF0\x9F\xA6\x89"}) {
      for (const FieldSpec& spec : kFieldSpecs) {
        if (!spec.is_text()) {
          continue;
        }
        // Just what the contract lets pass, and far more than that.
        for (const std::size_t length : {spec.max_code_points, std::size_t{40'000}}) {
          MadeRecord made = make(media_type);
          std::string value = repeat(text, length);
          if (spec.name == "url" && length == spec.max_code_points) {
            value = "." + repeat(text, length - 1);  // all of it is the extension
          }
          put(made, spec.name, json::value(value));
          SCOPED_TRACE(std::string{spec.name} + " " + std::to_string(length));
          const Encoded encoded = encode(made);
          if (encoded.refused) {
            EXPECT_GT(length, spec.max_code_points) << encoded.refused->message();
            EXPECT_EQ(encoded.refused->rule(),
                      "max_length_" + std::to_string(spec.max_code_points));
            continue;
          }
          for (const std::string& path : paths) {
            std::vector<std::string> terms;
            collect_texts(encoded.document, path, terms);
            for (const std::string& term : terms) {
              EXPECT_LE(term.size(), kTermBytes) << path;
            }
          }
        }
      }
    }
  }
}

TEST(RecordLimits, NoWordOfOursMakesADocumentThatTheIndexRefuses) {
  MadeRecord made = make_image("1");
  made.derived()["sensitivity"] = json::array{repeat("x", 81)};
  EXPECT_EQ(encode(made).refused->rule(), "max_length_80");
  made.derived()["sensitivity"] = json::array{};
  for (int i = 0; i < 11; ++i) {
    made.derived().at("sensitivity").as_array().emplace_back("x");
  }
  EXPECT_EQ(encode(made).refused->rule(), "max_elements_10");
}

// The file of the report: row and document, both with the work and neither with the file type.
TEST(RecordLimits, ALongFiletypeOfAnotherFileIsInNeitherStore) {
  MadeRecord made = make_audio("1");
  made.work()["alt_files"] =
      json::array{json::object{{"url", "https://a.com/1"}, {"filetype", repeat("x", 40'000)}},
                  json::object{{"url", "https://a.com/2"}, {"filetype", "flac"}}};
  const Encoded encoded = encode(made);
  ASSERT_FALSE(encoded.refused) << encoded.refused->message();
  EXPECT_EQ(encoded.left_out, 1U);
  EXPECT_EQ(encoded.document.at("extension"), (json::array{"flac"}));
}

TEST(RecordLimits, WhatTheIndexHighlightsStaysFarFromItsLimit) {
  // A search fails where a field that it highlights has more than 1,000,000 UTF-16 units.
  MadeRecord made = make_image("1");
  json::array tags;
  for (std::size_t i = 0; i < field_named("tags").max_elements; ++i) {
    tags.push_back(json::object{{"name", repeat("x", field_named("tags.name").max_code_points)}});
  }
  made.work()["tags"] = tags;
  json::array descriptions;
  for (int i = 0; i < 520; ++i) {
    descriptions.emplace_back(repeat("y", 2'500));
  }
  made.work()["meta_data"] = json::object{{"description", descriptions}};
  const Encoded encoded = encode(made);
  ASSERT_FALSE(encoded.refused) << encoded.refused->message();
  for (const char* const path : {"description", "tags/name", "title"}) {
    std::vector<std::string> texts;
    collect_texts(encoded.document, path, texts);
    std::size_t size = 0;
    for (const std::string& text : texts) {
      size += text.size() + 1;
    }
    EXPECT_GT(size, 0U) << path;
    EXPECT_LT(size, 500'000U) << path;
  }
  tags.push_back(json::object{{"name", "one too many"}});
  made.work()["tags"] = tags;
  const Encoded longer = encode(made);
  ASSERT_FALSE(longer.refused) << longer.refused->message();
  EXPECT_EQ(longer.document.at("tags"), encoded.document.at("tags"));
}

class ListLimit : public ::testing::TestWithParam<const char*> {};

// Works of earlier rules have longer lists: they are no dead letters, and both stores show the same
// of them.
TEST_P(ListLimit, LeavesOutWhatIsBehindIt) {
  const FieldSpec& spec = *find_field_spec(GetParam());
  json::array list;
  const auto add = [&](std::string_view text) {
    list.push_back(spec.name == "genres"
                       ? json::value(text)
                       : json::value(json::object{{"name", text}, {"filetype", text}}));
  };
  while (list.size() < spec.max_elements) {
    add("x" + std::to_string(list.size()));
  }
  MadeRecord made = make_audio("1");
  made.work()[spec.name] = list;
  const json::array kept = list;
  const Encoded full = encode(made);
  ASSERT_FALSE(full.refused) << full.refused->message();
  EXPECT_EQ(full.left_out, 0U);
  add("behind, [ ]");
  add("behind");
  made.work()[spec.name] = list;

  const Encoded encoded = encode(made);
  ASSERT_FALSE(encoded.refused) << encoded.refused->message();
  EXPECT_EQ(encoded.left_out, 2U);
  EXPECT_EQ(encoded.document, full.document);

  CatalogDecoder decoder;
  const std::string value = made.text();
  const auto record = decoder.decode({made.key, value, schema_header::kCatalog, {}, {}});
  ASSERT_TRUE(record);
  const StoreRecord& r = **record;
  EXPECT_EQ(r.left_out, (std::vector<LeftOut>(2, {spec.name, "max_elements"})));
  if (spec.name == "tags") {
    EXPECT_EQ(r.hidden_tags, (std::vector<std::int32_t>{1000, 1001}));
    EXPECT_EQ(parse_json(r.tags_json).value(), json::value(list)) << "hidden, not lost";
  } else if (spec.name == "genres") {
    EXPECT_EQ(r.genres.size(), kept.size());
  } else {
    EXPECT_EQ(parse_json(r.alt_files).value(), json::value(kept));
  }

  // What is left out is looked at all the same: PostgreSQL may be given it.
  list.push_back(json::object{{"a", std::string_view{"\0", 1}}});
  made.work()[spec.name] = list;
  const Encoded broken = encode(made);
  ASSERT_TRUE(broken.refused);
  EXPECT_EQ(broken.refused->rule(), "nul");
}
INSTANTIATE_TEST_SUITE_P(All, ListLimit, ::testing::Values("tags", "genres", "alt_files"));

// Of a work that many providers of tags had a hand in, by earlier rules.
TEST(RecordLimits, OwnAndForeignTagsTogetherDoNotMakeADeadLetter) {
  MadeRecord made = make_image("1");
  json::array tags;
  for (int i = 0; i < 1'100; ++i) {
    tags.push_back(
        json::object{{"name", std::to_string(i)}, {"provider", i < 600 ? "met" : "rekognition"}});
  }
  made.work()["tags"] = tags;
  const Encoded encoded = encode(made);
  ASSERT_FALSE(encoded.refused) << encoded.refused->message();
  EXPECT_EQ(encoded.left_out, 100U);
  EXPECT_EQ(encoded.document.at("tags").as_array().size(), 1'000U);
}

// A field of the contract is in the document if it is called indexed; copy_rows_test: in the row.
TEST(RecordLimits, EveryIndexedFieldIsInTheDocument) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    MadeRecord made = make(media_type);
    const json::object work = test::every_field(media_type);
    for (const auto& [name, value] : work) {
      if (!find_field_spec(name)->is_key) {
        made.work()[name] = value;
      }
    }
    const Encoded encoded = encode(made);
    ASSERT_FALSE(encoded.refused) << encoded.refused->message();
    EXPECT_EQ(encoded.left_out, 0U);
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      const FieldSpec& spec = kFieldSpecs[i];
      const json::value* const found = encoded.document.as_object().if_contains(spec.name);
      if (spec.indexed == Indexed::no || !spec.is_of(media_type)) {
        EXPECT_EQ(found, nullptr) << spec.name;
      } else {
        ASSERT_NE(found, nullptr) << spec.name;
        EXPECT_EQ(*found, made.work().at(spec.name)) << spec.name;
      }
    }
  }
}

}  // namespace
}  // namespace freshet
