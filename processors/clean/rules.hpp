#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace freshet {

/// Lists that clean applies, from `schemas/rules.json`.
struct CleanRules {
  std::vector<std::string> http_only_hosts;  ///< whole host names, lower case, that answer no TLS
};

/// Reads the members of a rules file that clean needs and ignores the others.
/// @error Errc::malformed_payload, Retry::never: not such a file.
Result<CleanRules> parse_clean_rules(std::string_view json);

}  // namespace freshet
