#pragma once

#include <chrono>
#include <memory>

#include "core/ops_view.hpp"

namespace freshet {

/// Measures what the page for operators shows, with the functions of the commands that print it, as
/// long as somebody looks: lag every two seconds, the rest less often.
std::unique_ptr<OpsView> make_ops_view(const Context& context);

/// How long a figure rests once it was measured: so long as is set, but where measuring takes
/// noticeable time, twenty times that: looking must not be a load of its own.
std::chrono::milliseconds pause_after(std::chrono::seconds every,
                                      std::chrono::steady_clock::duration took);

}  // namespace freshet
