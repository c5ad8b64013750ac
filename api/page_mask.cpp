#include "api/page_mask.hpp"

#include <algorithm>

namespace freshet::api {
namespace {

constexpr std::size_t kLongest = 10'000;

bool is_hit(char one) { return one != kUnfilled; }

/// Where the mask goes on behind so many hits, and the unfilled places after them.
std::size_t behind_hits(const PageMask& mask, std::size_t hits) {
  std::size_t at = 0;
  while (at < mask.size() && (hits > 0 || mask[at] == kUnfilled)) {
    hits -= is_hit(mask[at++]) ? 1 : 0;
  }
  return at;
}

}  // namespace

std::size_t page_start(const PageMask& mask, int page_size, int page) {
  std::size_t before = static_cast<std::size_t>(page_size) * static_cast<std::size_t>(page - 1);
  std::size_t at = 0;
  for (std::size_t i = 0; i < mask.size() && before > 0; ++i) {
    before -= mask[i] == '0' ? 0 : 1;
    at += mask[i] == kUnfilled ? 0 : 1;
  }
  return at + before;
}

PageMask with_page(const PageMask& mask, std::size_t start, std::string_view shown) {
  const auto hits = start + static_cast<std::size_t>(std::ranges::count_if(shown, is_hit));
  const std::size_t further = behind_hits(mask, hits);
  if (further < mask.size() && (further == 0 || mask[further - 1] != kUnfilled)) {
    // Pages behind this one were made when it was longer: they stay where they were, and no work is
    // on two pages, though some may be on none.
    shown = shown.substr(0, shown.find_last_not_of(kUnfilled) + 1);
  }
  // The pages before end at `start`, so the places that they left unfilled there are theirs.
  const std::size_t own = start == 0 ? 0 : behind_hits(mask, start);
  PageMask next = mask.substr(0, own);
  const auto known = static_cast<std::size_t>(std::ranges::count_if(next, is_hit));
  next.append(start - std::min(start, known), '1');
  next += shown;
  // What was seen behind this page by somebody who is further on holds as well.
  next += mask.substr(further);
  return next.size() > kLongest ? mask : next;
}

bool is_page_mask(std::string_view text) {
  return text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return c == '0' || c == '1' || c == kUnfilled; });
}

}  // namespace freshet::api
