#include <algorithm>

#include "core/fold.hpp"
#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

std::vector<HtmlElement> headings_and_paragraphs(const HtmlElement& section) {
  return section.find_all("", [](const HtmlElement& element) {
    return element.name() == "h3" || element.name() == "p";
  });
}

bool has_class_with(const HtmlElement& element, std::string_view part) {
  const auto classes = element.attribute("class");
  return classes && classes->find(part) != std::string::npos;
}

// A word of the class that begins so.
bool has_class_from(const HtmlElement& element, std::string_view begin) {
  const auto classes = element.attribute("class");
  if (!classes) {
    return false;
  }
  const auto words = split(clean_text(*classes), " ");
  return std::ranges::any_of(words,
                             [&](const std::string& word) { return word.starts_with(begin); });
}

// What stands for a missing name in the original's texts.
std::string text_or_none(const std::optional<HtmlElement>& element) {
  return element ? trimmed_text(*element) : "None";
}

// `{rank: "taxon / vernacular name"}` of a list of taxa.
json::object taxa(const HtmlElement& list) {
  json::object taxa;
  for (const HtmlElement& item : list.find_all("li")) {
    const auto rank = item.find("span", with_class("rank"));
    const auto taxon = item.find(
        "a", [](const HtmlElement& element) { return has_class_from(element, "taxon-name"); });
    const auto vernacular = item.find("span", with_class("vernacular-name"));
    taxa[rank ? lower_text_of(*rank) : "null"] =
        text_or_none(taxon) + " / " + text_or_none(vernacular);
  }
  return taxa;
}

void add_metadata(const HtmlDocument& html, Picture& picture) {
  const auto section = html.find("section", with_class("metadata"));
  if (!section) {
    return;
  }
  const auto parts = headings_and_paragraphs(*section);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].name() != "h3") {
      continue;
    }
    if (i + 1 == parts.size()) {
      throw PageFault{"section.metadata p", "required"};
    }
    const std::string label = member_name(parts[i].text());
    if (label != "conditions_of_use") {
      picture.meta(label, trimmed_text(parts[i + 1]));
    }
  }
}

std::vector<std::string> keywords(const HtmlDocument& html) {
  std::vector<std::string> names;
  const auto lists = html.find_all(
      "ul", [](const HtmlElement& element) { return has_class_with(element, "keywords"); });
  for (const HtmlElement& list : lists) {
    const auto item = list.find(
        "li", [](const HtmlElement& element) { return !element.attribute("class").has_value(); });
    if (item) {
      for (const std::string& part : split(item->text(), "::")) {
        for (std::string& name : split(part, ",")) {
          names.push_back(std::move(name));
        }
      }
    }
  }
  return names;
}

}  // namespace

bool wants_animaldiversity(std::string_view address) {
  const std::string_view path = address.substr(std::min(address.find('/'), address.size()));
  return path.starts_with("/accounts/") || path.starts_with("/collections/") ||
         path.starts_with("/site/");
}

/// Animal Diversity Web: one picture a page.
///
/// @source  Pages of animaldiversity.org as crawled until 2020.
Extracted extract_animaldiversity(const SitePage& page) {
  const auto licence = licence_in(page.html.root());
  const auto image = page.html.find("img", [](const HtmlElement& element) {
    return element.has_word("class", "resource") && element.attribute("src").has_value();
  });
  if (!licence || !image) {
    return std::vector<Picture>{};
  }
  Picture picture;
  add_licence(picture, *licence);
  const std::string source = attribute(*image, "src");
  picture.text("url", source.empty() ? source : on_site(page.site, source))
      .value("width", pixels("width", attribute(*image, "data-width")))
      .value("height", pixels("height", attribute(*image, "data-height")))
      .meta("image_alt_text", attribute(*image, "alt"))
      .text("title", required(open_graph(page.html, "og:title"), "og:title"));
  add_metadata(page.html, picture);
  if (const auto box = page.html.find("div", with_class("classification well"))) {
    if (const auto heading = box->find("h3")) {
      picture.meta(lower_text_of(*heading), taxa(*box));
    }
  }
  if (const auto box = page.html.find("div", with_class("related navlist well"))) {
    if (const auto heading = box->find("h3")) {
      picture.meta(member_name(heading->text()), taxa(*box));
    }
  }
  picture.tags(keywords(page.html))
      .text("foreign_landing_url",
            open_graph(page.html, "og:url").value_or(std::string{page.address}));
  std::vector<Picture> pictures;
  pictures.push_back(std::move(picture));
  return pictures;
}

}  // namespace freshet
