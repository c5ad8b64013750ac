#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// What a source says of rights, as the address of a licence: the one table of such statements is
/// schemas/rights.json.
///
/// Understands addresses of Creative Commons (given back as they are), of rightsstatements.org and
/// other addresses in the table, and texts such as `CC BY-SA 4.0`, `Attribution-NonCommercial 3.0
/// Unported`, `CC0`, `Public Domain`. A licence without its version is none: nobody can say which.
/// @return nothing where the statement opens nothing, or is not understood.
/// @source  rightsstatements.org, "Rights Statements"; Creative Commons, names of licences.
std::optional<std::string> license_url_of_statement(std::string_view statement);

}  // namespace freshet
