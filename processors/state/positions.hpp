#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "processors/state/claim_store.hpp"
#include "processors/state/state_store.hpp"

namespace freshet {

/// Positions as the state keeps them: numbers from 0 on, with a space between.
///
/// @thread_safety  Pure functions.
std::string encode_positions(const ChangelogPositions& at);
/// Nothing where the text is no such thing: the partition is then an empty one.
std::optional<ChangelogPositions> decode_positions(std::string_view text) noexcept;

std::string encode_position(const ClaimsPosition& at);
std::optional<ClaimsPosition> decode_claims_position(std::string_view text) noexcept;

}  // namespace freshet
