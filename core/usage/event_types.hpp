#pragma once

#include <span>
#include <string_view>

namespace freshet::usage {

/// What a member of a payload may hold.
enum class PropertyKind {
  text,     ///< up to `kLongestText` code points
  number,   ///< finite
  flag,     ///< true or false
  texts,    ///< a list of up to `kMostTexts` texts
  page,     ///< address of a page elsewhere, of which the host alone is kept
  results,  ///< a list of `{"id", "rank"}`: what was shown, and where
};

/// One member that the payload of a type may have.
struct Property {
  std::string_view name;
  PropertyKind kind = PropertyKind::text;
  std::span<const std::string_view> choices = {};  ///< of a text that takes no others
  bool is_required = false;
};

/// One kind of event: what its payload may hold besides `width`, `height` and `breakpoint`, which
/// each may have.
struct EventType {
  std::string_view name;
  std::span<const Property> properties = {};
};

/// All of them: five of the batch system's own service, the thirty-one of its web page, and two
/// that neither had.
std::span<const EventType> event_types();

/// Null: there is none of that name.
const EventType* find_event_type(std::string_view name);

/// `width`, `height`, `breakpoint`.
std::span<const Property> common_properties();

}  // namespace freshet::usage
