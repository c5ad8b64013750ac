#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "processors/stages/urls/claim_state.hpp"

namespace freshet {

/// How far the claims of a partition have come in their topic.
struct ClaimsPosition {
  std::int64_t next = 0;            ///< offset to be read next; 0: nothing stored
  std::int64_t tell_all_below = 0;  ///< of `Urls`: outlives a crash on the way there
  friend bool operator==(const ClaimsPosition&, const ClaimsPosition&) = default;
};

/// The URL claims of one partition on disk, apart from its records. Their position changes with
/// them, as the last: what is on disk after a crash is at least what the position says.
class PartitionClaims : public ClaimStore {
 public:
  virtual ClaimsPosition position() = 0;
  /// @param changes  in the order of the keys; no value: the entry goes.
  virtual void write(const std::vector<std::pair<std::string, std::optional<std::string>>>& changes,
                     const ClaimsPosition& position) = 0;
  /// Makes what was written survive a crash.
  virtual void flush() = 0;
  /// Forgets everything.
  virtual void clear() = 0;
};

}  // namespace freshet
