#pragma once

#include "core/json.hpp"

namespace freshet::cc_mixter_rules {

/// `44.1k` in Hz: 44100. A number without unit counts thousands, too. Null where there is none.
/// @throws WrongShape not a number of thousands.
json::value sample_rate_of(const json::value& text);

/// `1:05:46` in ms; parts may exceed 59, and of more than three the last three count. Null where
/// there is none. @throws WrongShape a part is no whole number.
json::value duration_of(const json::value& text);

}  // namespace freshet::cc_mixter_rules
