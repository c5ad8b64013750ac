#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/http/patient_client.hpp"
#include "core/time.hpp"
#include "producers/output.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// What the command line says about one run.
struct RunOptions {
  std::optional<std::string> date{};
  std::optional<std::int64_t> limit{};      ///< records emitted
  std::optional<std::int64_t> max_pages{};  ///< list requests
  std::optional<Params> initial_params{};   ///< of the first request; later ones follow from it
  std::vector<Params> only_params{};        ///< exactly these requests, in this order
  Params additional_params{};               ///< laid over every list request
  std::optional<std::pair<UtcTime, UtcTime>> slice{};
  bool skip_errors = false;
  bool restart = false;  ///< an interrupted run is not resumed
};

/// What is told about each record that goes no further; for `--rejects`.
struct Refusal {
  std::string foreign_identifier;  ///< empty: unknown
  std::string_view outcome;        ///< `dropped` or `rejected`
  std::string reason;
  std::string field;
  std::string rule;
};

/// What a run needs from outside. All of it outlives the run.
struct RunnerParts {
  http::HttpClient& http;
  http::Sleep sleep;
  http::PatientClock http_clock{};
  const Clock& clock;
  Output& output;
  std::stop_token stop{};
  std::string key{};                                                    ///< credential; empty: none
  std::function<void(const Refusal&)> on_refusal{};                     ///< may be null
  std::function<void(const Totals& counts, int errors)> on_progress{};  ///< after each raw record
};

struct RunReport {
  RunState state;
  std::vector<std::string> skipped_errors;  ///< with `skip_errors`
  bool is_complete = false;  ///< everything was asked for, and `run_finished` was sent

  /// Exit code: 0 only if the run ended by itself and nothing was skipped.
  int exit_code() const;
};

/// Runs one provider: the paging loop, errors, counting, cursor and end of run.
///
/// Per fixed set: request a page, expand its raw records, hand the sightings over, work out the
/// next request, and only when the broker has acknowledged them keep the cursor. So a run that dies
/// repeats at most what came after the last checkpoint; repeats are dropped as unchanged.
///
/// @throws StartupError  wrong options for this provider.
RunReport run_provider(Provider& provider, const RunOptions& options, RunnerParts parts);

}  // namespace freshet
