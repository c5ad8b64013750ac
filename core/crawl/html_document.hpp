#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

struct _xmlNode;

namespace freshet {

/// An element of an `HtmlDocument`, as cheap as a pointer. Valid as long as its document.
class HtmlElement {
 public:
  explicit HtmlElement(const _xmlNode* node) : node_{node} {}

  std::string_view name() const;  ///< in lower case
  /// Value of an attribute, entities decoded, white space as found; nothing where it is missing.
  std::optional<std::string> attribute(std::string_view name) const;
  /// All text below, in document order, without that of scripts, styles and comments.
  std::string text() const;
  /// The text before the first child element.
  std::string first_text() const;
  /// Every attribute, in order.
  void each_attribute(
      const std::function<void(std::string_view name, std::string_view value)>& take) const;

  /// Elements and pieces of text below, in document order.
  void walk(const std::function<void(const HtmlElement&)>& on_element,
            const std::function<void(std::string_view)>& on_text) const;

  /// Whether the list of words in an attribute has `value` as one of them, or is `value` whole,
  /// words parted by one space.
  bool has_word(std::string_view attribute, std::string_view value) const;

  /// Elements below, in document order.
  using Test = std::function<bool(const HtmlElement&)>;
  std::optional<HtmlElement> find(std::string_view name, const Test& test = {}) const;
  /// @param name  of the elements; empty: any.
  std::vector<HtmlElement> find_all(std::string_view name, const Test& test = {}) const;

 private:
  const _xmlNode* node_;
};

/// A page of HTML as a tree, however broken it is. Nothing is loaded from anywhere.
class HtmlDocument {
 public:
  /// @param html     in any charset.
  /// @param charset  what the HTTP header says of it, in lower case; empty: the page says it
  /// itself,
  ///                 or it is taken for UTF-8, else for windows-1252.
  /// @error Errc::malformed_payload with the field `html` and the rule `empty` (no element in it)
  /// or
  ///        `depth` (nested deeper than 256, which no reader of pages goes along with).
  static Result<HtmlDocument> parse(std::string_view html, std::string_view charset);

  /// The element that holds all others.
  HtmlElement root() const;

  std::optional<HtmlElement> find(std::string_view name, const HtmlElement::Test& test = {}) const {
    return root().find(name, test);
  }
  std::vector<HtmlElement> find_all(std::string_view name,
                                    const HtmlElement::Test& test = {}) const {
    return root().find_all(name, test);
  }

 private:
  struct Free {
    void operator()(void* document) const noexcept;
  };
  explicit HtmlDocument(void* document) : document_{document} {}
  std::unique_ptr<void, Free> document_;
};

}  // namespace freshet
