#include "api/web/search_state.hpp"

#include <gtest/gtest.h>

#include "api/web/escape.hpp"
#include "tests/unit/api/web/hostile.hpp"

namespace freshet::api::web {
namespace {

std::string path_of(Scope scope, std::string_view query) {
  return search_path("", read_search(scope, query));
}

TEST(SearchState, IsTheAddressAndBack) {
  const char* const path = "/search/image?q=red%20owl&license=cc0,by&size=large&sort=newest&page=3";
  EXPECT_EQ(path_of(Scope::image, "page=3&sort=newest&size=large&license=by,CC0&q=+red+owl+&utm=x"),
            path);
}

TEST(SearchState, HasOneAddressForOneSearch) {
  for (unsigned n = 0; n < 2'000; ++n) {
    const std::string query = "q=" + url_encoded(hostile_text(n)) +
                              "&license=by&license=" + url_encoded(hostile_text(n + 1)) +
                              "&source=" + url_encoded(hostile_text(n + 2)) + "&" +
                              hostile_text(n + 3);
    const std::string once = path_of(Scope::all, query);
    const std::size_t mark = once.find('?');
    const std::string tail = mark == once.npos ? "" : once.substr(mark + 1);
    ASSERT_EQ(path_of(Scope::all, tail), once) << query;
    ASSERT_FALSE(is_from_form(tail)) << once;
  }
}

TEST(SearchState, LeavesOutWhatTheScopeDoesNotHave) {
  EXPECT_EQ(path_of(Scope::image, "extension=ogg,jpg&length=short&category=music,photograph"),
            "/search/image?category=photograph&extension=jpg");
  EXPECT_EQ(path_of(Scope::audio, "extension=ogg,jpg&size=large&aspect_ratio=wide"),
            "/search/audio?extension=ogg");
  const SearchState mixed = read_search(Scope::all, "size=large&license=by&source=met");
  EXPECT_EQ(search_path("/ar", in_scope(mixed, Scope::audio)),
            "/ar/search/audio?license=by&source=met");
}

TEST(SearchState, TakesAFormForWhatItIs) {
  EXPECT_TRUE(is_from_form("q=owl&license=by&license=cc0"));
  EXPECT_TRUE(is_from_form("q=owl&sort="));
  EXPECT_FALSE(is_from_form("q="));
  EXPECT_FALSE(is_from_form("q=owl&license=by,cc0&sort=newest"));
}

TEST(SearchState, DropsOneFilter) {
  const SearchState search = read_search(Scope::image, "q=owl&license=by,cc0&page=4");
  EXPECT_EQ(search_path("", without(search, "license", "by")), "/search/image?q=owl&license=cc0");
  EXPECT_EQ(search_path("", without_filters(search)), "/search/image?q=owl");
  EXPECT_EQ(search.filter_count(), 2);
}

TEST(SearchState, AsksTheApi) {
  const SearchState search = read_search(Scope::all, "q=owl&license=by&size=large&sort=newest");
  EXPECT_EQ(api_query(search, Media::image, 20),
            "page_size=20&page=1&q=owl&license=by&size=large&unstable__sort_by=indexed_on");
  // No recording is large: none is asked for.
  EXPECT_EQ(api_query(search, Media::audio, 20), std::nullopt);
}

TEST(SearchState, BoundsThePage) {
  EXPECT_EQ(read_search(Scope::all, "page=-3").page, 1);
  EXPECT_EQ(read_search(Scope::all, "page=99999999999999999999").page, 1);
  EXPECT_EQ(read_search(Scope::all, "page=99999999").page, 10'000);
}

}  // namespace
}  // namespace freshet::api::web
