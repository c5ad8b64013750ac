#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/caller.hpp"
#include "api/http_message.hpp"
#include "api/media.hpp"
#include "api/source_names.hpp"
#include "core/time.hpp"

namespace freshet::api {

enum class SortBy { relevance, indexed_on, updated_on };
enum class SortDirection { descending, ascending };
enum class Collection { tag, source, creator };
/// As callers with a token may name it: `image` and `image-filtered`.
enum class Index {
  automatic,  ///< without sensitive texts, unless they are asked for
  all,        ///< sensitive texts too
  filtered,   ///< never sensitive texts
};

/// A note beside the results: part of what was asked for does not exist.
struct SourceWarning {
  std::vector<std::string> invalid_sources;
  std::vector<std::string> valid_sources;
};

/// A search that passed validation. Lists are empty where the parameter was not given; values of
/// enumerations are in lower case.
struct SearchParameters {
  int page_size = 20;
  int page = 1;
  std::optional<std::string> cursor;  ///< `*`: a walk through all of the result begins
  std::optional<std::string> q;       ///< at most 200 characters
  std::optional<std::string> title;
  std::optional<std::string> creator;
  std::optional<std::string> tags;
  std::vector<std::string> sources;           ///< each in every spelling that is known of it
  std::vector<std::string> excluded_sources;  ///< the same
  std::vector<std::string> licenses;
  std::vector<std::string> licenses_of_types;  ///< the slugs that all given types have in common
  std::vector<std::string> extensions;
  std::vector<std::string> categories;
  std::vector<std::string> aspect_ratios;  ///< images
  std::vector<std::string> sizes;          ///< images
  std::vector<std::string> lengths;        ///< audio
  bool with_peaks = false;                 ///< audio
  bool include_sensitive = false;
  Index index = Index::automatic;
  std::optional<bool> filter_dead;  ///< nothing: as is set
  SortBy sort_by = SortBy::relevance;
  SortDirection sort_direction = SortDirection::descending;
  std::optional<UtcTime> created_since;
  std::optional<UtcTime> updated_since;
  bool exact_count = false;  ///< all that match are counted, and told
  bool boost_authority = false;
  double authority_boost = 1.0;
  std::optional<Collection> collection;
  std::string
      collection_tag;  ///< the three are exact, case-sensitive and whole: a comma is a comma
  std::vector<std::string> collection_sources;  ///< as `sources`, of one
  std::string collection_creator;
  std::vector<SourceWarning> warnings;
};

/// Checks the parameters of `/v1/images/` and `/v1/audio/`.
///
/// All faults of fields are reported together; a page that is too large is 401 at once, and one
/// that is too deep once the fields are right; last come the four old names.
///
/// @param known  names that `source` may hold: the registry's and those in the index
/// @return the search, or the reply that refuses it (400, 401)
/// An unknown `excluded_source` is a warning, never 400: docs/api.md says why.
std::variant<SearchParameters, Reply> parse_search(const Query& query, Media media,
                                                   const Caller& caller, const SourceNames& known);

/// `peaks` of an audio detail or related request: the only parameter these have.
std::variant<bool, Reply> parse_peaks(const Query& query, Media media);

}  // namespace freshet::api
