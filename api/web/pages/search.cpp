#include <algorithm>
#include <array>

#include "api/web/finder.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "api/web/view.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

constexpr int kImages = 40;
constexpr int kSounds = 20;
constexpr int kImagesOnMixed = 20;
constexpr int kSoundsOnMixed = 6;
constexpr std::size_t kEarly = 6;
constexpr std::array kScopes{Scope::all, Scope::image, Scope::audio};

int page_size(Scope scope, Media media) {
  return scope == Scope::all ? (media == Media::image ? kImagesOnMixed : kSoundsOnMixed)
                             : (media == Media::image ? kImages : kSounds);
}

bool is_of(Scope scope, Media media) {
  return scope == Scope::all || (scope == Scope::image) == (media == Media::image);
}

/// How many there are: exactly, or at least, or none.
std::string count_text(const Words& words, Media media, std::int64_t total) {
  if (total >= kMostCounted) {
    return fill(words.text(media == Media::image ? msg("{count} images or more")
                                                 : msg("{count} sounds or more")),
                {{"count", words.number(kMostCounted)}});
  }
  if (total == 0) {
    return words.text(media == Media::image ? msg("No images") : msg("No sounds"));
  }
  return media == Media::image ? words.plural("{count} image", "{count} images", total)
                               : words.plural("{count} sound", "{count} sounds", total);
}

std::string source_label(const Services& services, const std::string& name) {
  for (const Media media : {Media::image, Media::audio}) {
    const auto sources = services.sources.get(media);
    for (const SourceStat& source : sources->stats) {
      if (lower_ascii(source.source_name) == lower_ascii(name)) {
        return source.display_name;
      }
    }
  }
  return name;
}

std::string choice_label(const Words& words, std::string_view filter, std::string_view value) {
  for (const Filter& one : filters()) {
    for (const Choice& choice : one.choices) {
      if (one.name == filter && choice.value == value) {
        return words.text(choice.label);
      }
    }
  }
  return std::string{value};
}

std::string chip_label(const Words& words, const Services& services, const std::string& filter,
                       const std::string& value) {
  return filter == "source" ? source_label(services, value) : choice_label(words, filter, value);
}

Dictionary& add_choice(Dictionary& group, const std::string& id, std::string_view name,
                       std::string_view value, std::string_view label, bool is_on) {
  Dictionary& choice = Page::add(group, "CHOICE");
  set(choice, "ID", id);
  set(choice, "NAME", name);
  set(choice, "VALUE", value);
  set(choice, "LABEL", label);
  show(choice, "IS_ON", is_on);
  return choice;
}

/// Sources of the scope, the largest first.
std::vector<SourceStat> sources_of(const Services& services, Scope scope) {
  std::map<std::string, SourceStat> by_name;
  for (const Media media : {Media::image, Media::audio}) {
    if (!is_of(scope, media)) {
      continue;
    }
    const auto sources = services.sources.get(media);
    for (const SourceStat& source : sources->stats) {
      const auto [entry, is_new] = by_name.emplace(lower_ascii(source.source_name), source);
      entry->second.media_count += is_new ? 0 : source.media_count;
    }
  }
  std::vector<SourceStat> list;
  for (auto& [name, source] : by_name) {
    if (source.media_count > 0) {
      list.push_back(std::move(source));
    }
  }
  std::ranges::stable_sort(list, std::ranges::greater{}, &SourceStat::media_count);
  return list;
}

void add_filters(Page& page, const Services& services, const SearchState& search) {
  const Words& words = page.words();
  Dictionary& panel = page.include(page.content(), "FILTERS", "filters.html");
  set(panel, "CLEAR", search_path(page.visit().prefix, without_filters(search)));
  show(panel, "HAS_FILTERS", search.filter_count() > 0);
  if (search.is_newest_first) {
    show(panel, "NEWEST", true);
  }
  int group_number = 0;
  for (const Filter& filter : filters()) {
    if ((search.scope == Scope::image && !filter.is_of(Media::image)) ||
        (search.scope == Scope::audio && !filter.is_of(Media::audio))) {
      continue;
    }
    Dictionary& group = Page::add(panel, "GROUP");
    set(group, "LABEL", words.text(filter.label));
    const std::string prefix = "f" + std::to_string(++group_number) + "-";
    bool is_open = filter.name == "license_type" || filter.name == "license";
    for (const Choice& choice : filter.choices) {
      const bool is_on = search.has(filter.name, choice.value);
      is_open = is_open || is_on;
      Dictionary& added = add_choice(group, prefix + std::string{choice.value}, filter.name,
                                     choice.value, words.text(choice.label), is_on);
      if (choice.meaning != nullptr) {
        set(Page::add(added, "MEANING"), "TEXT", words.text(choice.meaning));
      }
    }
    show(group, "OPEN", is_open);
  }
  const std::vector<SourceStat> sources = sources_of(services, search.scope);
  if (!sources.empty()) {
    Dictionary& group = Page::add(panel, "GROUP");
    set(group, "LABEL", words.text(msg("Source")));
    show(group, "IS_LONG", true);
    int number = 0;
    for (const SourceStat& source : sources) {
      const bool is_on = std::ranges::any_of(
          search.filters.contains("source") ? search.filters.find("source")->second
                                            : std::vector<std::string>{},
          [&](const std::string& name) {
            return lower_ascii(name) == lower_ascii(source.source_name);
          });
      add_choice(group, "s" + std::to_string(++number), "source", source.source_name,
                 source.display_name, is_on);
    }
    show(group, "OPEN", search.filters.contains("source"));
  }
}

