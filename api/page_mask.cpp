#include "api/page_mask.hpp"

#include <algorithm>

namespace freshet::api {
namespace {

constexpr std::size_t kLongest = 10'000;

}  // namespace

std::size_t page_start(const PageMask& mask, int page_size, int page) {
  std::size_t before = static_cast<std::size_t>(page_size) * static_cast<std::size_t>(page - 1);
  std::size_t at = 0;
  for (; at < mask.size() && before > 0; ++at) {
    before -= mask[at] == '1' ? 1 : 0;
  }
  return at + before;
}

PageMask with_page(const PageMask& mask, std::size_t start, std::string_view shown) {
  if (start + shown.size() > kLongest) {
    return mask;
  }
  PageMask next = mask.substr(0, std::min(start, mask.size()));
  next.resize(start, '1');
  next += shown;
  // What was seen behind this page by somebody who is further on holds as well.
  if (mask.size() > next.size()) {
    next += mask.substr(next.size());
  }
  return next;
}

bool is_page_mask(std::string_view text) {
  return text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return c == '0' || c == '1'; });
}

}  // namespace freshet::api
