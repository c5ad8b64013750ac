#include <algorithm>

#include "core/fold.hpp"
#include "core/text.hpp"
#include "processors/extract/page_rules.hpp"

namespace freshet {
namespace {

// A link whose class attribute holds one of two texts: pages of two generations were crawled.
HtmlElement::Test with_either(std::string_view first, std::string_view second) {
  return [first, second](const HtmlElement& element) {
    const std::string classes = clean_text(element.attribute("class").value_or(""));
    return (classes.find(first) != std::string::npos || classes.find(second) != std::string::npos);
  };
}

std::optional<HtmlElement> copyright_block(const HtmlDocument& html) {
  auto block = html.find("div", with_id("project-block-copyright"));
  return block ? block : html.find("div", with_class("ProjectCopyright-tooltipContent-LVf"));
}

std::vector<HtmlElement> owner_blocks(const HtmlDocument& html) {
  auto blocks = html.find_all("div", with_class("rf-profile-item__info"));
  return blocks.empty() ? html.find_all("div", with_class("ProjectOwnersInfo-userInfo-2WK"))
                        : blocks;
}

// `…?country=US&state=CA&city=San+Jose`
void add_location(const HtmlElement& block, json::object& owner) {
  const auto link =
      block.find("a", with_either("rf-profile-item__location beicons-pre beicons-pre-location",
                                  "ProjectOwnersInfo-userLocation-_rE beicons-pre "
                                  "beicons-pre-location"));
  if (!link) {
    return;
  }
  const std::string address = link->attribute("href").value_or("");
  const std::size_t question = address.find('?');
  for (const std::string& pair :
       split(std::string_view{address}.substr(question == std::string::npos ? 0 : question + 1),
             "&")) {
    const std::size_t equals = pair.find('=');
    const std::string name = fold_case(trim_space(std::string_view{pair}.substr(0, equals)));
    if (equals != std::string::npos && (name == "country" || name == "state" || name == "city")) {
      owner[name] = clean_text(replaced(pair.substr(equals + 1), "+", " "));
    }
  }
}

json::array owners(const HtmlDocument& html) {
  json::array owners;
  for (const HtmlElement& block : owner_blocks(html)) {
    json::object owner;
    const auto name =
        block.find("a", with_either("rf-profile-item__name js-mini-profile",
                                    "ProjectOwnersInfo-userName-2oz js-mini-profile"));
    if (name && name->attribute("href")) {
      owner["name"] = clean_text_of(*name);
      owner["creator_url"] = clean_text(*name->attribute("href"));
    }
    add_location(block, owner);
    if (!owner.empty() && std::ranges::find(owners, json::value(owner)) == owners.end()) {
      owners.emplace_back(std::move(owner));
    }
  }
  return owners;
}

std::string url_of_owner(const json::array& owners, const std::string& creator) {
  for (const json::value& owner : owners) {
    const auto name = text_at(owner, "/name");
    if (name && fold_case(*name) == fold_case(creator)) {
      return std::string{text_at(owner, "/creator_url").value_or("")};
    }
  }
  return {};
}

}  // namespace

/// Behance: every picture of a project.
///
/// @source  Pages of behance.net as crawled until 2020.
Extracted extract_behance(const SitePage& page) {
  std::vector<Picture> pictures;
  const auto block = copyright_block(page.html);
  const auto link = block ? block->find("a") : std::nullopt;
  const auto licence = link ? licence_of(attribute(*link, "href")) : std::nullopt;
  const auto modules = page.html.find("div", with_id("project-modules"));
  if (!licence || !modules) {
    return pictures;
  }
  const std::string landing = open_graph(page.html, "og:url").value_or("");
  const std::string creator = open_graph(page.html, "og:owners").value_or("");
  const json::array all_owners = owners(page.html);
  std::vector<std::string> tags;
  for (const HtmlElement& tag :
       page.html.find_all("a", with_either("object-tag", "ProjectTags-tagLink-Hh_"))) {
    for (std::string& name : split(tag.text(), ",")) {
      tags.push_back(std::move(name));
    }
  }
  for (const HtmlElement& image : modules->find_all("img")) {
    const std::string url = attribute(image, "src");
    if (url.empty() || url.find("img/site/blank.png") != std::string::npos) {
      continue;
    }
    Picture& picture = pictures.emplace_back();
    add_licence(picture, *licence);
    picture.text("url", url)
        .text("foreign_landing_url", landing)
        .text("title", open_graph(page.html, "og:title"))
        .text("creator", creator)
        .text("creator_url", url_of_owner(all_owners, creator))
        .meta("set", landing)
        .meta("description", open_graph(page.html, "og:description"))
        .tags(tags);
    if (!all_owners.empty()) {
      picture.meta("owners", json::value(all_owners));
    }
  }
  return pictures;
}

}  // namespace freshet
