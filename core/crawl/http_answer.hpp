#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// The HTTP answer in a WARC record of type `response`.
struct HttpAnswer {
  int status = 0;
  std::string content_type;  ///< in lower case, without parameters
  std::string charset;       ///< in lower case; empty: not said
  std::string_view body;     ///< as the crawl kept it: decompressed
};

/// Nothing: it does not begin with a status line.
std::optional<HttpAnswer> read_http_answer(std::string_view content);

}  // namespace freshet
