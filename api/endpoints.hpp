#pragma once

#include <vector>

#include "api/endpoint.hpp"

namespace freshet::api {

/// All there is to call, in the order in which people are told of it. Each row lies with its
/// handler in endpoints/.
const std::vector<Endpoint>& endpoints();

}  // namespace freshet::api
