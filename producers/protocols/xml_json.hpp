#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/result.hpp"

namespace freshet {

/// An XML document as JSON, for sources that answer in XML: what a provider reads, and what a dead
/// letter holds.
///
/// An element is an object: `$` is its text without white space at its ends (absent: none), `@name`
/// an attribute, and each name of child elements a list of them. Names are without prefixes, so
/// elements of one name in two namespaces stand in one list. Nothing is loaded from anywhere, and
/// entities of the document's own are not expanded.
/// @return an object with one member: the root.
/// @error Errc::malformed_payload with the rule `xml`.
Result<json::value> xml_to_json(std::string_view xml);

// Reading such elements. All take null for an element that is not there.

/// The elements of a name below an element; none where there is none.
const json::array& children(const json::value& element, std::string_view name);
/// The first of them, or null.
const json::value& child(const json::value& element, std::string_view name);
/// The first one at the end of a path of names: `titleInfo/title`, or null.
const json::value& descendant(const json::value& element, std::string_view path);
/// Its own text; empty where there is none.
std::string xml_text(const json::value& element);
std::string xml_attribute(const json::value& element, std::string_view name);
/// The texts of all elements of a name that have one.
std::vector<std::string> child_texts(const json::value& element, std::string_view name);

}  // namespace freshet
