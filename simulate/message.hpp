#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/http_client.hpp"

namespace freshet::simulate {

/// A request as the server read it. `target` is the request line's, undecoded:
/// `/<original host>/<path>?<query>`.
struct Request {
  std::string method;  ///< upper case
  std::string target;
};

/// A reply. A reply to a HEAD that has no body gets no `Content-Length`, so that "the server did
/// not say" differs from 0.
struct Reply {
  int status = 200;
  http::Headers headers;
  std::optional<std::string> body;
};

/// A URL without its scheme, in the form in which two spellings of it are equal.
struct Location {
  std::string host;  ///< lower case, with the port if there was one
  std::string path;  ///< starts with `/`; percent-decoded
  /// Form-decoded pairs (`+` is a space, `%2B` a plus, blank values kept), sorted: a multiset.
  http::Query query;

  /// `host/path?name=value&…`, decoded: for reports.
  std::string text() const;
};

/// Reads `http://host/path?query#fragment`; scheme and fragment are dropped.
Location parse_location(std::string_view url);
/// Reads the target of a mirrored request: `/host/path?query`.
Location parse_target(std::string_view target);

/// The first value of a query parameter, or nothing.
std::optional<std::string_view> parameter(const http::Query& query, std::string_view name);

}  // namespace freshet::simulate
