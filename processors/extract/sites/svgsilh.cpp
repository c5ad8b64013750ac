#include <algorithm>

#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

// `/image/100.html`
bool leads_to_image(const HtmlElement& link) {
  const std::string address = link.attribute("href").value_or("");
  for (std::size_t at = address.find("/image/"); at != std::string::npos;
       at = address.find("/image/", at + 1)) {
    const std::string_view rest = std::string_view{address}.substr(at + 7);
    const std::size_t digits =
        static_cast<std::size_t>(std::ranges::find_if_not(rest, is_ascii_digit) - rest.begin());
    if (digits > 0 && rest.size() > digits && rest.substr(digits + 1).starts_with("html")) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> tags(const HtmlElement& card) {
  std::vector<std::string> names;
  if (const auto title = card.find("p", with_attribute("property", "dct:title"))) {
    for (const HtmlElement& tag : title->find_all("a")) {
      for (std::string& name : split(tag.text(), ",")) {
        names.push_back(std::move(name));
      }
    }
  }
  return names;
}

}  // namespace

/// SVGSilh: every silhouette of a page, all of them CC0.
///
/// @source  Pages of svgsilh.com as crawled until 2020.
Extracted extract_svgsilh(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto shown = open_graph(page.html, "og:image");
  const std::string domain = shown ? split(*shown, "/png").front() : "";
  const auto title = open_graph(page.html, "og:description");
  for (const HtmlElement& card :
       page.html.find_all("div", with_class("card mb-3 box-shadow h-100"))) {
    const auto link = licence_link(card);
    const auto licence = link ? licence_of(*link->attribute("href")) : std::nullopt;
    if (link && (!licence || licence->slug != "cc0")) {
      continue;
    }
    const auto anchor = card.find("a");
    const auto image = required(anchor, "a").find("img");
    const std::string source = attribute(image, "src").value_or("");
    if (domain.find("svgsilh") == std::string::npos) {
      continue;
    }
    Picture& picture = pictures.emplace_back();
    if (licence) {
      add_licence(picture, *licence);
    }
    picture.text("url", domain + replaced(source, "svg", "png"))
        .meta("svg", domain + source)
        .meta("alternate_language_available", "t")
        .tags(tags(card));
    if (const auto landing = card.find("a", &leads_to_image)) {
      picture.text("foreign_landing_url", domain + attribute(*landing, "href"));
    }
    if (title) {
      picture.text("title", split(split(*title, " - ").front(), "(").front());
    }
  }
  return pictures;
}

}  // namespace freshet
