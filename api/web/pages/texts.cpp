#include <algorithm>
#include <array>
#include <optional>

#include "api/web/labels.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"

namespace freshet::api::web {
namespace {

struct TextPage {
  std::string_view path;
  std::string_view file;
  const char* title;
};

constexpr std::array kPages = std::to_array<TextPage>({
    {"/about", "about.html", msg("About")},
    {"/search-help", "search-help.html", msg("How to search")},
    {"/sensitive-content", "sensitive-content.html", msg("Sensitive content")},
    {"/licences", "licences.html", msg("Licences")},
});

constexpr std::array<std::string_view, 8> kLicences{"cc0",   "pdm",   "by",       "by-sa",
                                                    "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"};

void add_licences(Page& page) {
  for (const std::string_view slug : kLicences) {
    Dictionary& licence = Page::add(page.content(), "LICENCE");
    set(licence, "NAME", licence_name(slug, slug == "cc0" || slug == "pdm" ? "1.0" : "4.0"));
    SearchState search;
    search.filters["license"] = {std::string{slug}};
    set(licence, "HREF", search_path(page.visit().prefix, search));
    for (const LicenceElement& element : licence_elements(slug)) {
      Dictionary& entry = Page::add(licence, "ELEMENT");
      set(entry, "ICON", element.icon);
      set(entry, "LABEL", page.words().text(element.label));
      set(entry, "MEANING", page.words().text(element.meaning));
    }
  }
}

}  // namespace

std::optional<Reply> text_page(const Visit& visit) {
  const auto found = std::ranges::find(kPages, visit.path, &TextPage::path);
  if (found == kPages.end()) {
    return std::nullopt;
  }
  Page page{visit, found->file, visit.words.text(found->title)};
  if (found->file == "licences.html") {
    add_licences(page);
  }
  show(page.content(), "COUNTED", visit.is_usage_kept);
  show(page.content(), "UNCOUNTED", !visit.is_usage_kept);
  show(page.content(), "PROVIDERS", visit.pictures == Pictures::providers);
  return page.reply();
}

}  // namespace freshet::api::web
