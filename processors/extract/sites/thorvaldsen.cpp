#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {

/// Thorvaldsens Museum: one picture a page.
///
/// @source  Pages of thorvaldsensmuseum.dk as crawled until 2020.
Extracted extract_thorvaldsen(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto link = licence_link(page.html.root());
  const auto licence = link ? licence_of(*link->attribute("href")) : std::nullopt;
  const std::string url = licence ? clean_text(link->attribute("about").value_or("")) : "";
  if (url.empty()) {
    return pictures;
  }
  Picture& picture = pictures.emplace_back();
  add_licence(picture, *licence);
  picture.text("url", url)
      .text("thumbnail", replaced(url, "/large/", "/small/"))
      .text("foreign_landing_url", page.address)
      .meta("alternate_language_available", "t");
  if (const auto image = page.html.find("img", with_attribute("src", url))) {
    picture.value("width", pixels("width", attribute(*image, "width")))
        .value("height", pixels("height", attribute(*image, "height")))
        .text("title", attribute(*image, "alt"));
  }
  if (const auto artists = page.html.find("div", with_class("artists"))) {
    picture.text("creator", artists->first_text())
        .text("creator_url", attribute(artists->find("a",
                                                     [](const HtmlElement& element) {
                                                       return element.has_word("class",
                                                                               "standard") &&
                                                              element.attribute("href");
                                                     }),
                                       "href"));
  }
  return pictures;
}

}  // namespace freshet
