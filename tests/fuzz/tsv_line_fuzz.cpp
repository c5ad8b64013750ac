// Lines of batch-era files, as images and as audio; files of iNaturalist.
#include "core/crawl/gzip_source.hpp"
#include "core/utf8.hpp"
#include "processors/clean/cleaner.hpp"
#include "producers/inaturalist/table_file.hpp"
#include "producers/tsv_line.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_row(const TsvRow& row, MediaType media_type) {
  static Cleaner cleaner;
  require_json(row.work, "the work of a line is JSON");
  require(row.key == make_work_key(media_type, row.provider, row.foreign_identifier),
          "a row has the key of its work", row.key);
  Arena arena;
  const CleanResult result = cleaner.clean(row.work, arena);
  if (const auto* const work = std::get_if<Work>(&result)) {
    const std::string key =
        make_work_key(work->media_type, work->provider, work->foreign_identifier);
    require(key == row.key, "clean makes the key that the producer made", key, row.key);
  }
}

// Whatever the bytes are: each line behind the header is a row or a fault, and neither is bytes
// that JSON cannot hold.
void check_table(std::string_view bytes) {
  bulk::TableFile file{std::make_unique<GzipSource>(std::make_unique<MemorySource>(bytes)), "f"};
  if (!file.open({{"photo_id"}, {"license", "name"}})) {
    return;
  }
  for (std::int64_t line = 2;; ++line) {
    const auto next = file.next();
    if (!next || *next == bulk::TableFile::Next::end) {
      return;
    }
    require(file.line() == line, "each line is told");
    require(is_utf8(file.text()), "a line is UTF-8", file.text());
    if (*next == bulk::TableFile::Next::row) {
      require(file.row().size() == 2, "a row has the columns that were asked for");
      require(file.row()[0].find_first_of("\t\n") == std::string_view::npos, "a column is one");
    } else {
      require(!file.fault().rule().empty(), "a fault names its rule");
    }
  }
}

void check(std::string_view line) {
  check_table(line);
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    if (const auto row = parse_tsv_line(line, media_type)) {
      check_row(*row, media_type);
    }
  }
  if (const auto field = decode_tsv_field(line); field && *field) {
    static_cast<void>(parse_array_literal(**field));
  }
  static_cast<void>(parse_array_literal(line));
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
