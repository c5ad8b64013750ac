#include "processors/extract/page_rules.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/crawl/split_url.hpp"
#include "core/fold.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr bool is_slug_letter(char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '?'; }

}  // namespace

std::optional<PageLicence> licence_of(std::string_view url) {
  std::string buffer;
  const auto parts = split_url(trim_space(url), buffer);
  if (!parts || parts->authority.find("creativecommons.org") == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string path = lower_ascii(parts->path);
  std::string_view rest = path;
  bool is_public_domain = false;
  if (rest.starts_with("/licenses/")) {
    rest.remove_prefix(10);
  } else if (rest.starts_with("/publicdomain/")) {
    rest.remove_prefix(14);
    is_public_domain = true;
  } else {
    return std::nullopt;
  }
  const std::size_t end =
      static_cast<std::size_t>(std::ranges::find_if_not(rest, is_slug_letter) - rest.begin());
  const std::string_view slug = rest.substr(0, end);
  rest.remove_prefix(end);
  if (slug.empty() || rest.size() < 4 || rest[0] != '/' || !is_ascii_digit(rest[1]) ||
      rest[2] != '.' || !is_ascii_digit(rest[3])) {
    return std::nullopt;
  }
  PageLicence licence{std::string{slug}, std::string{rest.substr(1, 3)}};
  if (is_public_domain) {
    if (slug != "zero" && slug != "mark") {
      return std::nullopt;
    }
    licence.slug = slug == "zero" ? "cc0" : "pdm";
  }
  return licence;
}

HtmlElement::Test with_class(std::string_view word) {
  return [word](const HtmlElement& element) { return element.has_word("class", word); };
}

HtmlElement::Test with_id(std::string_view id) {
  return [id](const HtmlElement& element) { return element.attribute("id") == id; };
}

HtmlElement::Test with_attribute(std::string_view name, std::string_view value) {
  return [name, value](const HtmlElement& element) {
    return name == "rel" || name == "class" ? element.has_word(name, value)
                                            : element.attribute(name) == value;
  };
}

HtmlElement::Test having(std::string_view name) {
  return [name](const HtmlElement& element) { return element.attribute(name).has_value(); };
}

std::optional<HtmlElement> licence_link(const HtmlElement& within) {
  return within.find("a", [](const HtmlElement& element) {
    return element.has_word("rel", "license") && element.attribute("href").has_value();
  });
}

std::optional<PageLicence> licence_in(const HtmlElement& within) {
  const auto link = licence_link(within);
  return link ? licence_of(*link->attribute("href")) : std::nullopt;
}

std::string attribute(const HtmlElement& element, std::string_view name) {
  const auto value = element.attribute(name);
  if (!value) {
    throw PageFault{std::string{element.name()} + "@" + std::string{name}, "required"};
  }
  return clean_text(*value);
}

std::optional<std::string> attribute(const std::optional<HtmlElement>& element,
                                     std::string_view name) {
  return element ? std::optional{attribute(*element, name)} : std::nullopt;
}

std::string trimmed_text(const HtmlElement& element) {
  return std::string{trim_space(element.text())};
}

std::string clean_text_of(const HtmlElement& element) { return clean_text(element.text()); }

std::string lower_text_of(const HtmlElement& element) {
  return fold_case(trim_space(element.text()));
}

std::optional<std::string> open_graph(const HtmlDocument& html, std::string_view property) {
  return attribute(html.find("meta", with_attribute("property", property)), "content");
}

std::optional<std::string> numeric_id(std::string_view url) {
  if (url.ends_with('/')) {
    url.remove_suffix(1);
  }
  const std::size_t slash = url.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == url.size()) {
    return std::nullopt;
  }
  const std::string_view last = url.substr(slash + 1);
  return std::ranges::all_of(last, is_ascii_digit) ? std::optional{std::string{last}}
                                                   : std::nullopt;
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + separator.size());
  }
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string member_name(std::string_view label) {
  return replaced(fold_case(trim_space(label)), " ", "_");
}

namespace {

std::optional<std::int64_t> whole_pixels(std::string_view text) {
  text = trim_space(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return is_number && std::abs(number) < 2'147'483'648.0
             ? std::optional{static_cast<std::int64_t>(number)}
             : std::nullopt;
}

}  // namespace

std::string on_site(std::string_view site, std::string_view path) {
  if (path.starts_with("http://") || path.starts_with("https://") || path.starts_with("//")) {
    return std::string{path};
  }
  return std::string{site}.append(path);
}

json::value pixels(std::string_view name, const std::optional<std::string>& text) {
  if (!text || text->empty()) {
    return nullptr;
  }
  const auto number = whole_pixels(*text);
  if (!number) {
    throw PageFault{std::string{name}, "number"};
  }
  return *number;
}

json::value pixels_or_zero(const std::optional<std::string>& text) {
  return text ? whole_pixels(*text).value_or(0) : 0;
}

void add_licence(Picture& picture, const PageLicence& licence) {
  picture.text("license", licence.slug).text("license_version", licence.version);
}

}  // namespace freshet
