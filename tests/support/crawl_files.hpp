#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::test {

using WarcFields = std::vector<std::pair<std::string, std::string>>;

/// One gzip member.
std::string gzip(std::string_view text);

/// A record of WARC/1.0, with the length that its content has.
std::string warc_record(std::string_view type, const WarcFields& fields, std::string_view content);

/// A WARC file with a gzip member per record, as crawls have them, and where each member lies.
class WarcFile {
 public:
  struct Member {
    std::uint64_t offset;
    std::uint64_t length;
  };

  /// Adds a record of its own member. @return where it lies.
  Member add(std::string_view type, const WarcFields& fields, std::string_view content);
  /// Adds bytes as they are, such as a damaged member.
  Member add_bytes(std::string_view bytes);

  const std::string& bytes() const noexcept { return bytes_; }
  const std::vector<Member>& members() const noexcept { return members_; }

 private:
  std::string bytes_;
  std::vector<Member> members_;
};

/// A made-up page of a crawl.
struct MadeUpPage {
  std::string uri;
  std::string html;
  std::vector<std::pair<std::string, std::string>> links;  ///< `A@/href` and address
};

/// A WARC file of pages and the WAT file about it: request, response and metadata records, with the
/// places that the WAT file names those of the WARC file.
struct CrawlPair {
  std::string warc;
  std::string wat;
};
/// @param name  of the WARC file: `CC-MAIN-20240220211055-20240221001055-00000.warc.gz`.
CrawlPair make_crawl_pair(const std::string& name, const std::vector<MadeUpPage>& pages);

/// JSON of one WAT record about a page. @param links  raw JSON, what stands behind `"Links":`.
std::string wat_json(const std::string& uri, const std::string& warc_name, WarcFile::Member at,
                     std::string_view links);
/// Links of a page as JSON.
std::string links_json(const std::vector<std::pair<std::string, std::string>>& links);

/// A folder like the bucket of a crawl: `crawl-data/<crawl>/wat.paths.gz`, `warc.paths.gz`, and
/// `files` pairs of files of `pages` pages each, of which every tenth (or another part) links to a
/// licence. Some are pages of sites that have an extractor.
void write_crawl(const std::string& folder, const std::string& crawl, int files, int pages,
                 int linked_every = 10);

}  // namespace freshet::test
