#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/change_feed.hpp"
#include "api/freshness.hpp"

namespace freshet::api {

/// A feed of entries that a test makes.
class FakeChanges final : public ChangeFeed {
 public:
  Task<Result<FeedBounds>> bounds(Deadline) override {
    if (fault) {
      co_return *fault;
    }
    ++bounds_asked;
    limits.newest = entries.empty() ? limits.start : entries.back().at;
    co_return limits;
  }
  Task<Result<std::vector<ChangeEntry>>> read(FeedPosition after, ChangeFilter, int most,
                                              Deadline) override {
    if (fault) {
      co_return *fault;
    }
    ++reads;
    std::vector<ChangeEntry> found;
    for (const ChangeEntry& entry : entries) {
      if (std::pair{entry.at.xid, entry.at.number} > std::pair{after.xid, after.number} &&
          std::ssize(found) < most) {
        found.push_back(entry);
      }
    }
    if (forgets_while_reading) {
      limits.start = limits.end;
    }
    co_return found;
  }

  std::vector<ChangeEntry> entries;
  FeedBounds limits{{"0123456789ab", 10, 0}, {"0123456789ab", 100, 0}, {}};
  int bounds_asked = 0;
  int reads = 0;
  bool forgets_while_reading = false;
  std::optional<Error> fault;
};

class FakeFreshness final : public Freshness {
 public:
  Task<Result<std::string>> get(Deadline) override { co_return answer; }
  Result<std::string> answer = std::string{"{}"};
};

}  // namespace freshet::api
