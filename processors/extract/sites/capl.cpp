#include "core/fold.hpp"
#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

constexpr std::string_view kCreator = "Michael R. Shaughnessy";

std::string large(std::string url) {
  return replaced(replaced(std::move(url), "/m/", "/l/"), "/s/", "/l/");
}

void add_image(Picture& picture, const std::string& url) {
  picture.text("url", url)
      .text("thumbnail", replaced(url, "/l/", "/m/"))
      .text("foreign_identifier", url)
      .text("creator", kCreator)
      .meta("alternate_language_available", "t");
}

// The label before the colon as a name of a member.
std::string label_of(const HtmlElement& line, std::string_view in_place_of_description) {
  std::string label = line.text();
  label = label.substr(0, label.find(':'));
  label = fold_case(clean_text(replaced(label, "Description", in_place_of_description)));
  return replaced(replaced(replaced(label, " ", "_"), "(", ""), ")", "");
}

// The English line is the title, those of other languages go to meta_data. @return has it a title?
bool add_titles(const HtmlElement& block, bool is_list, Picture& picture) {
  for (const HtmlElement& line : block.find_all("div", with_class("line"))) {
    const auto span = line.find("span");
    const std::string language = span ? attribute(*span, "lang") : "";
    const std::string text = clean_text_of(required(span, "div.line span"));
    if (language == "en") {
      picture.text("title", text);
    } else if (is_list) {
      picture.meta(label_of(line, "") + "_title", text);
    } else {
      picture.meta(label_of(line, "title"), text);
    }
  }
  return picture.has("title");
}

std::optional<Picture> single_image(const SitePage& page, const HtmlElement& block) {
  const auto licence = licence_in(block);
  const auto others = block.find("span", with_class("alternateImages"));
  const auto direct = others ? others->find("span", with_class("directLink")) : std::nullopt;
  const std::string url =
      direct ? large(attribute(direct->find("a"), "href").value_or("")) : std::string{};
  if (!licence || url.empty()) {
    return std::nullopt;
  }
  Picture picture;
  add_licence(picture, *licence);
  add_image(picture, url);
  picture.text(
      "foreign_landing_url",
      replaced(replaced(std::string{page.address}, "size=m", "size=l"), "size=s", "size=l"));
  return add_titles(block, false, picture) ? std::optional{std::move(picture)} : std::nullopt;
}

std::optional<Picture> listed_image(const SitePage& page, const HtmlElement& item) {
  const auto details = item.find("div", with_class("image"));
  const auto licence = details ? licence_in(*details) : std::nullopt;
  const auto image =
      details ? details->find("a",
                              [](const HtmlElement& element) {
                                return element.attribute("data-rel") == "lightbox[results]" &&
                                       element.attribute("href");
                              })
              : std::nullopt;
  if (!licence || !image) {
    return std::nullopt;
  }
  const std::string site = std::string{page.site} + "/";
  Picture picture;
  add_licence(picture, *licence);
  add_image(picture, on_site(site, large(attribute(*image, "href"))));
  if (const auto sizes = details->find("span", with_class("imgTxt"))) {
    for (const HtmlElement& size : sizes->find_all("a", having("href"))) {
      if (lower_text_of(size) == "l") {
        picture.text("foreign_landing_url", on_site(site, attribute(size, "href")));
      }
    }
  }
  return add_titles(item, true, picture) ? std::optional{std::move(picture)} : std::nullopt;
}

}  // namespace

/// Culturally Authentic Pictorial Lexicon: pages of one picture, and lists.
///
/// @source  Pages of capl.washjeff.edu as crawled until 2020.
Extracted extract_capl(const SitePage& page) {
  std::vector<Picture> pictures;
  if (const auto block = page.html.find("div", with_class("singleimage"))) {
    if (auto picture = single_image(page, *block)) {
      pictures.push_back(std::move(*picture));
    }
    return pictures;
  }
  const auto items = page.html.find_all("div", [](const HtmlElement& element) {
    const std::string classes = clean_text(element.attribute("class").value_or(""));
    return classes.find("light item") != std::string::npos ||
           classes.find("dark item") != std::string::npos;
  });
  for (const HtmlElement& item : items) {
    if (auto picture = listed_image(page, item)) {
      pictures.push_back(std::move(*picture));
    }
  }
  return pictures;
}

}  // namespace freshet
