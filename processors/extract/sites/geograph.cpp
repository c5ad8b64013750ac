#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

std::vector<std::string> tags(const HtmlDocument& html) {
  std::vector<std::string> names;
  for (const HtmlElement& tag : html.find_all("span", with_class("tag"))) {
    for (std::string& name : split(tag.text(), ",")) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

void add_place(const HtmlDocument& html, Picture& picture) {
  const auto latitude = attribute(html.find("abbr", with_class("latitude")), "title");
  const auto longitude = attribute(html.find("abbr", with_class("longitude")), "title");
  if (latitude && !latitude->empty() && longitude && !longitude->empty()) {
    picture.meta("latitude", *latitude).meta("longitude", *longitude);
  }
}

}  // namespace

/// Geograph Britain and Ireland: one photograph a page.
///
/// @source  Pages of geograph.org.uk as crawled until 2020.
Extracted extract_geograph(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto licence = licence_in(page.html.root());
  const auto photo = page.html.find("div", with_id("mainphoto"));
  const auto canonical = page.html.find("link", [](const HtmlElement& element) {
    return element.has_word("rel", "canonical") && element.attribute("href").has_value();
  });
  const std::string landing = attribute(canonical, "href").value_or(std::string{page.address});
  const auto identifier = numeric_id(landing);
  if (!licence || !photo || !identifier) {
    return pictures;
  }
  Picture& picture = pictures.emplace_back();
  add_licence(picture, *licence);
  const auto image = photo->find("img");
  picture.text("url", attribute(image, "src"))
      .text("foreign_identifier", identifier)
      .text("foreign_landing_url", landing)
      .value("width", pixels("width", attribute(image, "width")))
      .value("height", pixels("height", attribute(image, "height")));
  if (const auto title = page.html.find("strong", with_attribute("property", "dct:title"))) {
    picture.text("title", title->text());
  }
  const auto author = page.html.find("a", [](const HtmlElement& element) {
    return element.has_word("rel", "author") && element.attribute("href").has_value();
  });
  if (author) {
    picture.text("creator", author->text())
        .text("creator_url", on_site(page.site, *author->attribute("href")));
  }
  picture.tags(tags(page.html));
  add_place(page.html, picture);
  if (const auto taken = page.html.find("span", with_attribute("itemprop", "exifData"))) {
    picture.meta("date_taken", taken->text());
  }
  if (const auto caption = page.html.find("div", with_attribute("itemprop", "description"))) {
    picture.meta("description", caption->text());
  }
  return pictures;
}

}  // namespace freshet
