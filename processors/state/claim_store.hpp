#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet {

/// Entries of the claims of one partition, as last committed, in the order of their keys.
class ClaimStore {
 public:
  ClaimStore() = default;
  ClaimStore(const ClaimStore&) = delete;
  ClaimStore& operator=(const ClaimStore&) = delete;
  virtual ~ClaimStore() = default;
  /// Replaces `value`. False when there is no such entry.
  virtual bool get(std::string_view key, std::string& value) = 0;
  /// Visits the entries whose keys begin with a URL's 16 bytes, until `visit` says false.
  virtual void each(
      std::string_view url,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) = 0;
};

/// How far the claims of a partition have come in their topic.
struct ClaimsPosition {
  std::int64_t next = 0;               ///< offset to be read next; 0: nothing stored
  std::int64_t answer_all_before = 0;  ///< see `Urls`; outlives a crash before it is reached
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
