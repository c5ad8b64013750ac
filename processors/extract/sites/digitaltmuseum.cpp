#include "core/fold.hpp"
#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

// Label and value of a list item stand apart by white space of two or more.
std::optional<std::pair<std::string, std::string>> label_and_value(const HtmlElement& item) {
  const std::string text = trimmed_text(item);
  std::vector<std::string> parts{""};
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (const std::size_t space = leading_space(std::string_view{text}.substr(end))) {
      end += space;
    }
    if (end - at >= 2) {
      parts.emplace_back();
      at = end;
    } else {
      parts.back().push_back(text[at++]);
    }
  }
  if (parts.size() < 2) {
    return std::nullopt;
  }
  return std::pair{replaced(fold_case(parts[0]), " ", "_"), parts[1]};
}

std::vector<std::pair<std::string, std::string>> metadata(const HtmlDocument& html) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const HtmlElement& section : html.find_all("section", with_class("article__metadata"))) {
    const auto heading = section.find("h2");
    if (!heading || lower_text_of(*heading) != "metadata") {
      continue;
    }
    for (const HtmlElement& item : section.find_all("li")) {
      if (auto pair = label_and_value(item)) {
        found.push_back(std::move(*pair));
      }
    }
  }
  return found;
}

std::optional<std::string> lead_text(const HtmlDocument& html) {
  const auto block = html.find("div", with_class("article__leadtext"));
  const auto paragraph = block ? block->find("p") : std::nullopt;
  return paragraph ? std::optional{replaced(trimmed_text(*paragraph), "Expand text", "")}
                   : std::nullopt;
}

std::optional<PageLicence> licence_of_item(const HtmlElement& item) {
  auto link = item.find("a", [](const HtmlElement& element) {
    return element.attribute("class").value_or("").find("media__license") != std::string::npos;
  });
  if (!link) {
    link = item.find("a", with_class("c-media-slider__license-link"));
  }
  return link ? licence_of(attribute(*link, "href")) : std::nullopt;
}

}  // namespace

/// DigitaltMuseum: every picture of an object.
///
/// @source  Pages of digitaltmuseum.org as crawled until 2020.
Extracted extract_digitaltmuseum(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto items = page.html.find_all("li", with_class("media__item"));
  const auto title_block = page.html.find("div", with_class("article__title"));
  const auto title = title_block ? title_block->find("h1") : std::nullopt;
  const auto details = metadata(page.html);
  const auto description = lead_text(page.html);
  for (const HtmlElement& item : items) {
    const auto licence = licence_of_item(item);
    const auto link = item.find("a", with_class("module__media media--image"));
    const auto image = link ? link->find("img") : std::nullopt;
    const std::string url = image ? clean_text(image->attribute("src").value_or("")) : "";
    if (!licence || url.empty()) {
      continue;
    }
    Picture& picture = pictures.emplace_back();
    add_licence(picture, *licence);
    picture.text("url", url)
        .text("foreign_landing_url", on_site(page.site, attribute(*link, "href")))
        .text("title", title ? title->text() : "")
        .meta("alternate_language_available", "t");
    for (const auto& [name, value] : details) {
      picture.meta(name, value);
    }
    picture.meta("image_alt_text", image->attribute("alt")).meta("description", description);
    if (const auto credit = item.find("i", with_class("media__credit"))) {
      if (const auto parts = split(credit->text(), ":"); parts.size() > 1) {
        picture.text("creator", parts[1]);
      }
    }
    if (items.size() > 1) {
      picture.meta("set", open_graph(page.html, "og:url").value_or(""));
    }
  }
  return pictures;
}

}  // namespace freshet
