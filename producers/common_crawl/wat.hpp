#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/crawl/page.hpp"
#include "core/crawl/warc_reader.hpp"
#include "core/result.hpp"

namespace freshet {

/// Why a record of a WAT or WARC file makes no page; counted under its name.
enum class CrawlDrop {
  not_metadata,     ///< WAT: no record of JSON; WARC: no response
  not_response,     ///< about a request, a revisit or a crawler's note
  no_html,          ///< the answer was no page of HTML
  no_licence_link,  ///< nothing on the page has `creativecommons.org` in its address
};
std::string_view to_string(CrawlDrop reason) noexcept;

/// What a record says: a page with licence links, nothing of interest, or a record that is about
/// such a page and cannot be used.
using CrawlVerdict = std::variant<CrawledPage, CrawlDrop, Error>;

/// `crawl-data/CC-MAIN-2018-13/segments/1521257644271.19` of the path of a WAT or WARC file: what
/// stands before `/wat/` or `/warc/`, from `crawl-data/` on where that is in it.
std::string segment_of(std::string_view path);

/// Reads the records of WAT files: JSON about the records of a WARC file, with each page's links.
///
/// A record without the letters `creativecommons.org` is passed over without being parsed: most
/// are, and so reading is about as fast as decompressing.
///
/// One page with a fault costs only itself. Where the batch original ended the whole file, or left
/// the page out with a line in its log, the page is rejected with field and rule.
///
/// @thread_safety  One thread each: it owns a parser.
class WatReader {
 public:
  WatReader();
  ~WatReader();
  WatReader(const WatReader&) = delete;
  WatReader& operator=(const WatReader&) = delete;

  /// @param record   its content is followed by 64 readable bytes.
  /// @param segment  of the file.
  CrawlVerdict read(const WarcRecord& record, std::string_view segment);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same from a WARC file, whose pages are parsed for their links.
///
/// Links are found in the attributes that a WAT file lists: `href`, `src`, `action`, `background`,
/// `cite`, `data` and their like. A record that shares its gzip member with others is rejected: no
/// range of the file gives it.
/// @param path  of the file: its name and segment are those of the page.
CrawlVerdict read_warc_record(const WarcRecord& record, std::string_view path);

}  // namespace freshet
