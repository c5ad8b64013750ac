#pragma once

#include <string>
#include <string_view>

#include "sinks/store_record.hpp"

namespace freshet {

/// The columns of a media table that a sink writes, comma-separated, in the order of a row's
/// fields. `removed_from_source` is not among them: the table computes it from `status`.
std::string_view copy_columns(MediaType media_type);

/// Binary COPY data: header, rows, trailer. Binary, because nothing has to be escaped by us and
/// parsed from text by the server.
///
/// A work that is not live becomes a stub: identity, revision, status, times, the former
/// identifiers and `duplicate_of`; every other field null.
///
/// @thread_safety  Pure functions.
/// @source  PostgreSQL reference, "COPY", binary format; the receive functions of the column types.
void begin_copy(std::string& out);
void append_row(std::string& out, const StoreRecord& record);
void end_copy(std::string& out);

}  // namespace freshet
