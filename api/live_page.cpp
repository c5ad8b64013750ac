#include "api/live_page.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/hash.hpp"

namespace freshet::api {
namespace {

constexpr int kMostRounds = 6;
constexpr std::size_t kDeepest = 10'000;           // of the index: from + size
constexpr std::chrono::milliseconds kNear{2'500};  // to the deadline: no further round is begun

std::vector<Link> links_of(const std::vector<WorkRow>& rows, Media media) {
  std::vector<Link> links;
  for (const WorkRow& row : rows) {
    links.push_back({row.text<Field::provider>().value_or(""),
                     with_scheme(row.text<Field::url>().value_or("")), row.identifier, media});
  }
  return links;
}

/// The identifiers of rows whose links are dead.
std::vector<std::string> dead_of(const std::vector<WorkRow>& rows,
                                 const std::vector<LinkState>& states) {
  std::vector<std::string> dead;
  for (std::size_t i = 0; i < rows.size() && i < states.size(); ++i) {
    if (states[i] == LinkState::dead) {
      dead.push_back(rows[i].identifier);
    }
  }
  return dead;
}

std::string hex_digest(std::string_view text) {
  const auto digest = sha256(text);
  std::string hex;
  for (const std::uint8_t byte : digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::ranges::find(list, one) != list.end();
}

}  // namespace

Task<std::variant<LivePage, Reply>> find_live_page(Services services, const Call& call,
                                                   std::string query, int page_size, int page,
                                                   AskForHits ask) {
  const auto wanted = static_cast<std::size_t>(page_size);
  // Where the first page begins is known without it: it comes with the links.
  PageMask mask;
  std::string mask_of = page > 1 ? std::string{} : query;
  if (page > 1) {
    mask = co_await services.links.mask(query);
  }
  Window window{page_start(mask, page_size, page), wanted};
  const std::size_t start = window.start;
  LivePage made;
  std::string shown;  // of the hits from `start` on
  for (int round = 0; round < kMostRounds; ++round) {
    window.size = std::min(window.size, kDeepest - std::min(kDeepest, window.start));
    if (window.size == 0 && round > 0) {
      made.is_end = true;
      break;
    }
    auto found = co_await ask(window);
    if (Reply* failure = std::get_if<Reply>(&found)) {
      co_return std::move(*failure);
    }
    Hits& hits = std::get<Hits>(found);
    auto loaded = co_await find_rows(services, call, hits);
    if (Reply* failure = std::get_if<Reply>(&loaded)) {
      co_return std::move(*failure);
    }
    std::vector<WorkRow>& rows = std::get<std::vector<WorkRow>>(loaded);
    LinkLook look = co_await services.links.look(links_of(rows, call.media), mask_of);
    if (!mask_of.empty()) {
      mask = std::move(look.mask);
      mask_of.clear();
    }
    const auto dead = dead_of(rows, look.states);
    made.hits.total = hits.total;
    made.hits.lacking = std::max(made.hits.lacking, hits.lacking);
    const std::size_t count = hits.hits.size();
    for (Hit& hit : hits.hits) {
      if (made.hits.hits.size() == wanted) {
        break;  // what is left over begins the next page
      }
      const bool is_dead = contains(dead, hit.identifier);
      shown += is_dead ? '0' : '1';
      if (!is_dead) {
        made.hits.hits.push_back(std::move(hit));
      }
    }
    std::ranges::move(rows, std::back_inserter(made.rows));
    const std::size_t missing = wanted - made.hits.hits.size();
    made.is_end = missing > 0 && (count < window.size || window.size == 0);
    if (missing == 0 || made.is_end || call.deadline.left() < kNear) {
      break;
    }
    // As many are dead further on as were so far: fewer rounds than asking for what is missing.
    window = {window.start + count, std::max(missing * 2, wanted / 2)};
  }
  if (!made.is_end) {
    shown.append(wanted - made.hits.hits.size(), kUnfilled);
  }
  if (shown.find_first_of("0-") != shown.npos || mask.size() > start) {
    services.links.keep_mask(std::move(query), with_page(mask, start, shown));
  }
  co_return made;
}

json::object part_of(json::object query, Window window) {
  query["from"] = window.start;
  query["size"] = window.size;
  return query;
}

Task<std::variant<LivePage, Reply>> find_page(Services services, const Call& call,
                                              const SearchParameters& search,
                                              const SourceNames& hidden, AskForHits ask) {
  const auto size = static_cast<std::size_t>(search.page_size);
  if (services.links.is_on() && search.filter_dead.value_or(services.links.filters_by_default())) {
    // The index too: upstream's leaves it out, and mixes what images and recordings were shown. And
    // the size of a page, in which places that were left unfilled are counted.
    std::string query{store_name(call.media)};
    query +=
        to_json(part_of(build_search(search, hidden, FieldsMatched::left_out), Window{0, size}));
    co_return co_await find_live_page(services, call, hex_digest(query), search.page_size,
                                      search.page, std::move(ask));
  }
  const Window window{size * static_cast<std::size_t>(search.page - 1), size};
  auto found = co_await ask(window);
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  LivePage made;
  made.hits = std::get<Hits>(std::move(found));
  made.is_end = made.hits.hits.size() < size;
  auto loaded = co_await find_rows(services, call, made.hits);
  if (Reply* failure = std::get_if<Reply>(&loaded)) {
    co_return std::move(*failure);
  }
  made.rows = std::get<std::vector<WorkRow>>(std::move(loaded));
  co_return made;
}

Task<void> drop_dead(Services services, Media media, Hits& hits, std::vector<WorkRow>& rows) {
  if (!services.links.is_on()) {
    co_return;
  }
  const LinkLook look = co_await services.links.look(links_of(rows, media), std::string{});
  const auto dead = dead_of(rows, look.states);
  std::erase_if(rows, [&](const WorkRow& row) { return contains(dead, row.identifier); });
  std::erase_if(hits.hits, [&](const Hit& hit) { return contains(dead, hit.identifier); });
}

}  // namespace freshet::api
