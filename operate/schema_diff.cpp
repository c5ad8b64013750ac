// In which ways an index differs from one that would be made now.
#include <spdlog/fmt/fmt.h>

#include <array>
#include <iostream>
#include <map>

#include "core/check.hpp"
#include "core/http/elasticsearch.hpp"
#include "core/output.hpp"
#include "core/resources.hpp"
#include "operate/cluster.hpp"
#include "operate/schema.hpp"
#include "operate/table.hpp"

namespace freshet::schema {
namespace {

constexpr std::array<std::string_view, 2> kMediaTypes{"image", "audio"};

using Leaves = std::map<std::string, std::string>;

// Elasticsearch gives settings back as texts, whatever they were: 1 and "1" are the same.
std::string text_of(const json::value& value) {
  return value.is_string() ? std::string{value.as_string()} : to_json(value);
}

void collect(const json::value& value, const std::string& path, Leaves& leaves) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.as_object()) {
      collect(member, path + "." + std::string{name}, leaves);
    }
  } else if (value.is_array()) {
    std::string text;
    for (const json::value& one : value.as_array()) {
      text += (text.empty() ? "" : ", ") + text_of(one);
    }
    leaves[path] = text;
  } else if (!value.is_null()) {
    leaves[path] = text_of(value);
  }
}

Leaves leaves_of(const json::value& index) {
  Leaves leaves;
  collect(value_at(index, "/mappings/properties"), "mappings", leaves);
  collect(value_at(index, "/mappings/dynamic"), "mappings.dynamic", leaves);
  // As it is shipped, and as Elasticsearch gives it back.
  collect(value_at(index, "/settings/analysis"), "analysis", leaves);
  collect(value_at(index, "/settings/index/analysis"), "analysis", leaves);
  return leaves;
}

struct IndexDifference {
  std::string index;
  MappingDifference what;
};

}  // namespace

std::vector<MappingDifference> compare_mapping(std::string_view media_type,
                                               const json::value& index) {
  const auto shipped = parse_json(resource(fmt::format("elasticsearch/{}.json", media_type)));
  FRESHET_CHECK(shipped.has_value());
  const Leaves wanted = leaves_of(*shipped);
  const Leaves found = leaves_of(index);
  std::vector<MappingDifference> differences;
  for (const auto& [path, value] : wanted) {
    const auto there = found.find(path);
    if (there == found.end() || there->second != value) {
      differences.push_back({path, value, there == found.end() ? "" : there->second});
    }
  }
  for (const auto& [path, value] : found) {
    if (!wanted.contains(path)) {
      differences.push_back({path, "", value});
    }
  }
  return differences;
}

int run_schema_diff(const Context& context, bool as_json) {
  const Config::Elasticsearch& settings = context.config.elasticsearch;
  http::CurlClient client{http::elasticsearch_options(context.config, context.stop)};
  Cluster cluster{client, settings.url};
  json::array list;
  Table table{{{"INDEX"}, {"WHAT"}, {"WANTED"}, {"FOUND"}}};
  std::size_t indexes = 0;
  for (const std::string_view media_type : kMediaTypes) {
    const std::string alias = fmt::format("{}{}-write", settings.index_prefix, media_type);
    for (const std::string& name : cluster.behind(alias)) {
      const auto index = cluster.get("/" + name);
      const auto differences = index ? compare_mapping(media_type, value_at(*index, "/" + name))
                                     : std::vector<MappingDifference>{};
      indexes += differences.empty() ? 0 : 1;
      for (const MappingDifference& one : differences) {
        table.add({name, one.path, one.wanted.empty() ? "(nothing)" : one.wanted,
                   one.found.empty() ? "(nothing)" : one.found});
        list.push_back(json::object{
            {"index", name}, {"what", one.path}, {"wanted", one.wanted}, {"found", one.found}});
      }
    }
  }
  print_result(as_json ? to_json(list) + "\n" : table.empty() ? "" : table.text());
  if (indexes == 0) {
    return ExitCode::done;
  }
  std::cerr << fmt::format(
      "schema: a rebuild is due: {} index{} made from another mapping; `freshet rebuild "
      "elasticsearch` fills new ones beside them\n",
      indexes, indexes == 1 ? " was" : "es were");
  return ExitCode::refused;
}

}  // namespace freshet::schema
