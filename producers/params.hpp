#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http/http_client.hpp"
#include "core/json.hpp"
#include "core/result.hpp"

namespace freshet {

/// Query parameters of a list request, in order; a name may occur several times (`filter[]`).
using Params = http::Query;

/// The first value of a name, or nothing.
std::optional<std::string_view> param_at(const Params& params, std::string_view name);
/// A whole number, or `otherwise` where the parameter is missing or is none.
std::int64_t param_number(const Params& params, std::string_view name, std::int64_t otherwise);

/// Sets a name to one value: in place if it is there, else at the end.
void set_param(Params& params, std::string_view name, std::string value);
Params with_param(Params params, std::string_view name, std::string value);

/// `base` with every name of `over`, which then has only the values that `over` gives it.
Params overlay(Params base, const Params& over);

/// Whether every pair of `part` is in `whole`.
bool contains(const Params& whole, const Params& part);

/// `{"page": "2", "filter[]": ["a", "b"]}`: one member per name.
json::object params_to_json(const Params& params);
/// Reads them back; numbers and booleans become text, because a query holds only text.
/// @error Errc::malformed_payload, Retry::never: not an object of texts, numbers, booleans and
///        lists of these.
Result<Params> params_from_json(const json::value& value);

}  // namespace freshet
