#pragma once

#include <array>
#include <cstdint>

#include "core/totals.hpp"
#include "processors/record/catalog_record.hpp"
#include "processors/stages/count_reasons.hpp"

namespace freshet {

/// What one batch counted for one provider; named as in core/totals.hpp when it is added.
struct BatchCounts {
  std::int64_t received = 0;
  std::int64_t created = 0;
  std::int64_t merged = 0;
  std::int64_t unchanged = 0;
  std::int64_t control = 0;
  std::array<std::int64_t, kStatusCount> works{};
  CountsByReason dropped;        ///< by reason
  CountsByReason dead_lettered;  ///< by Errc
  /// Values that clean left out or cut, by `<field>.<rule>`; their records went on without them.
  /// Those of works that newer rules clean anew are among them.
  CountsByReason left_out;
  /// Decisions by what they did: applied, unchanged, unknown_work, dead_lettered.
  CountsByReason decisions;
  /// Verdicts by what they did: applied, unchanged, ignored (they came late), dead_lettered.
  CountsByReason verdicts;
  /// Catalogue records that could not be read: put_aside (and the work made anew), passed_over (by
  /// a scan or a verdict, which make none).
  CountsByReason catalogue;
  std::int64_t claims_made = 0;
  std::int64_t claims_released = 0;

  void add_to(Totals& totals) const;
};

}  // namespace freshet
