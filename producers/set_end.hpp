#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "producers/provider.hpp"
#include "producers/run_size.hpp"
#include "producers/run_state.hpp"

// Whether a set of pages, and with it a run, is at its end. Nothing here asks anybody.

namespace freshet {

/// A page whose reply came and whose records are done.
struct ReadPage {
  std::int64_t items = 0;                   ///< raw records
  std::string last_item{};                  ///< hash of the last one; empty: there is none
  std::optional<std::int64_t> announced{};  ///< raw records of the set, as far as the reply tells
  /// The reply says nowhere that all went well, although the provider's replies can.
  bool is_unexplained = false;
  bool is_of_last_set = false;
};

/// What the run knows and was told.
struct SetFacts {
  Paging paging = Paging::linked;
  std::int64_t batch_limit = 0;
  bool accepts_fewer = false;
  bool is_partial = false;  ///< something was left out or skipped
  UtcTime now{};
};

/// Judges the ends of sets: believed, doubted, or not complete.
class SetEnds {
 public:
  enum class Verdict {
    goes_on,     ///< there is a page behind it
    done,        ///< the set is whole, or nobody knows better
    accepted,    ///< it has fewer records than announced, which the operator accepts
    incomplete,  ///< it has fewer, again: the run goes on and is not complete
    ask_again,   ///< it has fewer: the run fails, and the next one asks for this page again
    failed,      ///< the page is no answer after all
  };
  struct End {
    Verdict verdict = Verdict::goes_on;
    std::string why{};
  };

  /// @param cursor     at the page; takes note of what the page says.
  /// @param following  the next request; taken away where the set is done although pages can be
  ///                   counted on.
  End page_read(Cursor& cursor, const ReadPage& page, const SetFacts& facts,
                std::optional<Params>& following);

  /// How the run ended that has read all of its sets.
  /// @param is_first_run  of the provider: no earlier run's works can be removed.
  RunEnd end_of_run(const Cursor& cursor, bool is_first_run, UtcTime now) const;

  /// Where the next run goes on when this one had too few records.
  /// @param has_full_runs  there are earlier full runs to measure by
  Cursor place_of_doubt(bool has_full_runs, json::object arguments) const;

 private:
  End judge_set(Cursor& cursor, const ReadPage& page, const SetFacts& facts);
  bool is_end_confirmed(UtcTime now) const;

  std::optional<Cursor> unproven_at_;  // the empty page that ended the last set
  bool is_doubted_again_ = false;      // the last page was in doubt when it was asked for
};

}  // namespace freshet
