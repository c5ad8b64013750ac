#pragma once

#include <string>

#include "operate/explain.hpp"

namespace freshet {

/// Whether a search finds a work now, and why.
struct Fate {
  enum class Found { yes, only_sensitive, no, unknown };
  Found found = Found::unknown;
  /// For programs: `live`, `sink_behind`, `hidden_source`, `decision_pending`, `taken_down`,
  /// `erased`, `blocked`, `duplicate`, `removed_at_source`, `never_usable`, `dropped`,
  /// `put_aside`, `processor_behind` or `unknown_work`.
  std::string cause;
  std::string sentence;  ///< for people
};

/// What the stores have decides whether it is found; what the topics have says why. If several
/// reasons hold, it is the one that a record meets first on its way.
Fate fate_of(const Explanation& explanation);

}  // namespace freshet
