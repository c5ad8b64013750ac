#include "api/sources.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/json.hpp"

namespace freshet::api {
namespace {

bool lists(const json::value& types, std::string_view name) {
  return types.is_array() && std::ranges::any_of(types.get_array(), [&](const json::value& type) {
           return type.is_string() && std::string_view{type.get_string()} == name;
         });
}

}  // namespace

std::vector<RegisteredSource> read_source_registry(std::string_view text) {
  const Result<json::value> parsed = parse_json(text);
  FRESHET_CHECK(parsed.has_value() && parsed->is_array());
  std::vector<RegisteredSource> registry;
  for (const json::value& entry : parsed->get_array()) {
    const auto name = text_at(entry, "/name");
    FRESHET_CHECK(name.has_value());
    const json::value& types = value_at(entry, "/media_types");
    const json::value& hidden = value_at(entry, "/hidden");
    registry.push_back(
        {.name = std::string{*name},
         .display_name = std::string{text_at(entry, "/display_name").value_or(*name)},
         .source_url = std::string{text_at(entry, "/source_url").value_or("")},
         .has_images = lists(types, "image"),
         .has_audio = lists(types, "audio"),
         .is_hidden = hidden.is_bool() && hidden.get_bool()});
  }
  std::ranges::sort(registry, {}, &RegisteredSource::name);
  return registry;
}

Sources combine_sources(const std::vector<RegisteredSource>& registry, Media media,
                        const std::optional<std::map<std::string, std::int64_t>>& counts,
                        const std::map<std::string, bool>& visibility) {
  Sources sources;
  sources.has_counts = counts.has_value();
  const auto count_of = [&](const std::string& name) -> std::int64_t {
    if (!counts) {
      return 0;
    }
    const auto found = counts->find(name);
    return found == counts->end() ? 0 : found->second;
  };
  for (const auto& [name, is_hidden] : visibility) {
    if (is_hidden) {
      sources.hidden.insert(name);  // also one that is not registered
    }
  }
  for (const RegisteredSource& entry : registry) {
    const auto decided = visibility.find(entry.name);
    if (decided == visibility.end() ? entry.is_hidden : decided->second) {
      sources.hidden.insert(entry.name);
    } else if (entry.has(media)) {
      sources.known.insert(entry.name);
      sources.stats.push_back(
          {entry.name, entry.display_name, entry.source_url, count_of(entry.name)});
    }
  }
  if (counts) {
    for (const auto& [name, count] : *counts) {
      if (!sources.hidden.contains(name)) {
        sources.known.insert(name);
      }
    }
  }
  return sources;
}

SourceDirectory::SourceDirectory(std::vector<RegisteredSource> registry)
    : registry_{std::move(registry)} {
  rebuild(Media::image);
  rebuild(Media::audio);
}

std::shared_ptr<const Sources> SourceDirectory::get(Media media) const {
  const std::scoped_lock lock{mutex_};
  return media == Media::image ? images_.sources : audio_.sources;
}

void SourceDirectory::set_counts(Media media, std::map<std::string, std::int64_t> counts) {
  const std::scoped_lock lock{mutex_};
  state(media).counts = std::move(counts);
  rebuild(media);
}

void SourceDirectory::set_visibility(std::map<std::string, bool> visibility) {
  const std::scoped_lock lock{mutex_};
  visibility_ = std::move(visibility);
  rebuild(Media::image);
  rebuild(Media::audio);
}

void SourceDirectory::rebuild(Media media) {
  state(media).sources = std::make_shared<const Sources>(
      combine_sources(registry_, media, state(media).counts, visibility_));
}

}  // namespace freshet::api
