#include "api/routes.hpp"

#include <gtest/gtest.h>

#include "api/endpoints.hpp"

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

struct RouteCase {
  std::string path;
  std::string meaning;  ///< `search image`, `-> /v1/images/`, `none`
};

std::string describe(const std::string& path) {
  static const Router router{endpoints()};
  const auto found = router.find(path);
  if (const Moved* moved = std::get_if<Moved>(&found)) {
    return "-> " + moved->location + (moved->query_text == QueryText::kept ? "" : " (no query)");
  }
  if (std::holds_alternative<NoRoute>(found)) {
    return "none";
  }
  const Route& route = std::get<Route>(found);
  return std::string{route.resource->name()} + " " + std::string{store_name(route.media)} +
         (route.identifier.empty() ? "" : " " + route.identifier);
}

class FindRoute : public testing::TestWithParam<RouteCase> {};

TEST_P(FindRoute, KnowsWhatAPathMeans) {
  EXPECT_EQ(describe(GetParam().path), GetParam().meaning) << GetParam().path;
}

const std::string kImage = std::string{"/v1/images/"} + kId;
const std::string kAudio = std::string{"/v1/audio/"} + kId;

INSTANTIATE_TEST_SUITE_P(
    All, FindRoute,
    testing::Values(
        RouteCase{"/", "root image"}, RouteCase{"/v1/", "docs image"}, RouteCase{"/v1", "-> /v1/"},
        RouteCase{"/v1/images/", "search image"}, RouteCase{"/v1/audio/", "search audio"},
        RouteCase{"/v1/images", "-> /v1/images/"}, RouteCase{"/v1/audio", "-> /v1/audio/"},
        RouteCase{"/v1/images/stats/", "stats image"},
        RouteCase{"/v1/audio/stats", "-> /v1/audio/stats/"},
        RouteCase{kImage + "/", std::string{"detail image "} + kId},
        RouteCase{kAudio + "/", std::string{"detail audio "} + kId},
        RouteCase{kImage, "-> " + kImage + "/"},
        RouteCase{kImage + "/related/", std::string{"related image "} + kId},
        RouteCase{kImage + "/watermark/", std::string{"watermark image "} + kId},
        RouteCase{kAudio + "/watermark/", "none"}, RouteCase{kImage + "/other/", "none"},
        RouteCase{"/v1/images/abcd/", "none"}, RouteCase{"/v1/images/abcd", "none"},
        RouteCase{"/v1/images/0b6c5c8e5a0e4d6b9c557a8f2f0f9f11/", "none"},
        RouteCase{"/v1/images/0b6c5c8e-5a0e-1d6b-9c55-7a8f2f0f9f11/", "none"},
        RouteCase{"/v1/images/0b6c5c8e-5a0e-4d6b-cc55-7a8f2f0f9f11/", "none"},
        RouteCase{"/v1/images/0B6C5C8E-5A0E-4D6B-9C55-7A8F2F0F9F11/", "none"},
        RouteCase{"/v1/images/oembed/", "oembed image"}, RouteCase{"/v1/audio/oembed/", "none"},
        RouteCase{"/healthcheck/", "healthcheck image"},
        RouteCase{"/healthcheck", "-> /healthcheck/"},
        RouteCase{"/v1/sources", "-> /v1/images/stats/ (no query)"},
        RouteCase{"/v1/recommendations/images/abc", "-> /v1/images/abc/related/ (no query)"},
        RouteCase{"/v1/thumbs/abc", "-> /v1/images/abc/thumb/ (no query)"},
        RouteCase{"/v1/oembed", "-> /v1/images/oembed/"}, RouteCase{"/v1/link/abc", "gone image"},
        RouteCase{"/v1/link/", "gone image"}, RouteCase{"/v1//images/", "none"},
        RouteCase{"//evil.example/v1", "none"}, RouteCase{"", "none"}, RouteCase{"*", "none"},
        RouteCase{"/v2/images/", "none"}, RouteCase{"/v1/video/", "none"}));

}  // namespace
}  // namespace freshet::api
