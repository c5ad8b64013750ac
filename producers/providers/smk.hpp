#pragma once

#include <string>
#include <string_view>

// Rules of SMK's API that are tested on their own.

namespace freshet::smk_rules {

/// Page of a work, by its number in the museum: `KSMB 25 106.5`.
std::string landing_url(std::string_view object_number);

}  // namespace freshet::smk_rules
