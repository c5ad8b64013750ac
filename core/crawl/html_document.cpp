#include "core/crawl/html_document.hpp"

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>

#include "core/charset.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

struct FreeText {
  void operator()(xmlChar* text) const noexcept { xmlFree(text); }
};

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

std::string value_of(const xmlAttr& attribute) {
  const std::unique_ptr<xmlChar, FreeText> value{
      xmlNodeListGetString(attribute.doc, attribute.children, 1)};
  return std::string{view(value.get())};
}

const xmlAttr* attribute_of(const xmlNode& node, std::string_view name) {
  for (const xmlAttr* attribute = node.properties; attribute != nullptr;
       attribute = attribute->next) {
    if (view(attribute->name) == name) {
      return attribute;
    }
  }
  return nullptr;
}

/// The node behind `node` in document order, within `top`; null at the end.
const xmlNode* following(const xmlNode* node, const xmlNode* top, bool enters) {
  const bool holds_nodes = node->type == XML_ELEMENT_NODE || node->type == XML_HTML_DOCUMENT_NODE;
  if (enters && holds_nodes && node->children != nullptr) {
    return node->children;
  }
  while (node != top) {
    if (node->next != nullptr) {
      return node->next;
    }
    node = node->parent;
  }
  return nullptr;
}

bool holds_code(std::string_view name) {
  return name == "script" || name == "style" || name == "template";
}

/// The charset that a page names in its first bytes: `<meta … charset=…>`, in lower case.
std::string named_charset(std::string_view html) {
  const std::string head = lower_ascii(html.substr(0, 4096));
  for (std::size_t at = head.find("<meta"); at != std::string::npos;
       at = head.find("<meta", at + 1)) {
    const std::string_view tag =
        std::string_view{head}.substr(at, std::min(head.find('>', at), head.size()) - at);
    const std::size_t found = tag.find("charset");
    if (found == std::string_view::npos) {
      continue;
    }
    const std::string_view rest = trim_space(tag.substr(found + 7));
    if (!rest.starts_with('=')) {
      continue;
    }
    const std::string_view value = trim_space(rest.substr(1));
    const std::size_t begin = value.find_first_not_of("\"'");
    if (begin != std::string_view::npos) {
      return std::string{value.substr(begin, value.find_first_of(" \t\r\n/;\"'>", begin) - begin)};
    }
  }
  return {};
}

/// A page as UTF-8 without NUL, which libxml2 takes for the end.
std::string readable(std::string_view html, std::string_view charset) {
  std::string text;
  std::string named{charset};
  if (const std::string_view shown = shown_charset(html); !shown.empty()) {
    named = shown;
  } else if (named.empty()) {
    named = named_charset(html);
  }
  if (auto converted = to_utf8(html, named)) {
    text = std::move(*converted);
  } else if (named.empty() && !is_utf8(html)) {
    text = to_utf8(html, "windows-1252").value_or(std::string{html});
  } else {
    text = without_bom(html);
  }
  if (!is_utf8(text)) {
    text = well_formed_utf8(text);
  }
  for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at)) {
    text.replace(at, 1, kReplacementCharacter);
  }
  return text;
}

}  // namespace

std::string_view HtmlElement::name() const { return view(node_->name); }

std::optional<std::string> HtmlElement::attribute(std::string_view name) const {
  const xmlAttr* const attribute = attribute_of(*node_, name);
  return attribute == nullptr ? std::nullopt : std::optional{value_of(*attribute)};
}

std::string HtmlElement::text() const {
  std::string text;
  bool enters = true;
  for (const xmlNode* node = node_; node != nullptr; node = following(node, node_, enters)) {
    enters = node == node_ || node->type != XML_ELEMENT_NODE || !holds_code(view(node->name));
    if (node->type == XML_TEXT_NODE) {  // scripts and styles are CDATA sections
      text += view(node->content);
    }
  }
  return text;
}

std::string HtmlElement::first_text() const {
  std::string text;
  for (const xmlNode* node = node_->children; node != nullptr && node->type == XML_TEXT_NODE;
       node = node->next) {
    text += view(node->content);
  }
  return text;
}

void HtmlElement::each_attribute(
    const std::function<void(std::string_view, std::string_view)>& take) const {
  for (const xmlAttr* attribute = node_->properties; attribute != nullptr;
       attribute = attribute->next) {
    take(view(attribute->name), value_of(*attribute));
  }
}

void HtmlElement::walk(const std::function<void(const HtmlElement&)>& on_element,
                       const std::function<void(std::string_view)>& on_text) const {
  for (const xmlNode* node = following(node_, node_, true); node != nullptr;
       node = following(node, node_, true)) {
    if (node->type == XML_ELEMENT_NODE) {
      on_element(HtmlElement{node});
    } else if (node->type == XML_TEXT_NODE) {
      on_text(view(node->content));
    }
  }
}

bool HtmlElement::has_word(std::string_view attribute_name, std::string_view value) const {
  const auto words = attribute(attribute_name);
  if (!words) {
    return false;
  }
  std::string_view rest = *words;
  std::string joined;
  while (!(rest = trim_space(rest)).empty()) {
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n\f"), rest.size());
    const std::string_view word = rest.substr(0, end);
    if (word == value) {
      return true;
    }
    joined.append(joined.empty() ? "" : " ").append(word);
    rest.remove_prefix(end);
  }
  return joined == value;
}

std::optional<HtmlElement> HtmlElement::find(std::string_view name, const Test& test) const {
  for (const xmlNode* node = following(node_, node_, true); node != nullptr;
       node = following(node, node_, true)) {
    if (node->type == XML_ELEMENT_NODE && (name.empty() || view(node->name) == name)) {
      const HtmlElement element{node};
      if (!test || test(element)) {
        return element;
      }
    }
  }
  return std::nullopt;
}

std::vector<HtmlElement> HtmlElement::find_all(std::string_view name, const Test& test) const {
  std::vector<HtmlElement> found;
  static_cast<void>(find(name, [&](const HtmlElement& element) {
    if (!test || test(element)) {
      found.push_back(element);
    }
    return false;
  }));
  return found;
}

void HtmlDocument::Free::operator()(void* document) const noexcept {
  xmlFreeDoc(static_cast<xmlDoc*>(document));
}

Result<HtmlDocument> HtmlDocument::parse(std::string_view html, std::string_view charset) {
  static std::once_flag once;
  std::call_once(once, [] { xmlInitParser(); });
  const auto unreadable = [](const char* rule, const char* why) {
    return Error{Errc::malformed_payload, "html", rule, why};
  };
  const std::string text = readable(html, charset);
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return unreadable("max_length", "a page of more than 2 GiB");
  }
  struct FreeContext {
    void operator()(htmlParserCtxt* context) const noexcept { htmlFreeParserCtxt(context); }
  };
  const std::unique_ptr<htmlParserCtxt, FreeContext> context{htmlNewParserCtxt()};
  if (context == nullptr) {
    throw std::bad_alloc{};
  }
  HtmlDocument document{htmlCtxtReadMemory(
      context.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
          HTML_PARSE_COMPACT)};
  if (context->lastError.code == XML_ERR_INTERNAL_ERROR && context->disableSAX != 0) {
    return unreadable("depth", "a page nested deeper than 256");
  }
  if (document.document_ == nullptr ||
      xmlDocGetRootElement(static_cast<xmlDoc*>(document.document_.get())) == nullptr) {
    return unreadable("empty", "a page without an element");
  }
  return document;
}

HtmlElement HtmlDocument::root() const {
  return HtmlElement{reinterpret_cast<const xmlNode*>(document_.get())};
}

}  // namespace freshet
