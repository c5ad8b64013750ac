#include "api/query_string.hpp"
#include "api/web/escape.hpp"
#include "api/web/finder.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "api/web/view.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <charconv>

namespace freshet::api::web {
namespace {

constexpr int kPageSize = 40;
constexpr std::size_t kEarly = 6;

struct Wanted {
  std::string tag;
  std::string source;
  std::string creator;
  int page = 1;
};

Wanted read_wanted(const Query& query) {
  const auto text = [&](std::string_view name) {
    const std::string* const value = query.find(name);
    return value == nullptr ? std::string{} : *value;
  };
  Wanted wanted{.tag = text("tag"), .source = text("source"), .creator = text("creator")};
  const std::string page = text("page");
  std::from_chars(page.data(), page.data() + page.size(), wanted.page);
  wanted.page = std::clamp(wanted.page, 1, kDepth / kPageSize);
  return wanted;
}

std::string query_of(const Wanted& wanted, int page) {
  std::string query;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      query.append(query.empty() ? "?" : "&").append(name).append("=").append(url_encoded(value));
    }
  };
  add("tag", wanted.tag);
  add("source", wanted.source);
  add("creator", wanted.creator);
  if (page > 1) {
    query.append("&page=").append(std::to_string(page));
  }
  return query;
}

std::string api_query_of(const Wanted& wanted) {
  std::string query =
      "page_size=" + std::to_string(kPageSize) + "&page=" + std::to_string(wanted.page);
  if (!wanted.tag.empty()) {
    return query + "&unstable__collection=tag&unstable__tag=" + url_encoded(wanted.tag);
  }
  query += "&source=" + url_encoded(wanted.source);
  return wanted.creator.empty()
             ? query + "&unstable__collection=source"
             : query + "&unstable__collection=creator&creator=" + url_encoded(wanted.creator);
}

}  // namespace

Task<Reply> collection_page(const Visit& visit, Services services, Media media) {
  Wanted wanted = read_wanted(visit.request.query);
  if (wanted.tag.empty() && wanted.source.empty()) {
    co_return message_page(visit, 404);
  }
  if (!wanted.tag.empty()) {
    wanted.source.clear();
    wanted.creator.clear();
  }
  const Listing listing = co_await list_works(services, visit.request, media, api_query_of(wanted),
                                              visit.preferences.with_sensitive);
  if (listing.failure != 0) {
    co_return message_page(visit, listing.failure);
  }
  const Words& words = visit.words;
  const auto sources = services.sources.get(media);
  const auto source = std::ranges::find_if(sources->stats, [&](const SourceStat& known) {
    return lower_ascii(known.source_name) == lower_ascii(wanted.source);
  });
  const std::string source_name =
      source != sources->stats.end() ? source->display_name : wanted.source;
  const std::string name = !wanted.tag.empty()       ? wanted.tag
                           : !wanted.creator.empty() ? wanted.creator
                                                     : source_name;
  Page page{visit, "collection.html", name};
  const std::string path = "/" + std::string{store_name(media)} + "/collection";
  page.set_canonical(path + query_of(wanted, wanted.page));
  Dictionary& content = page.content();
  set(content, "KIND",
      !wanted.tag.empty() ? words.text(msg("Tag"))
      : !wanted.creator.empty()
          ? fill(words.text(msg("Creator at {source}")), {{"source", source_name}})
          : words.text(msg("Source")));
  set(content, "NAME", name);
  set(content, "COUNT",
      listing.total >= kMostCounted
          ? fill(words.text(media == Media::image ? msg("{count} images or more")
                                                  : msg("{count} sounds or more")),
                 {{"count", words.number(kMostCounted)}})
      : media == Media::image ? words.plural("{count} image", "{count} images", listing.total)
                              : words.plural("{count} sound", "{count} sounds", listing.total));
  if (wanted.tag.empty() && wanted.creator.empty() && source != sources->stats.end()) {
    if (const std::string url = web_address(source->source_url); !url.empty()) {
      Dictionary& site = Page::add(content, "SITE");
      set(site, "HREF", url);
      set(site, "NAME", source_name);
    }
  }
  if (listing.works.empty()) {
    show(content, "NOTHING", true);
    page.forbid_indexing();
  } else {
    Dictionary& section = Page::add(content, media == Media::image ? "IMAGES" : "SOUNDS");
    set(section, "LABEL", name);
    for (std::size_t i = 0; i < listing.works.size(); ++i) {
      add_work(page, section, media, listing.works[i], i < kEarly);
    }
  }
  const std::int64_t reached = static_cast<std::int64_t>(wanted.page) * kPageSize;
  if (wanted.page > 1) {
    set(Page::add(content, "PREVIOUS"), "HREF",
        visit.link(path + query_of(wanted, wanted.page - 1)));
  }
  if (reached < listing.total && reached + kPageSize <= kDepth) {
    set(Page::add(content, "MORE"), "HREF", visit.link(path + query_of(wanted, wanted.page + 1)));
  } else if (reached < listing.total) {
    show(content, "DEPTH_REACHED", true);
  }
  co_return page.reply();
}

}  // namespace freshet::api::web
