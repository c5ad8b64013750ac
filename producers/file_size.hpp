#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/json.hpp"
#include "core/result.hpp"
#include "producers/fetch.hpp"

namespace freshet {

/// Size of a file in bytes, by a HEAD request; nothing where the server does not tell it, or says
/// 0.
/// @error as `Fetch::head`.
Result<std::optional<std::int64_t>> file_size(Fetch& fetch, const std::string& url);

/// The same for a field of a record that goes on without it: null also where the request fails.
json::value file_size_or_null(Fetch& fetch, const std::string& url);

}  // namespace freshet
