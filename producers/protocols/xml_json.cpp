#include "producers/protocols/xml_json.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <limits>
#include <memory>
#include <mutex>

#include "core/text.hpp"

namespace freshet {
namespace {

const json::value kNull;
const json::array kNone;

struct FreeDocument {
  void operator()(xmlDoc* document) const noexcept { xmlFreeDoc(document); }
};
struct FreeContext {
  void operator()(xmlParserCtxt* context) const noexcept { xmlFreeParserCtxt(context); }
};
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

// The parser refuses documents that are nested deeper than 256.
json::object convert(const xmlNode& element) {
  json::object out;
  for (const xmlAttr* attribute = element.properties; attribute != nullptr;
       attribute = attribute->next) {
    out["@" + std::string{view(attribute->name)}] = value_of(*attribute);
  }
  std::string text;
  for (const xmlNode* node = element.children; node != nullptr; node = node->next) {
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
      text += view(node->content);
    } else if (node->type == XML_ELEMENT_NODE) {
      json::value& list = out[view(node->name)];
      if (!list.is_array()) {
        list = json::array{};
      }
      list.get_array().emplace_back(convert(*node));
    }
  }
  if (const std::string_view trimmed = trim_space(text); !trimmed.empty()) {
    out["$"] = trimmed;
  }
  return out;
}

}  // namespace

Result<json::value> xml_to_json(std::string_view xml) {
  static std::once_flag once;
  std::call_once(once, [] { xmlInitParser(); });
  const auto broken = [](std::string text) {
    return Error{Errc::malformed_payload, "", "xml", std::move(text)};
  };
  if (xml.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return broken("more than 2 GiB of XML");
  }
  const std::unique_ptr<xmlParserCtxt, FreeContext> context{xmlNewParserCtxt()};
  if (context == nullptr) {
    throw std::bad_alloc{};
  }
  // The text is UTF-8 already, whatever its first line says.
  const std::unique_ptr<xmlDoc, FreeDocument> document{xmlCtxtReadMemory(
      context.get(), xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8",
      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)};
  const xmlNode* const root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (root == nullptr) {
    const char* const why = context->lastError.message;
    return broken("no XML: " + std::string{trim_space(why == nullptr ? "empty" : why)});
  }
  json::object out;
  out[view(root->name)] = convert(*root);
  return json::value(std::move(out));
}

const json::array& children(const json::value& element, std::string_view name) {
  const json::object* const object = element.if_object();
  const json::value* const list = object == nullptr ? nullptr : object->if_contains(name);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

const json::value& child(const json::value& element, std::string_view name) {
  const json::array& list = children(element, name);
  return list.empty() ? kNull : list.front();
}

const json::value& descendant(const json::value& element, std::string_view path) {
  const std::size_t slash = path.find('/');
  const json::value& found = child(element, path.substr(0, slash));
  return slash == std::string_view::npos || found.is_null()
             ? found
             : descendant(found, path.substr(slash + 1));
}

std::string xml_text(const json::value& element) {
  const auto text = text_at(element, "/$");
  return text ? std::string{*text} : std::string{};
}

std::string xml_attribute(const json::value& element, std::string_view name) {
  const json::object* const object = element.if_object();
  const json::value* const value =
      object == nullptr ? nullptr : object->if_contains("@" + std::string{name});
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::vector<std::string> child_texts(const json::value& element, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::value& one : children(element, name)) {
    if (std::string text = xml_text(one); !text.empty()) {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

}  // namespace freshet
