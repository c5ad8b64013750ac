#include <fmt/format.h>

#include <array>

#include "core/check.hpp"
#include "core/record/status.hpp"
#include "core/resources.hpp"
#include "operate/cluster.hpp"
#include "operate/schema.hpp"

namespace freshet::schema {
namespace {

constexpr std::array<std::string_view, 2> kMediaTypes{"image", "audio"};
// Above the templates that Elasticsearch brings along, which stay at 100 or below.
constexpr int kPriority = 200;
constexpr std::string_view kChecksum = "freshet_schema";

std::string resource_path(std::string_view media_type) {
  return fmt::format("elasticsearch/{}.json", media_type);
}

std::string shipped_checksum(std::string_view media_type) {
  return checksum_of(resource(resource_path(media_type)));
}

struct Names {
  Names(std::string_view media_type, const IndexOptions& options)
      : alias{fmt::format("{}{}", options.index_prefix, media_type)},
        write_alias{alias + "-write"},
        index{alias + "-" + options.suffix},
        index_template{fmt::format("{}freshet-{}", options.index_prefix, media_type)} {}
  std::string alias;
  std::string write_alias;
  std::string index;
  std::string index_template;
};

std::string_view checksum_in(const json::value& holder) {
  return text_at(holder, fmt::format("/_meta/{}", kChecksum)).value_or("");
}

void refuse_index_named(Cluster& cluster, const std::string& alias) {
  const auto found = cluster.get("/" + alias);
  if (found && found->as_object().contains(alias)) {
    throw RefusedError{fmt::format(
        "there is an index named {}, where the alias of that name belongs: remove it", alias)};
  }
}

Entry template_entry(Cluster& cluster, std::string_view media_type, const Names& names) {
  Entry entry{"elasticsearch", "template", names.index_template, State::pending, ""};
  if (const auto found = cluster.get("/_index_template/" + names.index_template)) {
    const auto& content = value_at(*found, "/index_templates/0/index_template");
    const bool is_same = checksum_in(content) == shipped_checksum(media_type);
    entry.state = is_same ? State::applied : State::differs;
    entry.detail = is_same ? "" : "of another version; `schema apply` renews it";
  }
  return entry;
}

Entry index_entry(Cluster& cluster, std::string_view media_type, const std::string& index) {
  Entry entry{"elasticsearch", "index", index, State::pending, ""};
  if (const auto found = cluster.get("/" + index + "/_mapping")) {
    const auto& mappings = found->as_object().begin()->value().at("mappings");
    const bool is_same = checksum_in(mappings) == shipped_checksum(media_type);
    entry.state = is_same ? State::applied : State::differs;
    entry.detail =
        is_same
            ? ""
            : "made from another mapping: `schema diff` says what differs, `rebuild elasticsearch` "
              "makes it anew";
  }
  return entry;
}

Entry alias_entry(const std::string& alias, const std::vector<std::string>& indexes) {
  Entry entry{"elasticsearch", "alias", alias, State::pending, ""};
  if (indexes.size() == 1) {
    entry.state = State::applied;
    entry.detail = "-> " + indexes.front();
  } else if (!indexes.empty()) {
    entry.state = State::differs;
    entry.detail = fmt::format("points to {} indexes", indexes.size());
  }
  return entry;
}

void report(Cluster& cluster, std::string_view media_type, const IndexOptions& options,
            std::vector<Entry>& entries) {
  const Names names{media_type, options};
  entries.push_back(template_entry(cluster, media_type, names));
  const auto writes = cluster.behind(names.write_alias);
  const auto reads = cluster.behind(names.alias);
  if (writes.empty()) {
    entries.push_back({"elasticsearch", "index", names.alias + "-*", State::pending, ""});
  }
  for (const std::string& index : writes) {
    entries.push_back(index_entry(cluster, media_type, index));
  }
  entries.push_back(alias_entry(names.alias, reads));
  entries.push_back(alias_entry(names.write_alias, writes));
}

void apply(Cluster& cluster, std::string_view media_type, const IndexOptions& options) {
  const Names names{media_type, options};
  refuse_index_named(cluster, names.alias);
  refuse_index_named(cluster, names.write_alias);
  const json::value body = index_body(media_type, options);
  if (template_entry(cluster, media_type, names).state != State::applied) {
    cluster.put("/_index_template/" + names.index_template,
                json::object{{"index_patterns", json::array{names.alias + "-*"}},
                             {"priority", kPriority},
                             {"template", body},
                             {"_meta", json::object{{kChecksum, shipped_checksum(media_type)}}}});
  }
  const auto writes = cluster.behind(names.write_alias);
  const auto reads = cluster.behind(names.alias);
  if (writes.empty() && reads.empty()) {
    json::object with_aliases = body.as_object();
    with_aliases["aliases"] = alias_bodies(names.alias);
    cluster.put("/" + names.index, with_aliases);
    return;
  }
  // One of the two is missing, after somebody's hand or a half-done move: it goes where the other
  // is.
  const json::object bodies = alias_bodies(names.alias);
  const auto add = [&](const std::string& index, const std::string& alias) {
    json::object action = bodies.at(alias).as_object();
    action["index"] = index;
    action["alias"] = alias;
    cluster.post("/_aliases",
                 json::object{{"actions", json::array{json::object{{"add", action}}}}});
  };
  if (reads.empty() && writes.size() == 1) {
    add(writes.front(), names.alias);
  } else if (writes.empty() && reads.size() == 1) {
    add(reads.front(), names.write_alias);
  }
}

}  // namespace

json::object alias_bodies(const std::string& alias) {
  return {
      {alias,
       json::object{
           {"filter", json::object{{"term", json::object{{"status", to_string(Status::live)}}}}}}},
      {alias + "-write", json::object{{"is_write_index", true}}}};
}

json::value index_body(std::string_view media_type, const IndexOptions& options) {
  auto parsed = parse_json(resource(resource_path(media_type)));
  FRESHET_CHECK(parsed.has_value());
  json::object body = parsed->as_object();
  json::object& index = body.at("settings").at("index").as_object();
  index["number_of_shards"] = options.shards;
  index["number_of_replicas"] = options.replicas;
  body.at("mappings").as_object()["_meta"] = {{kChecksum, shipped_checksum(media_type)}};
  return body;
}

std::vector<Entry> elasticsearch_status(http::HttpClient& client, const IndexOptions& options) {
  Cluster cluster{client, options.url};
  std::vector<Entry> entries;
  for (const std::string_view media_type : kMediaTypes) {
    report(cluster, media_type, options, entries);
  }
  return entries;
}

std::vector<Entry> apply_elasticsearch(http::HttpClient& client, const IndexOptions& options) {
  Cluster cluster{client, options.url};
  std::vector<Entry> entries;
  for (const std::string_view media_type : kMediaTypes) {
    apply(cluster, media_type, options);
    report(cluster, media_type, options, entries);
  }
  return entries;
}

}  // namespace freshet::schema
