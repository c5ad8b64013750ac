#include "producers/html.hpp"

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, 15> kLinkAttributes{
    "action", "archive",  "background", "cite",    "classid", "codebase", "data",      "dynsrc",
    "href",   "longdesc", "lowsrc",     "profile", "src",     "usemap",   "formaction"};

struct FreeDocument {
  void operator()(xmlDoc* document) const noexcept { xmlFreeDoc(document); }
};
struct FreeText {
  void operator()(xmlChar* text) const noexcept { xmlFree(text); }
};

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

// Value of `url(x)` in a style, with or without quotes.
std::optional<std::string> style_link(std::string_view style) {
  const auto start = style.find("url(");
  if (start == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view rest = style.substr(start + 4);
  rest = trim_space(rest.substr(0, rest.find(')')));
  if (rest.size() >= 2 && (rest.front() == '"' || rest.front() == '\'') &&
      rest.back() == rest.front()) {
    rest = rest.substr(1, rest.size() - 2);
  }
  return std::string{rest};
}

std::optional<std::string> link_of(xmlNode* element) {
  for (const xmlAttr* attribute = element->properties; attribute != nullptr;
       attribute = attribute->next) {
    const std::string_view name = view(attribute->name);
    const bool is_style = name == "style";
    if (!is_style &&
        std::find(kLinkAttributes.begin(), kLinkAttributes.end(), name) == kLinkAttributes.end()) {
      continue;
    }
    const std::unique_ptr<xmlChar, FreeText> value{
        xmlNodeListGetString(element->doc, attribute->children, 1)};
    if (!is_style) {
      return std::string{view(value.get())};
    }
    if (auto link = style_link(view(value.get()))) {
      return link;
    }
  }
  return std::nullopt;
}

// Depth is bounded by libxml2's own limit (256), so recursion is safe.
void collect(xmlNode* node, HtmlContent& content, bool& is_first) {
  for (; node != nullptr; node = node->next) {
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
      content.text += view(node->content);
      if (!is_first) {
        content.spaced_text += ' ';
      }
      is_first = false;
      content.spaced_text += view(node->content);
    } else if (node->type == XML_ELEMENT_NODE) {
      if (!content.first_link) {
        content.first_link = link_of(node);
      }
      collect(node->children, content, is_first);
    }
  }
}

}  // namespace

std::optional<HtmlContent> read_html(std::string_view html) {
  static std::once_flag once;
  std::call_once(once, [] { xmlInitParser(); });
  if (trim_space(html).empty()) {
    return std::nullopt;
  }
  const std::unique_ptr<xmlDoc, FreeDocument> document{
      htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
                     HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                         HTML_PARSE_NONET | HTML_PARSE_COMPACT)};
  if (!document || xmlDocGetRootElement(document.get()) == nullptr) {
    return std::nullopt;
  }
  HtmlContent content;
  bool is_first = true;
  collect(document->children, content, is_first);
  return content;
}

}  // namespace freshet
