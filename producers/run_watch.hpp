#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/time.hpp"
#include "core/totals.hpp"

// Whether a run found what such runs usually find. Nothing here asks anybody.

namespace freshet {

/// Runs are measured by those that asked for the like.
enum class RunKind {
  whole,  ///< everything that the source holds
  day,    ///< one day, when it had just passed
  again,  ///< one day, read again later
  other,  ///< by parameters, a slice, a limit: measured by nothing
};
std::string_view to_string(RunKind kind) noexcept;
std::optional<RunKind> parse_run_kind(std::string_view text);

/// What an earlier run found.
struct PastRun {
  std::string run_id;
  RunKind kind = RunKind::other;
  UtcTime finished_at;
  std::int64_t listed = 0;
  std::int64_t emitted = 0;
  std::map<std::string, std::int64_t> left_out;  ///< `dropped.<reason>`, `rejected.<reason>`

  json::object to_json() const;
  static std::optional<PastRun> from_json(const json::value& value);
};
PastRun past_run(std::string run_id, RunKind kind, UtcTime finished_at, const Totals& counts);

/// Something about a run that is out of the ordinary.
struct Finding {
  std::string_view kind;  ///< `no_records`, `few_records`, `many_drops`
  std::string reason;     ///< `dropped.no_image`; empty: about the records
  std::int64_t found = 0;
  std::optional<std::int64_t> usual;  ///< nothing: nothing is known
  std::string message;
};

/// No records at all, unless most of the last ones of its kind had none; fewer than half of the
/// median of the last five; ten times the usual share of one reason among what was listed, and at
/// least ten of them and one in a hundred.
///
/// Days are compared once there are three of them: one day tells little of the next. Days that are
/// read again lie years apart, so their sizes are compared with nothing, but for none at all.
/// @param earlier  of any kind, oldest first.
std::vector<Finding> watch(const PastRun& run, const std::vector<PastRun>& earlier);

/// Adds a run, and forgets the oldest of its kind beyond five.
void keep_past_run(std::vector<PastRun>& runs, PastRun run);
/// Forgets all of a kind: what comes is measured by what comes.
void forget_past_runs(std::vector<PastRun>& runs, RunKind kind);

/// The one in the middle; of an even number the mean of the two. There is at least one.
std::int64_t median(std::vector<std::int64_t> values);

}  // namespace freshet
