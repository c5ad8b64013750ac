#include "api/web/waveform.hpp"

#include <algorithm>
#include <cmath>

namespace freshet::api::web {
namespace {

constexpr double kLeastHeight = 2;
constexpr double kMostHeight = 96;

}  // namespace

std::string waveform_path(const std::vector<double>& points) {
  std::string path;
  for (std::size_t bar = 0; bar < kWaveformBars && !points.empty(); ++bar) {
    const std::size_t from = bar * points.size() / kWaveformBars;
    const std::size_t to = std::max(from + 1, (bar + 1) * points.size() / kWaveformBars);
    double loudest = 0;
    for (std::size_t i = from; i < to; ++i) {
      loudest = std::max(loudest, points[i]);
    }
    const long height = std::lround(std::max(kLeastHeight, loudest * kMostHeight));
    // Half bars: a line lies in the middle of its place.
    path += "M" + std::to_string(bar) + ".5 " + std::to_string(50 - height / 2) + "v" +
            std::to_string(height);
  }
  return path;
}

}  // namespace freshet::api::web
