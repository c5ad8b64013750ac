#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "api/media.hpp"

namespace freshet::api {

/// Who may call, or use a parameter; a bad token is refused before that, everywhere.
enum class Access {
  anyone,
  authenticated,  ///< an endpoint: 403 for others; a parameter: checked, then not heeded
};

/// A parameter of a query, or a field of a body: what it may be, and what is said where it is not.
/// One description feeds validation (api/parameter_fields.hpp, api/request_body.hpp), the OpenAPI
/// document and the page for people.
struct Parameter {
  enum class Type { text, list, objects, boolean, integer, number, choice, time };
  std::string_view name;
  Type type = Type::text;
  std::string_view meaning = {};
  std::span<const std::string_view> values = {};  ///< of a list or choice that takes no others
  std::optional<Media> media = std::nullopt;      ///< nothing: both
  std::size_t longest = 0;                        ///< code points of a text; 0: any number
  std::optional<double> least = std::nullopt;
  std::optional<double> most = std::nullopt;
  std::string_view fallback = {};  ///< what holds where it is not given, as it would be written
  Access who = Access::anyone;
  /// Said of a value that is none of `values`; `{}` stands for the value. Empty: the usual words.
  std::string_view wrong = {};
  bool is_required = false;
  bool is_hidden = false;  ///< from the pages for people and programs
  std::string_view example = {};
};

}  // namespace freshet::api
