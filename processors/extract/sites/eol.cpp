#include <algorithm>
#include <array>

#include "core/fold.hpp"
#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

std::string without_copyright(std::string text) {
  return clean_text(replaced(replaced(std::move(text), "\u00A9", ""), "Copyright", ""));
}

void add_shared(const SitePage& page, Picture& picture) {
  const auto title = open_graph(page.html, "og:title");
  picture.text("title", title ? split(*title, " - ").front() : "");
  if (const auto keywords = page.html.find("meta", with_attribute("name", "keywords"))) {
    picture.tags(split(attribute(*keywords, "content"), ","));
  }
  const auto article = page.html.find("div", [](const HtmlElement& element) {
    return element.attribute("class").value_or("").find("article") != std::string::npos;
  });
  const auto copy = article ? article->find("div", with_class("copy")) : std::nullopt;
  if (!copy) {
    return;
  }
  picture.meta("description", split(copy->text(), ".").front());
  const auto header = article->find("div", with_class("header"));
  if (const auto link = header ? header->find("a") : std::nullopt) {
    picture.meta("more_information", on_site(page.site, attribute(*link, "href")));
  }
}

// One line of credits, `Author: <a href=…>A. Name</a>`.
struct CreditLine {
  std::string text;
  std::string link;
};

std::vector<CreditLine> credit_lines(const HtmlElement& paragraph) {
  std::vector<CreditLine> lines(1);
  paragraph.walk(
      [&](const HtmlElement& element) {
        if (element.name() == "br") {
          lines.emplace_back();
        } else if (element.name() == "a" && lines.back().link.empty()) {
          lines.back().link = clean_text(element.attribute("href").value_or(""));
        }
      },
      [&](std::string_view text) { lines.back().text += text; });
  return lines;
}

void add_credit(const SitePage& page, const CreditLine& line, Picture& picture) {
  constexpr std::array<std::string_view, 7> kNames{
      "publisher", "contributor", "location_created", "photographer",
      "author",    "latitude",    "longitude"};
  const auto parts = split(line.text, ":");
  const std::string name = replaced(member_name(parts.front()), "view_source", "source");
  const std::string link = line.link.starts_with('/') ? on_site(page.site, line.link) : line.link;
  const std::string value = parts.size() > 1 ? without_copyright(parts[1]) : "";
  if ((name == "supplier" || name == "source") && !link.empty()) {
    picture.meta(name, link);
  } else if (std::ranges::find(kNames, name) != kNames.end()) {
    picture.meta(name, value);
    if (!link.empty()) {
      picture.meta(name + "_url", link);
    }
  } else if (name == "creator") {
    picture.text("creator", value).text("creator_url", link);
  }
}

// A page about one picture.
std::optional<Picture> data_object(const SitePage& page) {
  const auto media = page.html.find("div", with_class("media"));
  const auto image = media ? media->find("a") : std::nullopt;
  if (!image) {
    return std::nullopt;
  }
  Picture picture;
  add_shared(page, picture);
  const std::string landing = open_graph(page.html, "og:url").value_or("");
  picture.text("url", attribute(*image, "href"))
      .text("foreign_landing_url", landing)
      .text("foreign_identifier", numeric_id(landing));
  const auto source = page.html.find("div", with_class("article source"));
  if (!source) {
    return picture;
  }
  const auto link = source->find("a", [](const HtmlElement& element) {
    return element.attribute("href").value_or("").find("creativecommons.org") != std::string::npos;
  });
  if (link) {
    const auto licence = licence_of(*link->attribute("href"));
    if (!licence) {
      return std::nullopt;
    }
    add_licence(picture, *licence);
  }
  if (const auto owner = source->find("p", with_attribute("title", "Rights holder"))) {
    picture.meta("rights_holder", without_copyright(owner->text()));
  }
  for (const HtmlElement& paragraph : source->find_all(
           "p", [](const HtmlElement& element) { return !element.attribute("title"); })) {
    for (const CreditLine& line : credit_lines(paragraph)) {
      add_credit(page, line, picture);
    }
  }
  return picture;
}

void add_credits(const SitePage& page, const HtmlElement& attribution, Picture& picture) {
  const auto copy = attribution.find("div", with_class("copy"));
  if (!copy) {
    return;
  }
  for (const HtmlElement& paragraph : copy->find_all("p")) {
    if (paragraph.attribute("class")) {
      picture.text("creator", without_copyright(paragraph.text()));
      continue;
    }
    const auto link = paragraph.find("a");
    const std::string name = replaced(member_name(paragraph.first_text()), ":", "");
    if (link && (name == "source" || name == "supplier")) {
      const std::string address = attribute(*link, "href");
      picture.meta(name, address.starts_with('/') ? on_site(page.site, address) : address);
    }
  }
}

// One picture of a page about a taxon.
std::optional<Picture> image_of_taxon(const SitePage& page, const HtmlElement& block) {
  const auto link = block.find("a");
  const auto image = link ? link->find("img") : std::nullopt;
  const auto url = image ? image->attribute("src") : std::nullopt;
  if (!url) {
    return std::nullopt;
  }
  Picture picture;
  add_shared(page, picture);
  picture.text("url", *url)
      .text("foreign_landing_url", page.address)
      .text("foreign_identifier", numeric_id(attribute(*link, "href")))
      .text("thumbnail", image->attribute("data-thumb"))
      .meta("image_alt_text", image->attribute("alt"))
      .meta("set", open_graph(page.html, "og:url"));
  const auto classes = page.html.find("div", with_class("browsable classifications"));
  const auto current = classes ? classes->find("span", with_class("current")) : std::nullopt;
  if (const auto name = current ? current->find("i") : std::nullopt) {
    picture.meta("classification", name->text());
  }
  if (const auto attribution = block.find("div", with_class("attribution"))) {
    const auto first = attribution->find("a");
    const auto licence = first ? licence_of(attribute(*first, "href")) : std::nullopt;
    if (!licence) {
      return std::nullopt;
    }
    add_licence(picture, *licence);
    add_credits(page, *attribution, picture);
  }
  return picture;
}

}  // namespace

/// Encyclopedia of Life: pages of one picture (`/data_objects/`), and pages of a taxon.
///
/// @source  Pages of eol.org as crawled until 2018.
Extracted extract_eol(const SitePage& page) {
  std::vector<Picture> pictures;
  if (page.address.find("/data_objects/") != std::string_view::npos) {
    if (auto picture = data_object(page)) {
      pictures.push_back(std::move(*picture));
    }
    return pictures;
  }
  if (const auto block = page.html.find("div", with_class("images"))) {
    for (const HtmlElement& one : block->find_all("div", with_class("image"))) {
      if (auto picture = image_of_taxon(page, one)) {
        pictures.push_back(std::move(*picture));
      }
    }
  }
  return pictures;
}

}  // namespace freshet