void add_chips(Page& page, const Services& services, const SearchState& search) {
  if (search.filter_count() == 0) {
    return;
  }
  Dictionary& chips = Page::add(page.content(), "CHIPS");
  for (const auto& [filter, values] : search.filters) {
    for (const std::string& value : values) {
      Dictionary& chip = Page::add(chips, "CHIP");
      set(chip, "LABEL", chip_label(page.words(), services, filter, value));
      set(chip, "HREF", search_path(page.visit().prefix, without(search, filter, value)));
    }
  }
  set(chips, "CLEAR", search_path(page.visit().prefix, without_filters(search)));
}

void add_tabs(Page& page, const SearchState& search) {
  for (const Scope scope : kScopes) {
    Dictionary& tab = Page::add(page.content(), "TAB");
    set(tab, "HREF", search_path(page.visit().prefix, in_scope(search, scope)));
    set(tab, "LABEL",
        page.words().text(scope == Scope::all     ? msg("All")
                          : scope == Scope::image ? msg("Images")
                                                  : msg("Sounds")));
    show(tab, "CURRENT", scope == search.scope);
  }
}

void add_sorts(Page& page, const SearchState& search) {
  for (const bool newest : {false, true}) {
    Dictionary& sort = Page::add(page.content(), "SORT");
    SearchState other = search;
    other.is_newest_first = newest;
    other.page = 1;
    set(sort, "HREF", search_path(page.visit().prefix, other));
    set(sort, "LABEL", page.words().text(newest ? msg("Newest") : msg("Most relevant")));
    show(sort, "CURRENT", newest == search.is_newest_first);
  }
}

std::string heading(const Words& words, const SearchState& search) {
  if (search.words.empty()) {
    return words.text(search.scope == Scope::all     ? msg("Everything")
                      : search.scope == Scope::image ? msg("All images")
                                                     : msg("All sounds"));
  }
  return fill(words.text(msg("“{words}”")), {{"words", search.words}});
}

/// One kind of work on the page.
struct Part {
  Media media = Media::image;
  bool is_left_out = false;  ///< by a filter that none of its works has
  Listing listing;
};

void add_part(Page& page, const SearchState& search, const Part& part) {
  const Words& words = page.words();
  Dictionary& section = Page::add(page.content(), part.media == Media::image ? "IMAGES" : "SOUNDS");
  set(section, "LABEL",
      fill(words.text(part.media == Media::image ? msg("Images, {count}") : msg("Sounds, {count}")),
           {{"count", count_text(words, part.media, part.listing.total)}}));
  set(section, "FIRST", std::to_string((search.page - 1) * page_size(search.scope, part.media)));
  const Scope own = part.media == Media::image ? Scope::image : Scope::audio;
  for (std::size_t i = 0; i < part.listing.works.size(); ++i) {
    add_work(page, section, part.media, part.listing.works[i], i < kEarly);
  }
  if (search.scope == Scope::all) {
    Dictionary& title = Page::add(section, "TITLE_ROW");
    set(title, "HEADING", words.text(part.media == Media::image ? msg("Images") : msg("Sounds")));
    set(title, "HREF", search_path(page.visit().prefix, in_scope(search, own)));
    set(title, "SEE_ALL", count_text(words, part.media, part.listing.total));
    return;
  }
  const int size = page_size(search.scope, part.media);
  const std::int64_t reached = static_cast<std::int64_t>(search.page) * size;
  SearchState other = search;
  if (search.page > 1) {
    other.page = search.page - 1;
    set(Page::add(page.content(), "PREVIOUS"), "HREF", search_path(page.visit().prefix, other));
  }
  if (reached < part.listing.total && reached + size <= kDepth) {
    other.page = search.page + 1;
    set(Page::add(page.content(), "MORE"), "HREF", search_path(page.visit().prefix, other));
  } else if (reached < part.listing.total) {
    show(page.content(), "DEPTH_REACHED", true);
  }
}

