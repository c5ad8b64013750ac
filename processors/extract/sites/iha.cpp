#include "processors/extract/page_rules.hpp"

namespace freshet {

/// IHA Holiday Ads: the pictures of a house.
///
/// @source  Pages of iha.com as crawled until 2020.
Extracted extract_iha(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto slider = page.html.find("div", with_class("ph"));
  if (!slider) {
    return pictures;
  }
  const auto keywords = page.html.find("meta", with_attribute("name", "keywords"));
  for (const HtmlElement& slide : slider->find_all("span", with_class("swiper-slide"))) {
    const auto link = licence_link(slide);
    const auto licence = link ? licence_of(*link->attribute("href")) : std::nullopt;
    const auto url = slide.attribute("about");
    if ((link && !licence) || !url || url->find_first_not_of(" \t\r\n") == std::string::npos) {
      continue;
    }
    Picture& picture = pictures.emplace_back();
    if (licence) {
      add_licence(picture, *licence);
    }
    const auto image = slide.find("img");
    picture.text("url", *url)
        .text("foreign_identifier", *url)
        .text("foreign_landing_url", open_graph(page.html, "og:url"))
        .text("thumbnail", attribute(image, "src"))
        .value("width", pixels("width", attribute(image, "width")))
        .value("height", pixels("height", attribute(image, "height")))
        .text("title", attribute(image, "title"))
        .meta("image_alt_text", attribute(image, "alt"))
        .meta("alternate_language_available", "t")
        .value("watermarked", true);
    if (keywords) {
      picture.tags(split(attribute(*keywords, "content"), ","));
    }
  }
  return pictures;
}

}  // namespace freshet
