#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

void add_ecology(const HtmlDocument& html, Picture& picture) {
  const auto box = html.find("div", with_id("fic-ecologia"));
  for (const HtmlElement& detail :
       required(box, "div#fic-ecologia").find_all("div", with_class("fic-detalhe"))) {
    const auto head = detail.find("div", with_class("head"));
    const auto content = detail.find("div", with_class("content"));
    picture.meta(member_name(required(head, "div.head").text()),
                 trimmed_text(required(content, "div.content")));
  }
}

void add_related_species(const HtmlDocument& html, Picture& picture) {
  const auto box = html.find("div", with_id("detalhes-especie"));
  const auto label = box ? box->find("span", with_class("showtooltip big")) : std::nullopt;
  if (!label) {
    return;
  }
  std::string names;
  for (const HtmlElement& name : box->find_all("i")) {
    if (const std::string text = trimmed_text(name); text != "Download") {
      names += (names.empty() ? "" : ",") + text;
    }
  }
  picture.meta(member_name(label->text()), names);
}

std::optional<std::string> input(const HtmlElement& photo, std::string_view name) {
  return attribute(photo.find("input", with_attribute("name", name)), "value");
}

}  // namespace

/// Flora-On: the photographs of a species.
///
/// @source  Pages of flora-on.pt as crawled until 2020.
Extracted extract_floraon(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto chooser = page.html.find("div", with_id("fotochooser"));
  if (!chooser) {
    return pictures;
  }
  const auto species = page.html.find("span", with_class("especie"));
  for (const HtmlElement& photo : chooser->find_all("div", with_class("thumbnail"))) {
    const auto link = photo.find("a", with_attribute("rel", "license"));
    const auto licence = licence_of(attribute(required(link, "a[rel=license]"), "href"));
    const auto image = photo.find("img", [](const HtmlElement& element) {
      return element.has_word("class", "image") && element.attribute("src").has_value();
    });
    const std::string source = image ? attribute(*image, "src") : "";
    if (!licence || source.empty()) {
      continue;
    }
    Picture& picture = pictures.emplace_back();
    add_licence(picture, *licence);
    picture.text("url", on_site(std::string{page.site} + "/", source))
        .meta("image_alt_text", attribute(*image, "alt"))
        .value("width", pixels("width", input(photo, "wid")))
        .value("height", pixels("height", input(photo, "hei")))
        .text("creator", input(photo, "aut"))
        .text("title", species ? lower_text_of(*species) : "")
        .text("foreign_landing_url", page.address)
        .value("watermarked", true);
    add_ecology(page.html, picture);
    add_related_species(page.html, picture);
  }
  return pictures;
}

}  // namespace freshet