Task<void> add_suggestions(Page& page, Services services, const SearchState& search) {
  const Visit& visit = page.visit();
  const Words& words = page.words();
  Dictionary& nothing = Page::add(page.content(), "NOTHING");
  if (!search.words.empty()) {
    set(Page::add(nothing, "FOR_WORDS"), "WORDS", search.words);
  } else {
    show(nothing, "FOR_NO_WORDS", true);
  }
  const Media media = search.scope == Scope::audio ? Media::audio : Media::image;
  const std::string better =
      co_await suggest_spelling(services, visit.request, media, search.words);
  if (!better.empty()) {
    SearchState corrected = search;
    corrected.words = better;
    corrected.page = 1;
    Dictionary& spelling = Page::add(nothing, "SPELLING");
    set(spelling, "WORDS", better);
    set(spelling, "HREF", search_path(visit.prefix, corrected));
  }
  for (const auto& [filter, values] : search.filters) {
    for (const std::string& value : values) {
      Dictionary& drop = Page::add(nothing, "DROP");
      set(drop, "LABEL", chip_label(words, services, filter, value));
      set(drop, "HREF", search_path(visit.prefix, without(search, filter, value)));
    }
  }
  if (search.scope != Scope::all) {
    const Media other = search.scope == Scope::image ? Media::audio : Media::image;
    const SearchState there = in_scope(search, other == Media::image ? Scope::image : Scope::audio);
    if (const auto query = api_query(there, other, 1)) {
      const Listing listing = co_await list_works(services, visit.request, other, *query,
                                                  visit.preferences.with_sensitive);
      if (listing.total > 0) {
        Dictionary& elsewhere = Page::add(nothing, "ELSEWHERE");
        set(elsewhere, "HREF", search_path(visit.prefix, there));
        set(elsewhere, "COUNT", count_text(words, other, listing.total));
      }
    }
  }
}

}  // namespace

Task<Reply> search_page(const Visit& visit, Services services, Scope scope) {
  const SearchState search = read_search(scope, visit.request.query_text);
  if (is_from_form(visit.request.query_text)) {
    co_return redirect(303, search_path(visit.prefix, search));
  }
  std::vector<Part> parts;
  for (const Media media : {Media::image, Media::audio}) {
    if (!is_of(scope, media)) {
      continue;
    }
    Part part;
    part.media = media;
    const auto query = api_query(search, media, page_size(scope, media));
    part.is_left_out = !query;
    if (query) {
      part.listing = co_await list_works(services, visit.request, media, *query,
                                         visit.preferences.with_sensitive);
      if (part.listing.failure != 0) {
        co_return message_page(visit, part.listing.failure);
      }
    }
    parts.push_back(std::move(part));
  }
  const Words& words = visit.words;
  Page page{visit, "search.html", heading(words, search)};
  page.set_search(search);
  page.set_canonical(search_path("", search));
  if (search.page > 1 || search.filter_count() > 0) {
    page.forbid_indexing();
  }
  Dictionary& content = page.content();
  set(content, "HEADING", heading(words, search));
  set(content, "SCOPE", scope == Scope::all ? "all" : scope == Scope::image ? "image" : "audio");
  set(content, "PAGE", std::to_string(search.page));
  std::string counts;
  std::int64_t total = 0;
  bool has_unknown = false;
  for (const Part& part : parts) {
    if (!part.is_left_out) {
      counts.append(counts.empty() ? "" : " · ")
          .append(count_text(words, part.media, part.listing.total));
    }
    total += part.listing.total;
    if (!part.listing.unknown_sources.empty() && !has_unknown) {
      has_unknown = true;
      std::string names;
      for (const std::string& name : part.listing.unknown_sources) {
        names.append(names.empty() ? "" : ", ").append(name);
      }
      set(Page::add(content, "UNKNOWN"), "SOURCES", names);
    }
  }
  set(content, "COUNT", counts);
  set(content, "TOTAL", std::to_string(total));
  if (search.filter_count() > 0) {
    set(Page::add(content, "FILTER_COUNT"), "COUNT", words.number(search.filter_count()));
  }
  add_tabs(page, search);
  add_sorts(page, search);
  add_filters(page, services, search);
  add_chips(page, services, search);
  for (const Part& part : parts) {
    if (part.is_left_out) {
      show(content, part.media == Media::image ? "IMAGES_LEFT_OUT" : "SOUNDS_LEFT_OUT", true);
    } else if (part.listing.total > 0) {
      add_part(page, search, part);
    }
  }
  if (total == 0) {
    co_await add_suggestions(page, services, search);
  }
  co_return page.reply();
}

}  // namespace freshet::api::web
