#include "api/paging.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

struct Vector {
  std::int64_t total, on_page;
  int page_size, page;
  std::int64_t result_count, page_count;
};

class CountPages : public testing::TestWithParam<Vector> {};

TEST_P(CountPages, FollowsTheTable) {
  const Vector& row = GetParam();
  EXPECT_EQ(count_pages(row.total, row.on_page, row.page_size, row.page),
            (Counts{row.result_count, row.page_count}));
}

INSTANTIATE_TEST_SUITE_P(All, CountPages,
                         testing::Values(Vector{0, 0, 10, 1, 0, 0}, Vector{5, 5, 10, 1, 5, 1},
                                         Vector{100, 0, 10, 1, 0, 0}, Vector{25, 5, 5, 1, 25, 5},
                                         Vector{20, 5, 5, 1, 20, 4}, Vector{21, 5, 5, 1, 21, 5},
                                         Vector{48, 20, 50, 1, 20, 1},
                                         Vector{2000, 20, 20, 2, 2000, 100},
                                         Vector{2000, 5, 20, 5, 2000, 5},
                                         Vector{10, 10, 20, 1, 10, 1},
                                         Vector{10, 10, 10, 1, 10, 1}));

TEST(ClampCounts, CutsToWhatMayBeReached) {
  EXPECT_EQ(clamp_counts({2000, 100}, 20, 240), (Counts{240, 12}));
  EXPECT_EQ(clamp_counts({10000, 5000}, 2, 240), (Counts{240, 120}));
  EXPECT_EQ(clamp_counts({10000, 200}, 50, 240), (Counts{240, 4}));
  EXPECT_EQ(clamp_counts({7, 1}, 20, 240), (Counts{7, 1}));
  EXPECT_EQ(clamp_counts({10000, 500}, 20, 4800), (Counts{4800, 240}));
}

}  // namespace
}  // namespace freshet::api
