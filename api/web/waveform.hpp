#pragma once

#include <string>
#include <vector>

namespace freshet::api::web {

constexpr int kWaveformBars = 160;

/// A waveform as the path of a drawing 160 wide and 100 high: an upright line for each moment,
/// around the middle, so that a moment of silence is still seen. web/assets/waveform.js draws the
/// same.
/// @param points  from 0 to 1, of any number; empty: an empty path
std::string waveform_path(const std::vector<double>& points);

}  // namespace freshet::api::web
