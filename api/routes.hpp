#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "api/media.hpp"

namespace freshet::api {

/// What a path leads to.
enum class Endpoint {
  root,         ///< `/`
  docs,         ///< `/v1/`
  search,       ///< `/v1/images/`
  stats,        ///< `/v1/images/stats/`
  detail,       ///< `/v1/images/{id}/`
  related,      ///< `/v1/images/{id}/related/`
  oembed,       ///< `/v1/images/oembed/`
  watermark,    ///< `/v1/images/{id}/watermark/`, switched off
  healthcheck,  ///< `/healthcheck/`
  gone,         ///< `/v1/link/…`
};

/// Name of an endpoint as the label of metrics.
std::string_view to_string(Endpoint endpoint);

struct Route {
  Endpoint endpoint = Endpoint::root;
  Media media = Media::image;
  std::string identifier;  ///< of detail and what lies below it
};

enum class QueryText { kept, dropped };

/// The path has moved for good; `location` is a path without query.
struct Moved {
  std::string location;
  QueryText query_text = QueryText::kept;
};

struct NoRoute {};

/// Finds what a path means; methods are judged later.
///
/// A known path without its last slash has moved to the one with it. Four old paths moved
/// elsewhere.
/// @source  rest-api.md §1.1, §1.4
std::variant<Route, Moved, NoRoute> find_route(std::string_view path);

/// The `Allow` header of an endpoint, `GET, HEAD, OPTIONS`.
std::string_view allowed_methods(Endpoint endpoint);
bool allows(Endpoint endpoint, std::string_view method);

/// Lower-case hexadecimal UUID of version 4: all that an item's id can be.
bool is_identifier(std::string_view text);

}  // namespace freshet::api
