#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

/// What a reader sees of a fragment of HTML: without comments, `<script>`, `<style>`, `<template>`,
/// `<noscript>` and the head.
struct HtmlContent {
  std::string text;                ///< all text nodes in document order, one after the other
  std::string spaced_text;         ///< the same with one space between text nodes
  std::vector<std::string> links;  ///< values of all attributes that hold one
};

/// Reads HTML leniently: it accepts unclosed and unknown tags, and stray `<` and `&`.
///
/// Links are looked for in document order in every attribute that holds one by HTML 4 (`href`,
/// `src`, `action`, `background`, …), and in `url(…)` of `style`. Values are as found.
/// @return nothing when there is nothing to read: empty, white space or comments only. Texts may be
///         empty, too: `<br>`.
/// @source  libxml2's HTML parser; link attributes: HTML 4.01, index of attributes, type %URI.
std::optional<HtmlContent> read_html(std::string_view html);

/// `text` with its entities decoded once: `&eacute;`, `&#233;`, `&#xE9;`; the old ones (Latin 1,
/// `&amp;`, `&lt;`, `&gt;`, `&quot;`) also without a semicolon, as browsers read them. Everything
/// else stays as it is, tags too.
///
/// @source  HTML Living Standard, "Character reference state"; names: HTML 4.01.
std::string decode_entities(std::string_view text);

}  // namespace freshet
