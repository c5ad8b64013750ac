#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"
#include "api/paging.hpp"
#include "api/parameters.hpp"

namespace freshet::api {

/// A live work as its row in Postgres has it; JSON columns as text.
struct WorkRow {
  std::string identifier;
  std::int64_t created_micros = 0;
  std::optional<std::string> title;
  std::optional<std::string> foreign_landing_url;
  std::optional<std::string> url;
  std::optional<std::string> creator;
  std::optional<std::string> creator_url;
  std::optional<std::string> license;
  std::optional<std::string> license_version;
  std::optional<std::string> stored_license_url;  ///< `meta_data.license_url`
  std::optional<std::string> provider;
  std::optional<std::string> source;
  std::optional<std::string> category;
  std::optional<std::string> thumbnail;
  std::optional<std::string> filetype;
  std::optional<std::int64_t> filesize;
  std::optional<std::string> tags;          ///< JSON: `[{name, provider[, accuracy]}]`
  std::optional<std::string> hidden_tags;   ///< JSON: positions in `tags` that are not shown
  std::optional<std::string> sensitivity;   ///< JSON: list of texts
  std::optional<std::int64_t> width;        ///< images
  std::optional<std::int64_t> height;       ///< images
  std::optional<std::string> genres;        ///< audio, JSON: list of texts
  std::optional<std::string> audio_set;     ///< audio, JSON object
  std::optional<std::string> alt_files;     ///< audio, JSON: list of objects
  std::optional<std::int64_t> duration;     ///< audio, ms
  std::optional<std::int64_t> bit_rate;     ///< audio, bits/s
  std::optional<std::int64_t> sample_rate;  ///< audio, Hz
};

struct ItemOptions {
  Media media = Media::image;
  std::string_view base_url;  ///< of this server, no slash at the end
  bool with_peaks = false;
};

/// Appends the item object of §1.7, members in its order.
/// @param fields_matched  names of highlighted fields
/// @source  rest-api.md §1.7, §5
void append_item(std::string& out, const WorkRow& row,
                 const std::vector<std::string>& fields_matched, const ItemOptions& options);

/// Where the licence of a work is explained.
std::optional<std::string> item_license_url(const WorkRow& row);

/// The names of the tags that are shown, in order.
std::vector<std::string> visible_tag_names(const WorkRow& row);

/// An item of a list: a row and what the search said of it.
struct ListItem {
  const WorkRow* row;
  const std::vector<std::string>* fields_matched;
};

/// The list envelope of §1.5 around items; `warnings` stand first, and only when there are any.
std::string build_list(const Counts& counts, int page_size, int page,
                       const std::vector<ListItem>& items,
                       const std::vector<SourceWarning>& warnings, const ItemOptions& options);

/// A source as `/stats/` lists it.
struct SourceStat {
  std::string source_name;
  std::string display_name;
  std::string source_url;
  std::int64_t media_count = 0;
};
std::string build_stats(const std::vector<SourceStat>& sources);

/// `https://` before what has no scheme.
std::string with_scheme(std::string_view url);

/// `2022-08-27T17:39:48.570871Z`; whole seconds without a fraction.
std::string format_indexed_on(std::int64_t micros);

}  // namespace freshet::api
