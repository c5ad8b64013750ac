#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// What a fragment of HTML holds for a reader.
struct HtmlContent {
  std::string text;                       ///< all text nodes in document order, one after the other
  std::string spaced_text;                ///< the same with one space between text nodes
  std::optional<std::string> first_link;  ///< value of the first attribute that holds a link
};

/// Reads HTML leniently: unclosed and unknown tags, stray `<` and `&` pass.
///
/// Links are looked for in document order in every attribute that holds one by HTML 4 (`href`,
/// `src`, `action`, `background`, …), and in `url(…)` of `style`. Values are as found.
/// @return nothing when there is nothing to read: empty, or white space only.
/// @source  libxml2's HTML parser; link attributes: HTML 4.01, index of attributes, type %URI.
std::optional<HtmlContent> read_html(std::string_view html);

}  // namespace freshet
