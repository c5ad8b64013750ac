#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "producers/provider.hpp"

namespace freshet {

/// The spec of a source that speaks a protocol, as far as it is the same for all: pictures and
/// sounds under one name, from one host.
/// @param option    that the address was given by, `--base`: what a fault is about.
/// @param protocol  first part of the command: `oai_pmh`.
/// @param title     of the protocol: `OAI-PMH`.
/// @throws StartupError  the address is no web address.
ProviderSpec source_spec(std::string_view option, const std::string& address,
                         const std::string& protocol, std::string_view title,
                         const std::string& name, std::chrono::milliseconds delay);

}  // namespace freshet
