#pragma once

#include <string>
#include <string_view>

#include "core/decision.hpp"

namespace freshet {

/// The `decisions` member of a catalogue record:
/// `{"takedown":{"active":true,"history":[…]},"sensitive":null,"erase":null}`, null where nothing
/// was ever decided. Histories are as in core/decision.hpp.
///
/// @thread_safety  Pure functions.

/// Whether a decision of this kind holds now. @param decisions  as `with_decision` made it, or
/// another version: the order of the members means nothing.
bool is_decided(std::string_view decisions, DecisionKind kind);

/// Whether a decision holds that blocks the work, or may: one of a kind that this version does not
/// know.
bool may_block(std::string_view decisions);

/// The member with a decision taken in (kinds that this version does not know stay as they are):
/// histories are united, sorted by (at, id), and of more than kMostDecisionHistory entries the last
/// are kept. It does not depend on the order in which values come, nor on how often, and a value
/// that lacks what another process added meanwhile takes nothing away.
/// @param decision  of a kind that is a state; its history is not empty.
std::string with_decision(std::string_view decisions, const Decision& decision);

}  // namespace freshet
