#pragma once

#include <optional>
#include <span>
#include <string>

#include "producers/fetch.hpp"

namespace freshet {

/// Judges how a source answers requests for single records: whether a record that got no answer is
/// to be believed, held back, or the first sign that the source is away.
///
/// A refusal (no answer, 401, 500, an error in 200 …) and a record that is gone (404, 410) begin a
/// streak; an answer that can be used ends it. Performs nothing.
class Streak {
 public:
  /// @param has_details  the source has answered such a request before in this run.
  /// @param passes_gone  `--skip-errors`: a cluster of records that are gone is passed, and
  ///                     reported, however long it is.
  Streak(bool has_details, bool passes_gone)
      : has_details_{has_details}, passes_gone_{passes_gone} {}

  struct Step {
    bool has_begun = false;   ///< with this raw record: the run would go on before it
    bool is_held = false;     ///< what the raw record made waits for how the streak ends
    bool releases = false;    ///< what was held back is to be taken first
    std::string away;         ///< why the run ends where the streak began; empty: it does not
    std::string passed_over;  ///< why the run is not complete; empty: nothing new
  };
  /// Takes the next raw record, in the order of the list.
  /// @param answers      to its requests, in order
  /// @param has_records  it made records all the same
  Step next(std::span<const Answered> answers, bool has_records);

  /// The list is at its end: a cluster behind which nothing was answered.
  Step end();

  bool has_details() const noexcept { return has_details_; }
  bool goes_on() const noexcept { return refused_ > 0 || gone_ > 0; }
  /// While records are held back, the cursor must not pass them; but not for ever.
  /// @param requests, records  since the last checkpoint
  bool holds_checkpoints(std::int64_t requests, std::int64_t records) const noexcept;

 private:
  void judge_gone(int most, const std::string& why, Step& step);

  bool has_details_;
  bool passes_gone_;
  int refused_ = 0;          // in a row
  int gone_ = 0;             // in a row
  bool is_passing_ = false;  // the present cluster of records that are gone
};

/// A page whose records take a request each is acknowledged in parts, so that an interrupted run
/// does not repeat hours of requests (the Met's list is one page of half a million works).
inline constexpr std::int64_t kRequestsPerCheckpoint = 50;
inline constexpr std::int64_t kRecordsPerCheckpoint = 5'000;

}  // namespace freshet
