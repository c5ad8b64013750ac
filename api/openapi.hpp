#pragma once

#include <string>
#include <vector>

#include "api/endpoint.hpp"
#include "core/json.hpp"

namespace freshet::api {

/// The OpenAPI 3.1 document of the endpoints that have a summary. Paths, parameters, bodies and
/// statuses follow from the table; what a reply looks like is in schemas/openapi.json.
json::object openapi_document(const std::vector<Endpoint>& table);

/// JSON in the block form of YAML 1.2; every text is quoted, as JSON quotes it.
std::string to_yaml(const json::value& value);

/// The media types that a path of the table is for: its own path for each.
struct ShownPath {
  std::string path;
  std::optional<Media> media;  ///< nothing: it has none, or only one
};
std::vector<ShownPath> shown_paths(const Endpoint& row);

/// `images_search`, `register`: what an operation is called by programs.
std::string operation_id(const Endpoint& row, const ShownPath& shown);

/// Whether a parameter is shown for this path.
bool is_shown(const Parameter& parameter, const ShownPath& shown);

}  // namespace freshet::api
