#include "api/web/waveform.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace freshet::api::web {
namespace {

TEST(WaveformPath, HasABarForEachMomentAroundTheMiddle) {
  std::vector<double> points(1'000, 0.5);
  points.front() = 1;
  points.back() = 0;
  const std::string path = waveform_path(points);
  EXPECT_EQ(std::ranges::count(path, 'M'), kWaveformBars);
  EXPECT_TRUE(path.starts_with("M0.5 2v96M1.5 26v48")) << path.substr(0, 40);
  EXPECT_TRUE(path.ends_with("M159.5 26v48")) << path.substr(path.size() - 20);
}

TEST(WaveformPath, ShowsSilenceAndFewPoints) {
  EXPECT_TRUE(waveform_path({0, 0}).starts_with("M0.5 49v2M1.5 49v2"));
  EXPECT_EQ(std::ranges::count(waveform_path({0, 1}), 'M'), kWaveformBars);
  EXPECT_TRUE(waveform_path({0, 1}).ends_with("M159.5 2v96"));
  EXPECT_EQ(waveform_path({}), "");
}

}  // namespace
}  // namespace freshet::api::web
