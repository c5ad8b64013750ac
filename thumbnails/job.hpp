#pragma once

#include <array>
#include <cstdint>

// What is said between the role and its decoder, `freshet-decode`: both are of one build, so these
// go over their socket as they lie in memory.

namespace freshet::thumbnails {

enum class Kind : std::uint32_t { picture, peaks };

/// What a picture is written as. `plain` is what every client reads: JPEG, or PNG where it lets
/// something through.
enum class Format : std::uint32_t { plain, webp, avif };

/// One file to decode. With it come two file descriptors: the file, from its start to its end, and
/// what the outcome is written to.
struct Job {
  Kind kind = Kind::picture;
  Format format = Format::plain;
  std::uint32_t width = 0;    ///< pixels, at most; 0: as wide as it is
  std::uint32_t quality = 0;  ///< 1 to 100
  std::uint32_t points = 0;   ///< of the peaks, at most
  std::uint32_t limit_ms = 0;
  std::uint64_t most_pixels = 0;
  std::uint64_t most_memory_bytes = 0;  ///< address space, with the libraries; 0: not limited
};

enum class Fate : std::uint32_t {
  none,  ///< it died before it could say
  made,
  unsupported,  ///< no kind of file that is decoded here
  too_large,    ///< more pixels than may be
  broken,
  not_tried,  ///< nothing looked at it: too much was to be done, or something here failed
};

/// What an outcome begins with; `size` bytes follow: the picture, the peaks as JSON, or why not.
struct Outcome {
  Fate fate = Fate::none;
  std::uint32_t size = 0;
  std::array<char, 32> type{};  ///< media type, ended by NUL
};

}  // namespace freshet::thumbnails
