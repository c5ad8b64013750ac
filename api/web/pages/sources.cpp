#include <algorithm>

#include "api/web/escape.hpp"
#include "api/web/finder.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

std::int64_t newest_of(const std::map<std::string, SourceFreshness>& freshness,
                       const std::string& source) {
  std::int64_t newest = 0;
  for (const auto& [name, fresh] : freshness) {
    if (lower_ascii(name) == lower_ascii(source)) {
      newest = std::max(newest, fresh.newest_millis);
    }
  }
  return newest;
}

/// `example.org` of `https://www.example.org/path`
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view host = scheme == url.npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  return std::string{host.starts_with("www.") ? host.substr(4) : host};
}

}  // namespace

Task<Reply> sources_page(const Visit& visit, Services services) {
  const Words& words = visit.words;
  Page page{visit, "sources.html", words.text(msg("Sources"))};
  for (const Media media : {Media::image, Media::audio}) {
    const auto sources = services.sources.get(media);
    std::vector<SourceStat> list = sources->stats;
    // Those that are registered, but have brought nothing yet, are no place to look in.
    std::erase_if(list, [&](const SourceStat& source) {
      return sources->has_counts && source.media_count == 0;
    });
    std::ranges::stable_sort(list, std::ranges::greater{}, &SourceStat::media_count);
    const auto freshness = co_await source_freshness(services, visit.request, media);
    Dictionary& table = Page::add(page.content(), "TABLE");
    set(table, "HEADING", words.text(media == Media::image ? msg("Images") : msg("Sounds")));
    std::int64_t total = 0;
    for (const SourceStat& source : list) {
      total += source.media_count;
      Dictionary& row = Page::add(table, "SOURCE");
      set(row, "NAME", source.display_name);
      set(row, "HREF",
          visit.link("/" + std::string{store_name(media)} +
                     "/collection?source=" + url_encoded(source.source_name)));
      if (const std::string url = web_address(source.source_url); !url.empty()) {
        Dictionary& site = Page::add(row, "SITE");
        set(site, "HREF", url);
        set(site, "HOST", host_of(url));
      }
      set(row, "COUNT", sources->has_counts ? words.number(source.media_count) : "–");
      const std::int64_t newest = newest_of(freshness, source.source_name);
      set(row, "NEWEST",
          newest == 0 ? "–" : words.ago(visit.now_micros / 1'000'000 - newest / 1'000));
    }
    set(table, "TOTAL", words.number(total));
  }
  co_return page.reply();
}

}  // namespace freshet::api::web
