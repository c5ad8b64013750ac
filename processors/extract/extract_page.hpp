#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/crawl/page.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// Why a page makes nothing; counted under its name.
enum class ExtractDrop {
  no_extractor,   ///< of no site that has one
  page_unwanted,  ///< of such a site, but by its address not of the kind that has pictures
  no_picture,     ///< the page holds no picture with an open licence
  record_gone,    ///< the archive has no such record
  missing_field,  ///< a picture without address or landing page; counted per picture
};
std::string_view to_string(ExtractDrop reason) noexcept;

/// A record for `media.raw.v1`.
struct ExtractedSighting {
  std::string key;
  std::string value;
};

/// What became of one page.
struct ExtractOutcome {
  std::vector<ExtractedSighting> sightings;
  std::int64_t incomplete = 0;  ///< pictures without address or landing page
};

/// What can be said of a page before anything is fetched. Nothing: it is to be fetched.
std::optional<ExtractDrop> judge_page(const CrawledPage& page);

/// Provider under whose name a page is counted: that of its site, else `common_crawl`.
std::string provider_of(const CrawledPage& page);

/// Makes sightings of the WARC record of a page.
///
/// Their time is that of the crawl: the same page gives the same bytes whenever it is extracted,
/// and never wins over what was seen later.
/// @param fragment  the bytes of the record's gzip member.
/// @return nothing to send is `sightings` empty.
/// @error Errc::malformed_payload and others with field and rule: the page is put aside.
Result<ExtractOutcome> extract_page(const CrawledPage& page, std::string_view fragment);

}  // namespace freshet
