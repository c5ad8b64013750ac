#pragma once

#include <ostream>

#include "producers/command.hpp"
#include "producers/output.hpp"
#include "producers/runner.hpp"

namespace freshet {

/// Prints results to a stream, one a line, for `--dry-run`: raw sightings, or what clean makes of
/// them. Rejections are only counted, and written to `--rejects`; nothing is kept.
class PrintOutput final : public Output {
 public:
  /// @param clean       null: raw sightings.
  /// @param on_refusal  is told what clean drops or rejects; may be null.
  PrintOutput(std::ostream& out, CleanFunction clean,
              std::function<void(const Refusal&)> on_refusal);

  Result<std::optional<RunState>> last_state(const std::string& command) override;
  Result<void> take_over(const std::string& name, std::int32_t sums) override;
  Result<void> sighting(const Sighting& sighting, std::string_view value) override;
  Result<void> removal(const std::string& key, std::string_view value) override;
  Result<void> rejection(const Rejection& rejection) override;
  Result<void> checkpoint(const RunState& state, const TotalsByProvider& added) override;
  Result<void> alert(const Alert& alert) override;
  Result<void> run_finished(MediaType media_type, std::string_view provider,
                            std::string_view value) override;

 private:
  Result<void> line(std::string_view text);

  std::ostream& out_;
  CleanFunction clean_;
  std::function<void(const Refusal&)> on_refusal_;
};

/// A line of `--rejects`: `{"foreign_identifier", "outcome", "reason", "field", "rule"}`, null
/// where there is nothing to say.
std::string refusal_line(const Refusal& refusal);

}  // namespace freshet
