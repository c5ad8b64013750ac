#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "producers/run_options.hpp"
#include "producers/run_state.hpp"

// How a run's cursor moves, and what can be said from it. Nothing here asks anybody.

namespace freshet {

/// What decides which requests are made: a cursor is of use only to a run with the same.
json::object request_arguments(const RunOptions& options);

enum class Resume {
  yes,
  nothing_to_resume,  ///< the last run ended, or had not begun, or is not to be gone on with
  other_requests,     ///< it is unfinished, but asked for something else: it is left behind
};
/// Whether the last run of a provider is gone on with.
/// @param date  of the new run
Resume judge_resume(const RunState& last, const RunOptions& options,
                    const std::optional<std::string>& date);

struct FirstSet {
  std::size_t index = 0;
  bool is_begun = false;  ///< the cursor lies inside of it
};
/// In which of the fixed sets a resumed run goes on. The list may have changed (a new year, other
/// counts): the set itself is what counts. Gone from the list: from the first one.
FirstSet resumed_set(const std::vector<Params>& sets, const Cursor& cursor);
/// The first of the sets that these parameters of a first request belong to; else the first one.
std::size_t set_of(const std::vector<Params>& sets, const Params& initial);

/// The cursor at the beginning of a set.
void enter_set(Cursor& cursor, std::size_t index, const Params& fixed);
/// A page was read to its end: the cursor lies before the next one. Nothing: the set is done.
void pass_page(Cursor& cursor, const std::optional<Params>& following, const ListMarks& marks);
/// Counts a page with another one behind it.
void count_page(Cursor& cursor, std::int64_t items);
/// A page failed and is skipped: how much the set held until now is not known any more.
void lose_count(Cursor& cursor);
/// A reply says how many records its set has. The least counts: what was removed or added meanwhile
/// is not missing.
void note_announced(Cursor& cursor, std::int64_t total);

/// Whether an empty page behind all others proves that the set ends there: nothing came before it,
/// or as much as was announced, or the page before it was not full.
/// @param batch_limit  records that a page is asked for; a source may give less, and then a full
///                     page is as large as the largest
bool is_end_proven(const Cursor& cursor, std::int64_t batch_limit);

/// How many records of a set are missing at its end, as a sentence; nothing: none, or it is not
/// known.
/// @param items  of its last page
std::optional<std::string> missing_in_set(const Cursor& cursor, std::int64_t items);

}  // namespace freshet
