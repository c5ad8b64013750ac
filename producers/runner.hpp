#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/http/patient_client.hpp"
#include "core/time.hpp"
#include "producers/output.hpp"
#include "producers/provider.hpp"
#include "producers/run_delivery.hpp"
#include "producers/run_options.hpp"

namespace freshet {

/// What a run needs from outside. All of it outlives the run.
struct RunnerParts {
  http::HttpClient& http;  ///< for several threads where the provider has several in flight
  http::Sleep sleep;
  http::PatientClock http_clock{};
  const Clock& clock;
  Output& output;
  std::stop_token stop{};
  std::string key{};                           ///< credential; empty: none
  std::shared_ptr<http::RateLimits> limits{};  ///< null: those of this run alone
  int most_in_flight = 1'000;  ///< raw records at a time, whatever the provider allows; 1: in order
  /// Ends what `http` and `sleep` are about, because the run ends early. Null: it is waited for.
  std::function<void()> give_up{};
  std::function<void(const Refusal&)> on_refusal{};                     ///< may be null
  std::function<void(const Alert&)> on_alert{};                         ///< may be null
  std::function<void(const Totals& counts, int errors)> on_progress{};  ///< after each raw record
};

struct RunReport {
  RunState state;
  std::vector<std::string> skipped_errors;  ///< with `skip_errors`
  bool is_complete = false;  ///< everything was asked for, and `run_finished` was sent
  bool is_doubted = false;   ///< it would have been, but for something out of the ordinary

  /// Exit code: 0 only if the run ended by itself, nothing was skipped, and it is not in doubt.
  int exit_code() const;
};

/// Runs one provider: the paging loop, errors, counting, cursor and end of run.
///
/// Per fixed set: request a page, expand its raw records, hand the sightings over, work out the
/// next request, and write the cursor once the broker has acknowledged the sightings. So a run that
/// dies repeats at most what came after the last checkpoint, and the processor counts repeats as
/// unchanged.
///
/// A reply that is no answer fails its page. A set is done when the source says so (`Paging`), with
/// as many records as it announced. A full run is complete if it has at least half of what the last
/// ones had. Ten refusals in a row, and a list that does not move on, end the run. When a run ends
/// early, for whatever reason, the cursor is kept.
///
/// @throws StartupError  wrong options for this provider.
/// @throws RefusedError  another run of this provider goes on.
RunReport run_provider(Provider& provider, const RunOptions& options, RunnerParts parts);

}  // namespace freshet
