#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/endpoint.hpp"

namespace freshet::api {

/// As the request line spells it; `any` is `*`.
std::string_view to_string(Method method);

/// A path of the table, and what may be done with it.
class Resource {
 public:
  /// @param rows  one for each method, of one path
  explicit Resource(std::vector<Endpoint> rows);

  std::string_view name() const { return rows_.front().name; }
  Formats formats() const { return rows_.front().formats; }
  /// For a method that is not there: trying costs as much as asking.
  Limits limits() const { return rows_.front().limits; }
  /// The `Allow` header: `GET, HEAD, OPTIONS`.
  const std::string& allowed() const { return allowed_; }
  /// The row for a method; HEAD is GET's. Null where there is none.
  const Endpoint* find(std::string_view method) const;

 private:
  friend class Router;
  bool is_prefix() const;

  std::vector<Endpoint> rows_;
  std::vector<std::string_view> parts_;  // of the path, between its slashes
  std::string allowed_;
};

/// What a path leads to.
struct Route {
  const Resource* resource = nullptr;
  Media media = Media::image;
  std::string identifier;  ///< of `{id}`
  std::string text;        ///< of `{text}` or `{rest}`
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
/// A path of the table without its last slash has moved to the one with it. Four paths of earlier
/// versions moved elsewhere.
/// @thread_safety  `find`, from any thread.
class Router {
 public:
  /// Where several rows fit a path, the first one counts.
  explicit Router(const std::vector<Endpoint>& table);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// The resource of a route lives as long as the router.
  std::variant<Route, Moved, NoRoute> find(std::string_view path) const;

 private:
  std::vector<Resource> resources_;
};

}  // namespace freshet::api
