#pragma once

#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/record/fields.hpp"
#include "processors/clean/texts.hpp"
#include "processors/record/work.hpp"

namespace freshet::clean {

using LeftOutList = std::pmr::vector<LeftOut>;

/// Holds the members of a collection to the record contract: in the place of a value that its entry
/// does not allow stands null. Prose (`title`, `creator`) is cut instead. What has no entry stays.
/// @param collection  `alt_files`, `audio_set`; static storage
void limit_members(std::string_view collection, std::pmr::vector<Member>& members, Texts& texts,
                   LeftOutList& left_out);

/// Cuts `description`, the one member of `meta_data` that is searched: each text, and a list of
/// them to its first elements.
void limit_description(std::pmr::vector<Member>& meta_data, Texts& texts, LeftOutList& left_out);

}  // namespace freshet::clean
