#include <algorithm>

#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

constexpr std::string_view kPlaceholder = "main/logo/card_black_large.png";

// Classes such as `u regular username`.
bool names_a_user(const HtmlElement& element) {
  const auto words = split(clean_text(element.attribute("class").value_or("")), " ");
  return element.attribute("href").has_value() &&
         std::ranges::any_of(words,
                             [](const std::string& word) { return word.ends_with("username"); });
}

}  // namespace

/// DeviantArt: one picture a page.
///
/// @source  Pages of deviantart.com as crawled until 2020.
Extracted extract_deviantart(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto licence = licence_in(page.html.root());
  const auto url = open_graph(page.html, "og:image");
  const auto view = page.html.find("div", with_class("dev-page-view view-mode-normal"));
  if (!licence || !url || url->find(kPlaceholder) != std::string::npos || !view) {
    return pictures;
  }
  Picture& picture = pictures.emplace_back();
  add_licence(picture, *licence);
  picture.text("url", *url)
      .text("foreign_identifier", attribute(*view, "gmi-deviationid"))
      .value("width", pixels("width", open_graph(page.html, "og:image:width")))
      .value("height", pixels("height", open_graph(page.html, "og:image:height")))
      .text("title", open_graph(page.html, "og:title"))
      .text("foreign_landing_url",
            open_graph(page.html, "og:url").value_or(std::string{page.address}));
  if (const auto author = page.html.find("small", with_class("author"))) {
    if (const auto user = author->find("a", &names_a_user)) {
      picture.text("creator", user->text()).text("creator_url", attribute(*user, "href"));
    }
  }
  const auto description = page.html.find("div", with_class("text block"));
  if (description && !trimmed_text(*description).empty()) {
    picture.meta("description", description->text());
  }
  return pictures;
}

}  // namespace freshet
