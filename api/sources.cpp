#include "api/sources.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/check.hpp"
#include "core/fold.hpp"
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

std::vector<RegisteredSource> overlaid(const std::vector<RegisteredSource>& shipped,
                                       const SourcesRule& said) {
  std::map<std::string, RegisteredSource> by_name;
  for (const RegisteredSource& source : shipped) {
    by_name.insert_or_assign(fold_case(source.name), source);
  }
  for (const SourcesRule::Entry& entry : said.sources) {
    RegisteredSource& source = by_name[fold_case(entry.name)];
    source.name = entry.name;
    source.has_images = entry.has_images;
    source.has_audio = entry.has_audio;
    source.is_hidden = entry.hidden.value_or(source.is_hidden);
    if (!entry.source_url.empty()) {
      source.source_url = entry.source_url;
    }
    if (!entry.display_name.empty()) {
      source.display_name = entry.display_name;
    } else if (source.display_name.empty()) {
      source.display_name = display_name_of(entry.name);
    }
  }
  std::vector<RegisteredSource> registry;
  for (auto& [folded, source] : by_name) {
    registry.push_back(std::move(source));
  }
  return registry;
}

std::string display_name_of(std::string_view name) {
  std::string out{name};
  std::ranges::replace(out, '_', ' ');
  // Who writes a capital anywhere knows how the name is written.
  if (std::ranges::any_of(out, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return out;
  }
  char before = ' ';
  for (char& c : out) {
    if (before == ' ' && c >= 'a' && c <= 'z') {
      c = static_cast<char>(c - 'a' + 'A');
    }
    before = c;
  }
  return out;
}

namespace {

/// What the index holds of one source.
struct Found {
  std::int64_t works = 0;
  /// Most works first, so that the first spelling is the one to show.
  std::vector<std::pair<std::int64_t, std::string>> spellings;
};

std::map<std::string, Found> by_source(const std::map<std::string, std::int64_t>& counts) {
  std::map<std::string, Found> sources;
  for (const auto& [spelling, works] : counts) {
    Found& found = sources[fold_case(spelling)];
    found.works += works;
    found.spellings.emplace_back(works, spelling);
  }
  for (auto& [folded, found] : sources) {
    std::ranges::stable_sort(found.spellings, std::ranges::greater{},
                             [](const auto& spelling) { return spelling.first; });
  }
  return sources;
}

}  // namespace

Sources combine_sources(const std::vector<RegisteredSource>& registry, Media media,
                        const std::optional<std::map<std::string, std::int64_t>>& counts,
                        const std::map<std::string, bool>& visibility,
                        const std::map<std::string, std::int64_t>& newest) {
  Sources sources;
  sources.has_counts = counts.has_value();
  const std::map<std::string, Found> found =
      by_source(counts.value_or(std::map<std::string, std::int64_t>{}));
  for (const RegisteredSource& entry : registry) {
    sources.all.add(entry.name);
  }
  for (const auto& [folded, source] : found) {
    for (const auto& [works, spelling] : source.spellings) {
      sources.all.add(spelling);
    }
  }
  std::map<std::string, bool> decided;
  for (const auto& [name, is_hidden] : visibility) {
    decided.insert_or_assign(fold_case(name), is_hidden);
    if (is_hidden) {
      sources.hidden.add(name, sources.all);  // also one that is not registered
    }
  }
  const auto list = [&](SourceStat stat) {
    sources.known.add(stat.source_name, sources.all);
    sources.stats.push_back(std::move(stat));
  };
  std::set<std::string> registered;
  for (const RegisteredSource& entry : registry) {
    const std::string folded = fold_case(entry.name);
    registered.insert(folded);
    const auto said = decided.find(folded);
    const auto counted = found.find(folded);
    if (said == decided.end() ? entry.is_hidden : said->second) {
      sources.hidden.add(entry.name, sources.all);
    } else if (entry.has(media) || counted != found.end()) {
      list({entry.name,
            entry.display_name,
            entry.source_url,
            counted == found.end() ? 0 : counted->second.works,
            {}});
    }
  }
  for (const auto& [folded, source] : found) {
    if (!registered.contains(folded) && !sources.hidden.contains(folded)) {
      const std::string& name = source.spellings.front().second;
      list({name, display_name_of(name), "", source.works, {}});
    }
  }
  std::map<std::string, std::int64_t> newest_of;  // by folded name
  for (const auto& [spelling, millis] : newest) {
    std::int64_t& at = newest_of[fold_case(spelling)];
    at = std::max(at, millis);
  }
  for (SourceStat& stat : sources.stats) {
    if (const auto at = newest_of.find(fold_case(stat.source_name)); at != newest_of.end()) {
      stat.last_indexed_millis = at->second;
    }
  }
  std::ranges::sort(sources.stats, {}, &SourceStat::source_name);
  return sources;
}

SourceDirectory::SourceDirectory(std::vector<RegisteredSource> shipped)
    : shipped_{std::move(shipped)}, registry_{shipped_} {
  rebuild(Media::image);
  rebuild(Media::audio);
}

std::shared_ptr<const Sources> SourceDirectory::get(Media media) const {
  const std::scoped_lock lock{mutex_};
  return media == Media::image ? images_.sources : audio_.sources;
}

void SourceDirectory::set_counts(Media media, std::map<std::string, std::int64_t> counts,
                                 std::map<std::string, std::int64_t> newest) {
  const std::scoped_lock lock{mutex_};
  state(media).counts = std::move(counts);
  state(media).newest = std::move(newest);
  rebuild(media);
}

void SourceDirectory::set_visibility(std::map<std::string, bool> visibility) {
  const std::scoped_lock lock{mutex_};
  if (visibility == visibility_) {
    return;  // asked each second, and nearly always the same
  }
  visibility_ = std::move(visibility);
  rebuild(Media::image);
  rebuild(Media::audio);
}

void SourceDirectory::set_registry(const SourcesRule& said) {
  const std::scoped_lock lock{mutex_};
  registry_ = overlaid(shipped_, said);
  rebuild(Media::image);
  rebuild(Media::audio);
}

void SourceDirectory::rebuild(Media media) {
  state(media).sources = std::make_shared<const Sources>(
      combine_sources(registry_, media, state(media).counts, visibility_, state(media).newest));
}

}  // namespace freshet::api
