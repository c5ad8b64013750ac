#include "producers/html.hpp"

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "core/text.hpp"
#include "core/utf8.hpp"

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

void add_links(xmlNode* element, std::vector<std::string>& links) {
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
      links.emplace_back(view(value.get()));
    } else if (auto link = style_link(view(value.get()))) {
      links.push_back(std::move(*link));
    }
  }
}

// Elements whose content no reader sees: code, what waits for a script or for its absence, and what
// is about the page. The parser puts a `<style>` or `<link>` that a text begins with into a head.
bool is_unseen(const xmlNode& element) {
  constexpr std::array<std::string_view, 9> kNames{
      "script", "style", "template", "noscript", "head", "title", "link", "meta", "base"};
  return std::find(kNames.begin(), kNames.end(), view(element.name)) != kNames.end();
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
    } else if (node->type == XML_ELEMENT_NODE && !is_unseen(*node)) {
      add_links(node, content.links);
      collect(node->children, content, is_first);
    }
  }
}

constexpr char32_t kReplacement = 0xFFFD;

// The number behind `&#`, as far as it goes; `length` counts what was read, semicolon included.
char32_t numeric_reference(std::string_view text, std::size_t& length) {
  const bool is_hex = text.starts_with('x') || text.starts_with('X');
  const std::uint32_t base = is_hex ? 16 : 10;
  std::uint32_t code = 0;
  std::size_t at = is_hex ? 1 : 0;
  const std::size_t first = at;
  for (; at < text.size(); ++at) {
    const int digit = hex_value(text[at]);
    if (digit < 0 || static_cast<std::uint32_t>(digit) >= base) {
      break;
    }
    code = std::min<std::uint32_t>(code * base + static_cast<std::uint32_t>(digit), 0x110000);
  }
  if (at == first) {
    length = 0;
    return 0;
  }
  length = at + (at < text.size() && text[at] == ';' ? 1 : 0);
  const bool is_character = code != 0 && code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
  return is_character ? code : kReplacement;
}

// The character of a name, 0 where there is none.
char32_t character_of(std::string_view name) {
  if (name == "apos") {
    return U'\'';
  }
  const std::string terminated{name};
  const htmlEntityDesc* const entity =
      htmlEntityLookup(reinterpret_cast<const xmlChar*>(terminated.c_str()));
  return entity == nullptr ? 0 : entity->value;
}

// The character of the name behind `&`; `length` counts what was read, semicolon included.
char32_t named_reference(std::string_view text, std::size_t& length) {
  constexpr std::size_t kLongest = 8;  // `thetasym`
  std::size_t end = 0;
  while (end < text.size() && end <= kLongest && is_ascii_alphanumeric(text[end])) {
    ++end;
  }
  if (end < text.size() && text[end] == ';') {
    if (const char32_t code = character_of(text.substr(0, end)); code != 0) {
      length = end + 1;
      return code;
    }
  }
  for (; end >= 2; --end) {  // `&copy2023`: the longest old name that it begins with
    const char32_t code = character_of(text.substr(0, end));
    if (code != 0 && code < 0x100 && code != U'\'') {
      length = end;
      return code;
    }
  }
  length = 0;
  return 0;
}

}  // namespace

std::string decode_entities(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    char32_t code = 0;
    if (text[at] == '&') {
      const std::string_view rest = text.substr(at + 1);
      code = rest.starts_with('#') ? numeric_reference(rest.substr(1), length)
                                   : named_reference(rest, length);
      length += length > 0 && rest.starts_with('#') ? 1 : 0;
    }
    if (length == 0) {
      result += text[at++];
    } else {
      append_utf8(result, code);
      at += 1 + length;
    }
  }
  return result;
}

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
