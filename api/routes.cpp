#include "api/routes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/check.hpp"
#include "core/key.hpp"

namespace freshet::api {
namespace {

using Parts = std::vector<std::string_view>;

/// The parts between the slashes of `/a/b/`, without the empty ones at both ends.
Parts split_path(std::string_view path) {
  Parts parts;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

std::optional<Media> media_of(std::string_view part) {
  for (const Media media : {Media::image, Media::audio}) {
    if (part == path_name(media)) {
      return media;
    }
  }
  return std::nullopt;
}

/// Whether a part of a path fits that of the table; notes what it says.
bool fits(std::string_view wanted, std::string_view part, Route& route) {
  if (wanted == "{id}") {
    route.identifier = part;
    return is_uuid_v4(part);
  }
  if (wanted == "{text}") {
    route.text = part;
    return true;
  }
  const std::optional<Media> media = media_of(part);
  route.media = media.value_or(route.media);
  return wanted == "{media}" ? media.has_value() : wanted == part;
}

std::optional<Route> match(const Parts& wanted, const Parts& parts) {
  if (wanted.size() != parts.size()) {
    return std::nullopt;
  }
  Route route;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!fits(wanted[i], parts[i], route)) {
      return std::nullopt;
    }
  }
  return route;
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

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::any:
      return "*";
  }
  return "";
}

Resource::Resource(std::vector<Endpoint> rows)
    : rows_{std::move(rows)}, parts_{split_path(rows_.front().path)} {
  for (const Method method : {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
    if (find(to_string(method)) != nullptr) {
      allowed_.append(to_string(method)).append(method == Method::get ? ", HEAD, " : ", ");
    }
  }
  allowed_ += "OPTIONS";
}

const Endpoint* Resource::find(std::string_view method) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const auto found = std::ranges::find_if(rows_, [&](const Endpoint& row) {
    return row.method == Method::any || to_string(row.method) == wanted;
  });
  return found == rows_.end() ? nullptr : &*found;
}

bool Resource::is_prefix() const { return !parts_.empty() && parts_.back() == "{rest}"; }

Router::Router(const std::vector<Endpoint>& table) {
  for (const Endpoint& row : table) {
    FRESHET_CHECK(row.path.starts_with('/') && row.answer != nullptr);
    const bool is_known = std::ranges::any_of(
        resources_, [&](const Resource& known) { return known.rows_.front().path == row.path; });
    if (is_known) {
      continue;
    }
    std::vector<Endpoint> rows;
    std::ranges::copy_if(table, std::back_inserter(rows),
                         [&](const Endpoint& other) { return other.path == row.path; });
    resources_.emplace_back(std::move(rows));
  }
}

std::variant<Route, Moved, NoRoute> Router::find(std::string_view path) const {
  if (!path.starts_with('/') || path.find("//") != path.npos) {
    return NoRoute{};
  }
  if (auto moved = find_moved(path)) {
    return std::move(*moved);
  }
  const Parts parts = split_path(path);
  for (const Resource& resource : resources_) {
    if (resource.is_prefix()) {
      const std::string_view pattern = resource.rows_.front().path;
      const std::string_view prefix = pattern.substr(0, pattern.rfind('{'));
      if (path.starts_with(prefix)) {
        return Route{&resource, Media::image, {}, std::string{path.substr(prefix.size())}};
      }
    } else if (auto route = match(resource.parts_, parts)) {
      // A row that has no slash itself does without.
      if (!path.ends_with('/') && resource.rows_.front().path.ends_with('/')) {
        return Moved{std::string{path} + "/", QueryText::kept};
      }
      route->resource = &resource;
      return std::move(*route);
    }
  }
  return NoRoute{};
}

}  // namespace freshet::api
