#include "core/crawl/split_url.hpp"
#include "core/http/http_client.hpp"
#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

std::string picture_of(const std::string& landing) {
  std::string buffer;
  const auto parts = split_url(landing, buffer);
  if (parts) {
    for (const auto& [name, value] : http::decode_query(parts->query)) {
      if (name == "pic" && !value.empty()) {
        return value;
      }
    }
  }
  throw PageFault{"photogallery_share pic", "required"};
}

void add_author(const HtmlDocument& html, Picture& picture) {
  const auto author = html.find("span", with_class("photogallery_caption photogallery_author"));
  if (!author) {
    return;
  }
  if (const auto link = author->find("a")) {
    picture.text("creator", link->text()).text("creator_url", attribute(*link, "href"));
  } else if (const auto text =
                 author->find("span", with_class("photogallery_caption photogallery_text"))) {
    picture.text("creator", text->text());
  }
}

}  // namespace

bool wants_worms(std::string_view address) {
  return address.find("p=image") != std::string_view::npos;
}

/// World Register of Marine Species: pages of one picture.
///
/// @source  Pages of marinespecies.org as crawled until 2020.
Extracted extract_worms(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto block = page.html.find("div", with_id("photogallery_resized_img"));
  const auto statement =
      block ? block->find("meta", with_attribute("itemprop", "license")) : std::nullopt;
  const auto licence = statement ? licence_of(attribute(*statement, "content")) : std::nullopt;
  const auto image = block ? block->find("img") : std::nullopt;
  if (!licence || !image) {
    return pictures;
  }
  Picture& picture = pictures.emplace_back();
  add_licence(picture, *licence);
  const std::string url = attribute(*image, "src");
  picture.text("url", url)
      .text("thumbnail", replaced(url, "resized", "thumbs"))
      .text("title", attribute(*image, "title"))
      .value("width", pixels_or_zero(image->attribute("width")))
      .value("height", pixels_or_zero(image->attribute("height")));
  if (const auto share = page.html.find("div", with_id("photogallery_share"))) {
    const std::string landing = attribute(*share, "data-url");
    picture.text("foreign_identifier", picture_of(landing)).text("foreign_landing_url", landing);
  }
  const auto caption =
      page.html.find("span", with_class("photogallery_caption photogallery_descr"));
  const auto description =
      caption ? caption->find("span", with_class("photogallery_caption photogallery_text"))
              : std::nullopt;
  if (description && !trimmed_text(*description).empty()) {
    picture.meta("description", description->text());
  }
  add_author(page.html, picture);
  return pictures;
}

}  // namespace freshet
