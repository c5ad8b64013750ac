#pragma once

#include <cstddef>
#include <optional>

#include "core/result.hpp"

namespace freshet {

/// Tells a few broken records from a store that refuses everything.
///
/// Records refused by the store after the encoder let them pass are rare. When most of a batch is
/// refused, or batch after batch with nothing accepted, a mapping or column does not fit, and dead
/// letters would only move the whole catalogue aside: the sink then stops with nothing lost.
///
/// @thread_safety  None of its own.
class RefusalBreaker {
 public:
  static constexpr std::size_t kAtLeast = 20;  ///< in one batch, and more than half of it
  static constexpr std::size_t kInARow = 100;  ///< without a record accepted between them

  /// @param sent     records of the batch that reached the store
  /// @param refused  those of them that it refused for good
  /// @return Retry::never when the sink has to stop
  std::optional<Error> judge(std::size_t sent, std::size_t refused);

 private:
  std::size_t in_a_row_ = 0;
};

}  // namespace freshet
