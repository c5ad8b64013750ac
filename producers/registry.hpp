#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "producers/provider.hpp"

namespace freshet {

/// One provider of the registry.
struct RegisteredProvider {
  std::string_view command;
  std::unique_ptr<Provider> (*make)();
};

/// Every provider, by command.
const std::vector<RegisteredProvider>& providers();
/// Null where there is no such command.
const RegisteredProvider* find_provider(std::string_view command);

}  // namespace freshet
