#pragma once

#include <cstddef>
#include <optional>

#include "core/result.hpp"

namespace freshet {

/// Tells a few broken records from a store that refuses everything.
///
/// The store rarely refuses a record that the encoder let pass. When it refuses most of a batch, or
/// batch after batch without accepting anything, a mapping or a column does not fit. Dead letters
/// would then only move the whole catalogue aside, so the sink stops, and nothing is lost.
///
/// @thread_safety  None of its own.
class RefusalBreaker {
 public:
  static constexpr std::size_t kAtLeast = 20;  ///< in one batch, if that is more than half of it
  static constexpr std::size_t kInARow = 100;  ///< without a record accepted between them

  /// @param sent     records of the batch that reached the store
  /// @param refused  those of them that it refused for good
  /// @return Retry::never when the sink has to stop
  std::optional<Error> judge(std::size_t sent, std::size_t refused);

 private:
  std::size_t in_a_row_ = 0;
};

}  // namespace freshet
