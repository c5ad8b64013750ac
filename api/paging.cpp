#include "api/paging.hpp"

#include <algorithm>

namespace freshet::api {

Counts count_pages(std::int64_t total, std::int64_t on_page, int page_size, int page) {
  if (on_page == 0) {
    return {};
  }
  Counts counts{total, (total + page_size - 1) / page_size};
  if (on_page < page_size) {
    if (counts.page_count == 1) {
      counts.result_count = on_page;
    }
    counts.page_count = page;
  }
  return counts;
}

Counts clamp_counts(Counts counts, int page_size, int max_depth) {
  counts.result_count = std::min<std::int64_t>(counts.result_count, max_depth);
  counts.page_count = std::min<std::int64_t>(counts.page_count, max_depth / page_size);
  return counts;
}

}  // namespace freshet::api
