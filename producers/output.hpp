#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/alert.hpp"
#include "core/result.hpp"
#include "core/totals.hpp"
#include "producers/run_state.hpp"
#include "producers/sighting.hpp"

namespace freshet {

/// A raw record or sighting put aside whole.
struct Rejection {
  std::string provider;  ///< for `dl.step`: `produce.met`
  Error error;
  std::optional<std::string> key;  ///< nothing where none could be formed
  std::string value;               ///< original bytes
  std::string url;                 ///< of the request, without credentials
  std::int64_t item = 0;           ///< number in its reply, from 1
};

/// Sums by provider key since the last checkpoint.
using TotalsByProvider = std::map<std::string, Totals>;

/// Where a run's results go: Kafka, standard output, or a test's memory.
///
/// An error from any of these ends the run: results must not be lost.
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  /// State of the provider's last run, or nothing.
  virtual Result<std::optional<RunState>> last_state(const std::string& command) = 0;
  /// From here on only this run may write the command's state, sums and ends of runs; a run that
  /// held them before can write none of them any more. Call between two calls of `last_state`; the
  /// second one is what counts.
  /// @param name  of what is taken over: the command, or the run where a command may make several.
  /// @param sums  number under which the sums are kept. Runs at the same time that may count the
  ///              same provider need different numbers; 0 is for the provider's own command.
  virtual Result<void> take_over(const std::string& name, std::int32_t sums) = 0;
  virtual Result<void> sighting(const Sighting& sighting, std::string_view value) = 0;
  /// @param value  the raw record that says so.
  virtual Result<void> removal(const std::string& key, std::string_view value) = 0;
  virtual Result<void> rejection(const Rejection& rejection) = 0;
  /// Waits until everything handed over before was acknowledged, then writes state and sums, both
  /// or neither. While the outcome is `running`, the state is written anew between two calls, so
  /// that others see that the run is alive.
  /// @error Errc::fenced: another run has taken over.
  virtual Result<void> checkpoint(const RunState& state, const TotalsByProvider& added) = 0;
  /// Puts something on `ops.alerts.v1`, acknowledged.
  virtual Result<void> alert(const Alert& alert) = 0;
  /// One `run_finished` record in every partition, acknowledged.
  virtual Result<void> run_finished(MediaType media_type, std::string_view provider,
                                    std::string_view value) = 0;
};

}  // namespace freshet
