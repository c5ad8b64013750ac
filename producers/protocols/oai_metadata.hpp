#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "producers/emit.hpp"

namespace freshet {

/// Makes works of the metadata of one OAI record.
/// @param identifier  of the record
/// @param metadata    the element `metadata` (xml_json.hpp)
/// @throws WrongShape  in none of the formats that are understood.
void expand_oai_metadata(const std::string& identifier, const json::value& metadata, Emit& emit);

}  // namespace freshet
