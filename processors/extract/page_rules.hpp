#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crawl/html_document.hpp"
#include "processors/extract/extractor.hpp"

// What the rules of several sites have in common.

namespace freshet {

/// Slug and version of a Creative Commons licence.
struct PageLicence {
  std::string slug;
  std::string version;
};

/// What a link to a licence says: `/licenses/<slug>/<d.d>` or `/publicdomain/<zero|mark>/<d.d>`, on
/// a host that has `creativecommons.org` in it.
/// @return nothing for any other address.
std::optional<PageLicence> licence_of(std::string_view url);

/// Tests for `find` and `find_all`. The arguments must outlive the test.
HtmlElement::Test with_class(std::string_view word);
HtmlElement::Test with_id(std::string_view id);
/// @param value  the whole value, but for `rel` and `class` one of its words.
HtmlElement::Test with_attribute(std::string_view name, std::string_view value);
HtmlElement::Test having(std::string_view name);

/// `a[rel=license]` with a link, the first below an element.
std::optional<HtmlElement> licence_link(const HtmlElement& within);
/// The licence of an `a[rel=license]`; nothing: there is no such link, or it is no known licence.
std::optional<PageLicence> licence_in(const HtmlElement& within);

/// The cleaned value of an attribute that must be there.
/// @throws PageFault  it is missing.
std::string attribute(const HtmlElement& element, std::string_view name);
/// The same of an element that may not be there; nothing then.
std::optional<std::string> attribute(const std::optional<HtmlElement>& element,
                                     std::string_view name);
/// Text without white space at its ends, inside as found.
std::string trimmed_text(const HtmlElement& element);
/// Text as clean makes it: `"` is `'`, one space for each run of white space.
std::string clean_text_of(const HtmlElement& element);
/// The trimmed text in lower case.
std::string lower_text_of(const HtmlElement& element);

/// `content` of `meta[property=…]`, cleaned.
std::optional<std::string> open_graph(const HtmlDocument& html, std::string_view property);

/// The last segment of a path where it is all digits, with or without a slash behind it.
std::optional<std::string> numeric_id(std::string_view url);

std::vector<std::string> split(std::string_view text, std::string_view separator);
std::string replaced(std::string text, std::string_view from, std::string_view to);
/// `Some Label` as a name of a member: lower case, `_` for spaces.
std::string member_name(std::string_view label);

/// A path of a site as the original makes an address of it, without scheme. One that is an address
/// already stays.
std::string on_site(std::string_view site, std::string_view path);

/// What a page says of a picture's size, cut to whole pixels; null where it says nothing.
/// @throws PageFault  it is no number.
json::value pixels(std::string_view name, const std::optional<std::string>& text);
/// The same with 0 for what is no number.
json::value pixels_or_zero(const std::optional<std::string>& text);

/// Adds slug and version.
void add_licence(Picture& picture, const PageLicence& licence);

/// The page is not built as the site's pages were: what the original stops at.
class PageFault : public std::runtime_error {
 public:
  PageFault(std::string field, std::string rule)
      : std::runtime_error{field + " is " + rule},
        field_{std::move(field)},
        rule_{std::move(rule)} {}
  const std::string& field() const noexcept { return field_; }
  const std::string& rule() const noexcept { return rule_; }

 private:
  std::string field_;
  std::string rule_;
};

/// What must be there. @throws PageFault
template <class T>
const T& required(const std::optional<T>& value, const char* what) {
  if (!value) {
    throw PageFault{what, "required"};
  }
  return *value;
}

}  // namespace freshet
