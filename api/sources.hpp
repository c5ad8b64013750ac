#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/items.hpp"
#include "api/media.hpp"
#include "api/source_names.hpp"
#include "core/policy.hpp"

namespace freshet::api {

/// A source that the project knows by name.
struct RegisteredSource {
  std::string name;
  std::string display_name;
  std::string source_url;
  bool has_images = false;
  bool has_audio = false;
  bool is_hidden = false;

  bool has(Media media) const { return media == Media::image ? has_images : has_audio; }
};

/// Reads `schemas/sources.json`: a list of `{name, display_name, source_url, media_types, hidden}`.
/// A file of ours: a fault in it aborts.
std::vector<RegisteredSource> read_source_registry(std::string_view text);

/// The shipped registry with what policy says laid over it, by name.
std::vector<RegisteredSource> overlaid(const std::vector<RegisteredSource>& shipped,
                                       const SourcesRule& said);

/// How a source is called of which nothing but its name is known: `city_museum` is City Museum.
std::string display_name_of(std::string_view name);

/// What is known of the sources of one kind of work at one time.
struct Sources {
  SourceNames all;     ///< registered or present in the index, of either kind, hidden or not
  SourceNames known;   ///< what `source=` may hold: registered or present in the index, not hidden
  SourceNames hidden;  ///< never shown
  /// Those of `known`, by name. Of one that is not registered nothing but its name is known: the
  /// home page is empty.
  std::vector<SourceStat> stats;
  bool has_counts = false;  ///< false until the index was asked once: the counts are then 0
};

/// Names are compared without case. A source is shown as it is registered; one that is not, in the
/// spelling that most of its works have.
/// @param counts      live works by source in the index, each spelling for itself; nothing when it
///                    never answered
/// @param newest      when the newest work of each spelling changed, in milliseconds since 1970
/// @param visibility  decisions that beat the registry's `hidden`
Sources combine_sources(const std::vector<RegisteredSource>& registry, Media media,
                        const std::optional<std::map<std::string, std::int64_t>>& counts,
                        const std::map<std::string, bool>& visibility,
                        const std::map<std::string, std::int64_t>& newest = {});

/// The sources as last read, for all threads.
///
/// A refresher hands in what the stores say; until then only the registry is known. What a store
/// once said stays when it goes away: stale counts beat none.
class SourceDirectory {
 public:
  /// @param shipped  the registry while policy says nothing.
  explicit SourceDirectory(std::vector<RegisteredSource> shipped);

  std::shared_ptr<const Sources> get(Media media) const;

  /// @param newest  when the newest work of each changed, in milliseconds since 1970
  void set_counts(Media media, std::map<std::string, std::int64_t> counts,
                  std::map<std::string, std::int64_t> newest = {});
  void set_visibility(std::map<std::string, bool> visibility);
  /// What policy says of the registry; empty: the shipped one holds.
  void set_registry(const SourcesRule& said);

 private:
  struct State {
    std::optional<std::map<std::string, std::int64_t>> counts;
    std::map<std::string, std::int64_t> newest;
    std::shared_ptr<const Sources> sources;
  };
  State& state(Media media) { return media == Media::image ? images_ : audio_; }
  void rebuild(Media media);

  const std::vector<RegisteredSource> shipped_;
  mutable std::mutex mutex_;
  std::vector<RegisteredSource> registry_;
  std::map<std::string, bool> visibility_;
  State images_;
  State audio_;
};

}  // namespace freshet::api
