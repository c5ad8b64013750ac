#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/totals.hpp"
#include "producers/list_guard.hpp"
#include "producers/params.hpp"
#include "producers/run_history.hpp"
#include "producers/run_holder.hpp"

namespace freshet {

/// Where a run goes on: everything before it was acknowledged by the broker.
struct Cursor {
  json::object arguments;      ///< those of the command line that choose what is requested
  std::size_t set = 0;         ///< position in the fixed parameter sets …
  Params fixed;                ///< … and the set itself, should the list have changed
  std::optional<Params> next;  ///< of the next list request; nothing: the set's first
  std::int64_t item = 0;       ///< raw records of that request's reply that are done already
  std::string last_item;       ///< hash of the last of them; another reply is read from its start
  UtcTime last_fetched_at;
  bool is_partial = false;  ///< something was skipped or left out so far

  // Of the present set, before `next`:
  std::int64_t listed = kUnknown;     ///< raw records; unknown when it was not read from its start
  std::int64_t announced = kUnknown;  ///< how many it has, as far as the source told
  std::int64_t largest_page = kUnknown;  ///< raw records of the largest page
  std::int64_t page_before = kUnknown;   ///< raw records of the page before
  ListMarks marks;

  /// A set ended with an empty page after a full one, and nothing else says that this is its end.
  bool is_unproven = false;
  /// When it was first found that the set may not end where the reply to `next` ends it; nothing:
  /// no doubt. A later run resolves the doubt by asking for that page again.
  std::optional<UtcTime> doubted_at;
  /// The source has answered a request for a record's details, in this or an earlier process of the
  /// run.
  bool has_details = false;

  static constexpr std::int64_t kUnknown = -1;

  /// Whether nothing is done yet: a run that begins here is a new one.
  bool is_start() const { return set == 0 && !next && item == 0; }
};

/// What an earlier complete full run found. Later full runs are measured by it.
struct FullRun {
  std::string run_id;
  UtcTime finished_at;
  std::int64_t listed = 0;
  std::int64_t emitted = 0;
};

enum class RunOutcome { running, finished, failed, stopped };
std::string_view to_string(RunOutcome outcome) noexcept;

/// A value of `producer.state.v1`: the last run of one provider command.
struct RunState {
  std::string command;
  std::string run_id;
  std::optional<std::string> date;
  UtcTime started_at;  ///< in whole milliseconds: not after the first sighting's time
  UtcTime updated_at;
  std::optional<UtcTime> finished_at;
  RunOutcome outcome = RunOutcome::running;
  std::optional<Cursor> cursor;
  Totals counts;  ///< pages, requests, skipped, listed, emitted, dropped.<r>, rejected.<r>
  std::string error;
  std::optional<RunHolder> holder;  ///< who makes it
  RunKind kind = RunKind::other;
  bool is_first = false;           ///< of the provider: no earlier run's works can be removed
  std::vector<FullRun> full_runs;  ///< the last five, oldest first; each run hands them on
  RunHistory history;              ///< likewise handed on
};

/// How often a run writes its state anew, whatever it waits for; and how long a run that did not is
/// still taken to be alive.
constexpr std::chrono::seconds kRunHeartbeat{10};
constexpr std::chrono::seconds kRunSilence{120};

/// Whether somebody still makes this run: it is `running`, was heard of within `kRunSilence`, and
/// its process is not known to be gone.
bool is_alive(const RunState& state, UtcTime now);

std::string encode_run_state(const RunState& state);
/// @error Errc::malformed_payload, Retry::never.
Result<RunState> parse_run_state(std::string_view value);

}  // namespace freshet
