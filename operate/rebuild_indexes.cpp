#include "operate/rebuild_indexes.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "core/check.hpp"
#include "operate/schema.hpp"

namespace freshet {
namespace {

json::object action(const char* what, const std::string& index, const std::string& alias,
                    const json::object& more = {}) {
  json::object body = more;
  body["index"] = index;
  body["alias"] = alias;
  return {{what, std::move(body)}};
}

}  // namespace

RebuildIndexes::RebuildIndexes(Cluster& cluster, std::string index_prefix, std::string media_type)
    : cluster_{cluster},
      prefix_{std::move(index_prefix)},
      media_type_{std::move(media_type)},
      alias_{prefix_ + media_type_} {}

std::optional<std::string> RebuildIndexes::only_behind(const std::string& alias) const {
  const auto names = cluster_.behind(alias);
  if (names.size() > 1) {
    throw WorkFailed{fmt::format("alias {} leads to {} indexes: see `freshet schema status`", alias,
                                 names.size())};
  }
  return names.empty() ? std::nullopt : std::optional{names.front()};
}

std::string RebuildIndexes::in_use() const {
  auto name = only_behind(alias_ + "-write");
  if (!name) {
    throw WorkFailed{"there is no index behind " + alias_ + "-write: run `freshet schema apply`"};
  }
  return std::move(*name);
}

std::optional<std::string> RebuildIndexes::filling() const {
  return only_behind(kFilling + alias_ + "-write");
}

std::optional<std::string> RebuildIndexes::previous() const {
  return only_behind(alias_ + "-previous");
}

std::string RebuildIndexes::suffix(const std::string& index) const {
  return index.starts_with(alias_ + "-") ? index.substr(alias_.size() + 1) : index;
}

bool RebuildIndexes::exists(const std::string& suffix) const {
  return cluster_.get("/" + alias_ + "-" + suffix).has_value();
}

std::string RebuildIndexes::create(const std::string& suffix, int shards, int replicas) {
  const std::string used = in_use();
  const auto settings = cluster_.get("/" + used + "/_settings");
  const auto number = [&](const char* name, int given, int least) {
    const auto text = settings ? text_at(settings->as_object().begin()->value(),
                                         fmt::format("/settings/index/{}", name))
                               : std::nullopt;
    return given >= least ? given : text ? std::stoi(std::string{*text}) : least;
  };
  schema::IndexOptions options;
  options.index_prefix = prefix_;
  options.shards = number("number_of_shards", shards, 1);
  options.replicas = number("number_of_replicas", replicas, 0);
  json::object body = schema::index_body(media_type_, options).as_object();
  body.at("settings").at("index").as_object()["refresh_interval"] = "-1";
  body["aliases"] =
      json::object{{kFilling + alias_ + "-write", json::object{{"is_write_index", true}}}};
  std::string name = alias_ + "-" + suffix;
  cluster_.put("/" + name, body);
  return name;
}

void RebuildIndexes::fill_again(const std::string& index) {
  change({action("add", index, kFilling + alias_ + "-write", {{"is_write_index", true}})});
}

void RebuildIndexes::refresh_as_shipped(const std::string& index) {
  const json::value body = schema::index_body(media_type_, {});
  cluster_.put(
      "/" + index + "/_settings",
      json::object{{"index", json::object{{"refresh_interval", value_at(body,
                                                                        "/settings/index/"
                                                                        "refresh_interval")}}}});
  cluster_.post("/" + index + "/_refresh", nullptr);
}

void RebuildIndexes::swap(const std::string& used, const std::string& made) {
  json::array actions;
  if (const auto before = previous()) {
    actions.push_back(action("remove", *before, alias_ + "-previous"));
  }
  for (const auto& [alias, body] : schema::alias_bodies(alias_)) {
    actions.push_back(action("remove", used, std::string{alias}));
    actions.push_back(action("add", made, std::string{alias}, body.as_object()));
  }
  actions.push_back(action("add", used, alias_ + "-previous"));
  change(actions);
}

void RebuildIndexes::stop_filling(const std::string& index) {
  change({action("remove", index, kFilling + alias_ + "-write")});
}

void RebuildIndexes::note_promotion(const std::string& index, const json::object& note) {
  const auto mapping = cluster_.get("/" + index + "/_mapping");
  const json::value meta =
      mapping ? value_at(mapping->as_object().begin()->value(), "/mappings/_meta") : nullptr;
  json::object body = meta.is_object() ? meta.as_object() : json::object{};
  body["promoted"] = note;
  cluster_.put("/" + index + "/_mapping", json::object{{"_meta", std::move(body)}});
}

void RebuildIndexes::drop(const std::string& index) { cluster_.erase("/" + index); }

void RebuildIndexes::change(const json::array& actions) {
  cluster_.post("/_aliases", json::object{{"actions", actions}});
}

}  // namespace freshet
