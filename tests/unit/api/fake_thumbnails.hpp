#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/peaks.hpp"
#include "api/thumbnails.hpp"

namespace freshet::api {

/// Answers what it was told to, in turn; the last answer stays.
class FakeThumbnails final : public Thumbnails {
 public:
  Task<Result<Made>> picture(PictureAsk wanted, Deadline) override {
    asked.push_back(std::move(wanted));
    co_return next();
  }
  Task<Result<Made>> peaks(std::string url, Deadline) override {
    asked.push_back({.url = std::move(url)});
    co_return next();
  }

  std::vector<PictureAsk> asked;
  std::vector<Result<Made>> answers{Made{200, "image/jpeg", "picture"}};

 private:
  Result<Made> next() { return answers[std::min(asked.size(), answers.size()) - 1]; }
};

/// Waveforms in memory.
class FakePeaks final : public PeaksStore {
 public:
  Task<Result<Peaks>> find(std::vector<std::string> identifiers, Deadline) override {
    if (fault) {
      co_return *fault;
    }
    Peaks found;
    for (const std::string& one : identifiers) {
      if (const auto known = stored.find(one); known != stored.end()) {
        found.insert(*known);
      }
    }
    co_return found;
  }
  Task<Result<bool>> add(std::string identifier, std::string url, std::string peaks,
                         Deadline) override {
    if (fault) {
      co_return *fault;
    }
    urls[identifier] = url;
    stored[identifier] = peaks;
    co_return true;
  }

  Peaks stored;
  std::map<std::string, std::string> urls;
  std::optional<Error> fault;
};

}  // namespace freshet::api
