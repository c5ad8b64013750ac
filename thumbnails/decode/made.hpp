#pragma once

#include <span>
#include <string>

#include "thumbnails/job.hpp"

namespace freshet::thumbnails {

/// What became of a file, and the bytes that say it.
struct Made {
  Fate fate = Fate::broken;
  std::string type;
  std::string bytes;
};

using File = std::span<const unsigned char>;

/// Starts libvips, with nothing but the loaders of JPEG, PNG, GIF, WebP and SVG, and without
/// threads, so that the process can be forked afterwards.
/// @return whether it went well
bool start_pictures();

/// A picture, no wider than asked for, upright, in sRGB and without what else the file held.
Made make_picture(File file, const Job& job);

/// The loudest moments of a recording from its start to its end, as a JSON list of numbers from 0
/// to 1 with five decimals.
Made make_peaks(File file, const Job& job);

}  // namespace freshet::thumbnails
