#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "processors/clean/scalar.hpp"
#include "processors/clean/texts.hpp"
#include "processors/record/work.hpp"

namespace freshet::clean {

/// Deeper nesting than this is refused (`simdjson::DEPTH_ERROR`).
inline constexpr int kMaxDepth = 100;

/// Reads one value without its content where it is a list or an object.
simdjson::error_code read_scalar(simdjson::ondemand::value& value, Arena& arena, Scalar& out);

/// The decoded name of a member.
simdjson::error_code read_name(simdjson::ondemand::field& field, Arena& arena,
                               std::string_view& out);

/// Reads an object whose leaves become texts (null stays null), members by name in byte order, the
/// last of several with one name.
simdjson::error_code read_members(simdjson::ondemand::value& object, Texts& texts, int depth,
                                  std::pmr::vector<Member>& out);

/// Any value in the same way, as JSON text.
simdjson::error_code read_json(simdjson::ondemand::value& value, Texts& texts, int depth,
                               std::string_view& out);

/// Sorts members by name and leaves the last of those with one name.
void sort_members(std::pmr::vector<Member>& members);

/// The object's JSON text, in the arena.
std::string_view members_json(const std::pmr::vector<Member>& members, Arena& arena);

}  // namespace freshet::clean
