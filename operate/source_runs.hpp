#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/commands.hpp"
#include "core/time.hpp"

namespace freshet {

/// The last run of a provider, as `producer.state.v1` has it, and what full runs brought before.
struct SourceRun {
  std::string provider;  ///< the command's name
  UtcTime updated_at;
  bool has_failed = false;
  std::int64_t emitted = 0;
  std::optional<std::int64_t> last_full;  ///< records that the last full run emitted
  std::optional<std::int64_t> usual;      ///< median of the full runs before it
};

/// Nothing: the value is no such state.
std::optional<SourceRun> parse_source_run(std::string_view provider, std::string_view value);

/// All of them, read from the topic. @error WorkFailed
std::vector<SourceRun> read_source_runs(const Context& context);

}  // namespace freshet
