#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/key.hpp"
#include "core/result.hpp"

namespace freshet {

/// One field of a line in PostgreSQL's COPY text format, decoded; nothing for `\N`.
using TsvField = std::optional<std::string>;

/// Decodes one field: `\b \f \n \r \t \v`, one to three octal digits, `\x` with one or two
/// hexadecimal digits, and a backslash before any other character for that character.
/// @error Errc::malformed_payload, Retry::never: a backslash at the end.
Result<TsvField> decode_tsv_field(std::string_view field);

/// Elements of an array literal of one dimension, `{a, "b c", NULL}`; nothing for a null element.
/// @error Errc::malformed_payload, Retry::never.
Result<std::vector<TsvField>> parse_array_literal(std::string_view text);

/// What a line of a batch-era file says.
struct TsvRow {
  std::string provider;            ///< cleaned
  std::string foreign_identifier;  ///< cleaned
  std::string key;                 ///< of the work
  std::string work;                ///< raw `work`: compact JSON, members in their fixed order
  std::int64_t mended = 0;         ///< values of JSON columns that JSON cannot hold
};

/// Reads one line without its newline. The layout follows from the number of columns: images 17, 18
/// (without and with ingestion type) and 20, audio 25 and 26 (with the set's identifier).
///
/// Values are passed on as they were stored. A value that is a number or a boolean is written as
/// one, any other as text. Licence slugs are lower-cased, because old files hold `CC0`.
/// @error Errc::malformed_payload, field `line`: another number of columns, a broken escape or
///        bytes that are no UTF-8; with a column as field: JSON or an array that cannot be read.
///        Errc::missing_field: no provider, identifier, landing page or URL.
/// @source  the batch system's file versions 000, 001 and 002.
Result<TsvRow> parse_tsv_line(std::string_view line, MediaType media_type);

}  // namespace freshet
