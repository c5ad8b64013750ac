#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/metrics.hpp"

namespace freshet {

/// How often what happened, by a word.
using CountsByReason = std::map<std::string, std::int64_t, std::less<>>;

/// Adds counts to the counters of one name, one per reason, which is the value of `label`.
void add_reasons(Metrics& metrics, const Labels& labels, const char* name, const char* help,
                 const char* label, const CountsByReason& reasons);

/// Records put aside by any stage, by Errc.
void add_dead_letters(Metrics& metrics, const Labels& labels, const CountsByReason& reasons);

}  // namespace freshet
