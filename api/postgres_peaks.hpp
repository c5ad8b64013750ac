#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/peaks.hpp"

namespace freshet::api {

/// Waveforms in the table `audio_peaks`, over connections of its own: others of the API only read.
class PostgresPeaks final : public PeaksStore {
 public:
  PostgresPeaks(const std::string& dsn, int connections);
  ~PostgresPeaks() override;

  Task<Result<Peaks>> find(std::vector<std::string> identifiers, Deadline deadline) override;
  Task<Result<bool>> add(std::string identifier, std::string url, std::string peaks,
                         Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::api
