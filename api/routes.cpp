#include "api/routes.hpp"

#include <optional>
#include <vector>

namespace freshet::api {
namespace {

/// The parts between the slashes of `/a/b/`, without the empty ones at both ends.
std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> parts;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

std::optional<Route> find_item_route(Media media, const std::vector<std::string_view>& parts) {
  if (!is_identifier(parts[2])) {
    return std::nullopt;
  }
  Route route{Endpoint::detail, media, std::string{parts[2]}};
  if (parts.size() == 3) {
    return route;
  }
  if (parts.size() == 4 && parts[3] == "related") {
    route.endpoint = Endpoint::related;
    return route;
  }
  if (parts.size() == 4 && parts[3] == "watermark" && media == Media::image) {
    route.endpoint = Endpoint::watermark;
    return route;
  }
  return std::nullopt;
}

/// @param path  with its slash at the end
std::optional<Route> find_slashed(std::string_view path) {
  const std::vector<std::string_view> parts = split_path(path);
  if (parts.empty()) {
    return path == "/" ? std::optional{Route{Endpoint::root, Media::image, {}}} : std::nullopt;
  }
  if (parts.size() == 1 && parts[0] == "healthcheck") {
    return Route{Endpoint::healthcheck, Media::image, {}};
  }
  if (parts[0] != "v1") {
    return std::nullopt;
  }
  if (parts.size() == 1) {
    return Route{Endpoint::docs, Media::image, {}};
  }
  const bool is_image = parts[1] == "images";
  if (!is_image && parts[1] != "audio") {
    return std::nullopt;
  }
  const Media media = is_image ? Media::image : Media::audio;
  if (parts.size() == 2) {
    return Route{Endpoint::search, media, {}};
  }
  if (parts.size() == 3 && parts[2] == "stats") {
    return Route{Endpoint::stats, media, {}};
  }
  if (parts.size() == 3 && parts[2] == "oembed" && is_image) {
    return Route{Endpoint::oembed, media, {}};
  }
  return find_item_route(media, parts);
}

std::optional<Moved> find_moved(std::string_view path) {
  if (path == "/v1/sources") {
    return Moved{"/v1/images/stats/", QueryText::dropped};
  }
  const auto below = [&](std::string_view prefix) -> std::optional<std::string> {
    if (!path.starts_with(prefix)) {
      return std::nullopt;
    }
    const std::string_view rest = path.substr(prefix.size());
    return rest.empty() || rest.find('/') != rest.npos ? std::nullopt
                                                       : std::optional{std::string{rest}};
  };
  if (const auto id = below("/v1/recommendations/images/")) {
    return Moved{"/v1/images/" + *id + "/related/", QueryText::dropped};
  }
  if (const auto id = below("/v1/thumbs/")) {
    return Moved{"/v1/images/" + *id + "/thumb/", QueryText::dropped};
  }
  if (path == "/v1/oembed") {
    return Moved{"/v1/images/oembed/", QueryText::kept};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::root:
      return "root";
    case Endpoint::docs:
      return "docs";
    case Endpoint::search:
      return "search";
    case Endpoint::stats:
      return "stats";
    case Endpoint::detail:
      return "detail";
    case Endpoint::related:
      return "related";
    case Endpoint::oembed:
      return "oembed";
    case Endpoint::watermark:
      return "watermark";
    case Endpoint::healthcheck:
      return "healthcheck";
    case Endpoint::gone:
      return "gone";
  }
  return "";
}

bool is_identifier(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') {
        return false;
      }
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  const char variant = text[19];
  return text[14] == '4' && (variant == '8' || variant == '9' || variant == 'a' || variant == 'b');
}

std::variant<Route, Moved, NoRoute> find_route(std::string_view path) {
  if (!path.starts_with('/') || path.find("//") != path.npos) {
    return NoRoute{};
  }
  if (path.starts_with("/v1/link/")) {
    return Route{Endpoint::gone, Media::image, {}};
  }
  if (auto moved = find_moved(path)) {
    return std::move(*moved);
  }
  if (path.ends_with('/')) {
    if (auto route = find_slashed(path)) {
      return std::move(*route);
    }
    return NoRoute{};
  }
  const std::string slashed = std::string{path} + "/";
  if (find_slashed(slashed)) {
    return Moved{slashed, QueryText::kept};
  }
  return NoRoute{};
}

std::string_view allowed_methods(Endpoint endpoint) {
  return endpoint == Endpoint::gone ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
                                    : "GET, HEAD, OPTIONS";
}

bool allows(Endpoint endpoint, std::string_view method) {
  return endpoint == Endpoint::gone || method == "GET" || method == "HEAD" || method == "OPTIONS";
}

}  // namespace freshet::api
