#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/stores.hpp"

namespace freshet::api {

/// Waveforms by the identifiers of their works: JSON lists of numbers from 0 to 1.
using Peaks = std::map<std::string, std::string, std::less<>>;

/// The waveforms that were made so far. Every call has ended when its deadline is over.
/// @error  of every call: Errc::unreachable, timed_out, throttled, store_refused
class PeaksStore {
 public:
  PeaksStore() = default;
  PeaksStore(const PeaksStore&) = delete;
  PeaksStore& operator=(const PeaksStore&) = delete;
  virtual ~PeaksStore() = default;

  /// Of live works, made of the files that these have now; what is not there is left out.
  virtual Task<Result<Peaks>> find(std::vector<std::string> identifiers, Deadline deadline) = 0;
  /// Keeps the waveform of a work.
  /// @param url    of the file that it was made of, as the work's row has it
  virtual Task<Result<bool>> add(std::string identifier, std::string url, std::string peaks,
                                 Deadline deadline) = 0;
};

/// The numbers of a waveform; nothing where the text is none: the process that made it opened a
/// file of a stranger.
std::optional<std::vector<double>> read_peaks(std::string_view text);

}  // namespace freshet::api
