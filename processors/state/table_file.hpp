#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>

#include "processors/state/hot_table.hpp"
#include "processors/state/state_store.hpp"

namespace freshet {

/// Writes a table to a file that takes the place of an earlier one only when it is complete: a
/// header with partition, positions and count, 24 bytes per work, and a checksum over all of it.
/// @error WorkFailed when it cannot be written.
void save_table_file(const std::filesystem::path& file, std::int32_t partition,
                     const HotTable& table, const ChangelogPositions& positions);

/// Reads it back into an empty table. Nothing, and an empty table, when there is none, or it is cut
/// short, damaged, or of another form or partition.
std::optional<ChangelogPositions> load_table_file(const std::filesystem::path& file,
                                                  std::int32_t partition, HotTable& table);
/// The same from a file that is open already. @param bytes  its size.
std::optional<ChangelogPositions> read_table(std::istream& in, std::uintmax_t bytes,
                                             std::int32_t partition, HotTable& table);

}  // namespace freshet
