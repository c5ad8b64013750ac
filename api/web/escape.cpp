#include "api/web/escape.hpp"

#include <algorithm>

#include "api/html_escaped.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api::web {

std::string xml_escaped(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const std::string whole = html_escaped(well_formed_utf8(text));
  std::string out;
  out.reserve(whole.size());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const auto byte = static_cast<unsigned char>(whole[at]);
    // A carriage return would be read as a line feed.
    if (byte == '\r') {
      out += "&#13;";
    } else if (byte < 0x20 && byte != '\t' && byte != '\n') {
      out += kReplacement;
    } else if (byte == 0xEF && (whole.compare(at, 3, "\xEF\xBF\xBE") == 0 ||
                                whole.compare(at, 3, "\xEF\xBF\xBF") == 0)) {
      out += kReplacement;
      at += 2;
    } else {
      out += whole[at];
    }
  }
  return out;
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_ascii_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  return out;
}

std::string web_address(std::string_view url) {
  const std::string scheme = lower_ascii(url.substr(0, 8));
  const std::size_t host = scheme.starts_with("https://")  ? 8
                           : scheme.starts_with("http://") ? 7
                                                           : 0;
  const bool is_clean = std::ranges::all_of(url, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && c != '"' && c != '<' && c != '>' && c != '\\';
  });
  if (host == 0 || !is_clean || url.size() == host || url[host] == '/') {
    return {};
  }
  return std::string{url};
}

}  // namespace freshet::api::web
