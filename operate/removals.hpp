#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/policy.hpp"

namespace freshet {

/// `freshet decide approve-removal|refuse-removal MEDIA_TYPE:PROVIDER`.
void add_removal_decisions(CLI::App& decide, Commands& commands);

/// A full run whose removals wait for approval.
struct HeldRemoval {
  std::string media_type;
  std::string provider;
  RemovalRule::Held held;
};

/// In the order of their names.
std::vector<HeldRemoval> held_removals(const Policy& policy);

enum class RemovalWord { approve, refuse };

/// The rule after a held removal was approved or refused. @pre something is held.
RemovalRule settle(const RemovalRule& rule, RemovalWord word);

}  // namespace freshet
