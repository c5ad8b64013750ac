#pragma once

#include <string_view>

namespace freshet::clean {

/// Category of a provider's works where it gives none itself; empty when there is none.
std::string_view default_category(std::string_view provider) noexcept;

}  // namespace freshet::clean
