#pragma once

#include <string>
#include <vector>

#include "producers/provider.hpp"

namespace freshet {

/// A page in markdown on one provider, for docs/components/.
std::string describe_provider(const ProviderSpec& spec);

/// A table (or one JSON array) for `--list`, with a line break at the end.
std::string list_providers(const std::vector<const ProviderSpec*>& specs, bool as_json);

/// Columns as wide as their widest cell.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace freshet
