#pragma once

#include <string>
#include <string_view>

#include "api/stores.hpp"

namespace freshet::api {

/// A picture as it is asked for.
struct PictureAsk {
  std::string url;  ///< of the source
  int width = 0;    ///< pixels, at most; 0: as wide as it is
  int quality = 80;
  std::string_view format = {};  ///< `webp` or `avif`; empty: JPEG or PNG
};

/// What the role that makes pictures answers.
struct Made {
  unsigned status = 200;  ///< 200, 415, 424 or 503
  std::string type;
  std::string bytes;  ///< or a sentence that says why there are none
};

/// Pictures and waveforms of files that lie elsewhere, made in another process (thumbnails/).
/// @thread_safety  From the server's threads.
class Thumbnails {
 public:
  Thumbnails() = default;
  Thumbnails(const Thumbnails&) = delete;
  Thumbnails& operator=(const Thumbnails&) = delete;
  virtual ~Thumbnails() = default;

  /// @error  Errc::unreachable, timed_out: the role is away
  virtual Task<Result<Made>> picture(PictureAsk asked, Deadline deadline) = 0;
  /// A JSON list of numbers.
  virtual Task<Result<Made>> peaks(std::string url, Deadline deadline) = 0;
};

/// What a picture is written as, by an `Accept` header: what has the highest weight there, and of
/// AVIF and WebP with the same weight WebP, which is made in a third of the time and as small.
/// @return `avif`, `webp`, or nothing: what every client reads
std::string_view picture_format(std::string_view accept);

}  // namespace freshet::api
