#include "api/web/finder.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "api/web/view.hpp"

namespace freshet::api::web {
namespace {

constexpr std::string_view kNewest = "page_size=24&unstable__sort_by=indexed_on";
constexpr std::size_t kEarly = 8;

std::int64_t total_of(const Sources& sources) {
  std::int64_t total = 0;
  for (const SourceStat& source : sources.stats) {
    total += source.media_count;
  }
  return total;
}

}  // namespace

Task<Reply> home_page(const Visit& visit, Services services) {
  const Words& words = visit.words;
  Page page{visit, "home.html", ""};
  page.hide_search_box();
  page.set_description(
      words.text(msg("Find openly licensed pictures and sounds, and use them with the right "
                     "credit.")));
  Dictionary& content = page.content();
  const auto images = services.sources.get(Media::image);
  const auto sounds = services.sources.get(Media::audio);
  if (images->has_counts && sounds->has_counts) {
    Dictionary& counts = Page::add(content, "COUNTS");
    set(counts, "IMAGES", words.plural("{count} image", "{count} images", total_of(*images)));
    set(counts, "SOUNDS", words.plural("{count} sound", "{count} sounds", total_of(*sounds)));
  }
  const Listing newest =
      co_await list_works(services, visit.request, Media::image, std::string{kNewest}, false);
  if (!newest.works.empty()) {
    Dictionary& section = Page::add(content, "NEWEST");
    const std::int64_t age = (visit.now_micros - newest.works.front().created_micros) / 1'000'000;
    set(section, "AGO", words.ago(age));
    for (std::size_t i = 0; i < newest.works.size(); ++i) {
      add_tile(page, section, newest.works[i], i < kEarly);
    }
  }
  co_return page.reply();
}

}  // namespace freshet::api::web
