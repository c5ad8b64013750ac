#include "core/crawl/http_answer.hpp"

#include <algorithm>
#include <charconv>

#include "core/charset.hpp"
#include "core/text.hpp"

namespace freshet {

std::optional<HttpAnswer> read_http_answer(std::string_view content) {
  if (!content.starts_with("HTTP/")) {
    return std::nullopt;
  }
  HttpAnswer answer;
  const std::size_t space = content.substr(0, 16).find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  const char* const digits = content.data() + space + 1;
  if (std::from_chars(digits, content.data() + content.size(), answer.status).ec != std::errc{}) {
    return std::nullopt;
  }
  std::string_view rest = content;
  for (bool is_first = true; !rest.empty(); is_first = false) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty()) {
      break;
    }
    const std::size_t colon = line.find(':');
    if (is_first || colon == std::string_view::npos ||
        lower_ascii(trim_space(line.substr(0, colon))) != "content-type") {
      continue;
    }
    const std::string_view value = line.substr(colon + 1);
    answer.content_type = lower_ascii(trim_space(value.substr(0, value.find(';'))));
    answer.charset = charset_of(value);
  }
  answer.body = rest;
  return answer;
}

}  // namespace freshet
