#pragma once

#include <vector>

#include "core/policy.hpp"
#include "processors/stages/dedupe/scan.hpp"

namespace freshet {

/// The scans after which every work is as this policy makes it.
std::vector<ScanJob> scans_of(const Policy& policy);

}  // namespace freshet
