// Catalogue records as the sinks read and write them: the first line is the key, the rest the
// value.
#include <cstring>

#include "core/topics.hpp"
#include "sinks/store_record.hpp"
#include "sinks/targets/bulk.hpp"
#include "sinks/targets/copy_rows.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

template <class Unsigned>
Unsigned take_big_endian(std::string_view& rest) {
  require(rest.size() >= sizeof(Unsigned), "a COPY row does not end within a number");
  Unsigned value = 0;
  for (const char byte : rest.substr(0, sizeof(Unsigned))) {
    value = static_cast<Unsigned>(value << 8U | static_cast<std::uint8_t>(byte));
  }
  rest.remove_prefix(sizeof(Unsigned));
  return value;
}

// The frame of a binary COPY row: the number of fields, then each with its length.
void check_row(std::string_view row, MediaType media_type) {
  const std::string_view columns = copy_columns(media_type);
  const auto wanted = static_cast<std::size_t>(std::ranges::count(columns, ',')) + 1;
  const std::size_t fields = take_big_endian<std::uint16_t>(row);
  require(fields == wanted, "a COPY row has a field per column");
  for (std::size_t i = 0; i < fields; ++i) {
    const auto length = take_big_endian<std::uint32_t>(row);
    if (length == 0xFFFFFFFFU) {
      continue;
    }
    require(length <= row.size(), "a field of a COPY row ends within the row");
    row.remove_prefix(length);
  }
  require(row.empty(), "a COPY row ends with its last field");
}

void check(std::string_view input) {
  static CatalogDecoder decoder;
  const std::string_view key = take_line(input);
  const auto record = decoder.decode({key, input, schema_header::kCatalog, {}, {}});
  if (!record) {
    require(record.error().retry() == Retry::never, "a refused record is refused for good");
    return;
  }
  std::string lines;
  append_bulk_item(lines, **record, "");
  std::string_view rest = lines;
  require_json(take_line(rest), "the action of a bulk item is JSON");
  require_json(take_line(rest), "the document of a bulk item is JSON");
  require(rest.empty() && lines.ends_with('\n'), "a bulk item is two lines", lines);
  std::string row;
  append_row(row, **record);
  check_row(row, (*record)->media_type);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
