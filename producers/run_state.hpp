#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/json.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/totals.hpp"
#include "producers/params.hpp"

namespace freshet {

/// Where a run goes on: everything before it was acknowledged by the broker.
struct Cursor {
  json::object arguments;      ///< of the command line, as far as they choose what is requested
  std::size_t set = 0;         ///< position in the fixed parameter sets …
  Params fixed;                ///< … and the set itself, should the list have changed
  std::optional<Params> next;  ///< of the next list request; nothing: the set's first
  std::int64_t item = 0;       ///< raw records of that request's reply that are done already
  std::string last_item;       ///< hash of the last of them: another reply is read from its start
  UtcTime last_fetched_at;
  bool is_partial = false;  ///< something was skipped or left out so far
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
  Totals counts;  ///< pages, requests, listed, emitted, dropped.<reason>, rejected.<reason>
  std::string error;
};

std::string encode_run_state(const RunState& state);
/// @error Errc::malformed_payload, Retry::never.
Result<RunState> parse_run_state(std::string_view value);

}  // namespace freshet
