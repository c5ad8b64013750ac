#pragma once

#include <cstdint>

namespace freshet::api {

struct Counts {
  std::int64_t result_count = 0;
  std::int64_t page_count = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

/// What a page says about the whole.
///
/// A page that is shorter than asked for is taken for the last one, and the only one gives the
/// exact number of results: clients page until `page_count`.
///
/// @param total      matching works, as far as they were counted
/// @param on_page    works on this page
/// @return what there is, before `clamp_counts`
Counts count_pages(std::int64_t total, std::int64_t on_page, int page_size, int page);

/// Both cut to what the caller may reach; `max_depth` is the largest page × page_size.
Counts clamp_counts(Counts counts, int page_size, int max_depth);

}  // namespace freshet::api
