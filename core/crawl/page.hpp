#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "core/result.hpp"

namespace freshet {

/// A link of a page to a Creative Commons licence, or to whatever else has `creativecommons.org` in
/// its address.
struct LicenceLink {
  std::string cc_domain;   ///< host of the link, as written
  std::string cc_license;  ///< path of the link
  std::string url;         ///< as it stands in the page
  std::string html_path;   ///< element and attribute: `A@/href`
};

/// A page of a crawl that has such links: a record of `media.pages.v1`. Names are those of the
/// batch original's columns.
struct CrawledPage {
  std::string provider_domain;  ///< host as written, with user and port
  std::string content_path;
  std::string content_query_string;
  std::string target_uri;                 ///< the whole address
  std::optional<std::string> crawled_at;  ///< RFC 3339, as the crawl says it
  std::vector<LicenceLink> licences;      ///< in the order of the page; at least one
  std::string warc_segment;  ///< `crawl-data/CC-MAIN-2018-13/segments/1521257644271.19`
  std::string warc_filename;
  std::int64_t content_offset = 0;  ///< of the gzip member in that file, bytes
  std::int64_t deflate_length = 0;  ///< of the gzip member
  std::int64_t images = 0;          ///< distinct addresses of pictures
  /// How often the page links to each foreign host, hosts in the order of the page.
  std::vector<std::pair<std::string, std::int64_t>> links;

  /// Address without scheme: host, path, `?` and query if there is one.
  std::string address() const;
  /// Path of the WARC file that has the page.
  std::string warc_path() const { return warc_segment + "/warc/" + warc_filename; }
  /// Key of the record: the address; where there is none, where the page lies.
  std::string key() const;
};

std::string encode_page(const CrawledPage& page);
/// @error Errc::malformed_payload, missing_field or invalid_value with field and rule.
Result<CrawledPage> parse_page(std::string_view value);

/// The rows that the batch original makes of a page, one per licence link: an object with its ten
/// columns, `html_metadata` as an object.
std::vector<json::object> page_rows(const CrawledPage& page);

}  // namespace freshet
