#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

std::vector<std::string> tags(const HtmlDocument& html) {
  std::vector<std::string> names;
  for (const HtmlElement& tag : html.find_all("a", with_attribute("title", "All tagged images"))) {
    for (std::string& name : split(tag.text(), ",")) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

}  // namespace

/// McCord Museum: one picture a page.
///
/// @source  Pages of musee-mccord.qc.ca as crawled until 2020.
Extracted extract_mccordmuseum(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto link = licence_link(page.html.root());
  const auto licence = link ? licence_of(*link->attribute("href")) : std::nullopt;
  const auto block = page.html.find("div", with_class("image"));
  if ((link && !licence) || !block) {
    return pictures;
  }
  const auto heading = page.html.find("h1", with_class("vo"));
  const auto parts = split(required(heading, "h1.vo").text(), "|");
  const std::string identifier = clean_text(parts.front());
  if (parts.size() < 2) {
    throw PageFault{"h1.vo", "title_behind_bar"};
  }
  if (identifier.empty()) {
    return pictures;
  }
  Picture& picture = pictures.emplace_back();
  if (licence) {
    add_licence(picture, *licence);
  }
  const auto image = block->find("img");
  const std::string source = attribute(image, "src").value_or("");
  const std::string url = source.empty() ? source : on_site(page.site, source);
  picture.text("url", url)
      .text("thumbnail", replaced(url, "/ObjView/", "/ListView/"))
      .value("width", pixels_or_zero(attribute(image, "width")))
      .value("height", pixels_or_zero(attribute(image, "height")))
      .text("foreign_identifier", identifier)
      .text("title", parts[1])
      .text("foreign_landing_url", page.address)
      .meta("alternate_language_available", "t")
      .value("watermarked", true)
      .tags(tags(page.html));
  if (const auto alternative = attribute(image, "alt"); alternative && !alternative->empty()) {
    picture.meta("image_alt_text", *alternative);
  }
  const auto label = page.html.find("div", with_id("etiquette"));
  const auto artist = label ? label->find("a",
                                          [](const HtmlElement& element) {
                                            return element.attribute("href").value_or("").find(
                                                       "tablename=artist") != std::string::npos;
                                          })
                            : std::nullopt;
  if (artist) {
    picture.text("creator", split(trimmed_text(*artist), " (").front());
  }
  const auto description = page.html.find("div", with_id("descriptions"));
  if (description && !trimmed_text(*description).empty()) {
    picture.meta("description", description->text());
  }
  return pictures;
}

}  // namespace freshet
