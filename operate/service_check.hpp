#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"

namespace freshet {

/// What `config check` saw of one service.
struct ServiceCheck {
  std::string service;               ///< `kafka`, `postgres`, `elasticsearch`, `redis`
  std::string address;               ///< without credentials
  std::string answer;                ///< what answered, such as a version
  std::optional<std::string> fault;  ///< why it cannot be used
};

/// Connects to each configured service, 5 s each at most. Changes nothing anywhere.
std::vector<ServiceCheck> check_services(const Config& config);

}  // namespace freshet
