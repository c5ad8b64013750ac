#pragma once

#include <string>
#include <vector>

#include "producers/provider.hpp"
#include "producers/run_state.hpp"

namespace freshet {

/// A page in markdown on one provider, for docs/components/.
std::string describe_provider(const ProviderSpec& spec);

/// Tables (or one JSON array) for `--list` and `--status`, with a line break at the end.
std::string list_providers(const std::vector<const ProviderSpec*>& specs, bool as_json);
std::string list_states(const std::vector<RunState>& states, bool as_json);

}  // namespace freshet
