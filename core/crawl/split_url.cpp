#include "core/crawl/split_url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

// Schemes whose last path segment may carry `;parameters`. The empty one is that of relative ones.
constexpr std::array<std::string_view, 15> kWithParameters{
    "",     "ftp",   "hdl", "prospero", "http", "imap", "https", "shttp",
    "rtsp", "rtspu", "sip", "sips",     "mms",  "sftp", "tel"};

constexpr bool is_scheme_letter(char c) {
  return is_ascii_alphanumeric(c) || c == '+' || c == '-' || c == '.';
}

/// Characters whose compatibility form (NFKC) holds one of `/?#@:`.
/// @source  Unicode 15, UnicodeData.txt.
constexpr std::array<char32_t, 19> kBecomeDelimiters{
    0x2047, 0x2048, 0x2049, 0x2100, 0x2101, 0x2105, 0x2106, 0x2A74, 0xFE13, 0xFE16,
    0xFE55, 0xFE56, 0xFE5F, 0xFE6B, 0xFF03, 0xFF0F, 0xFF1A, 0xFF1F, 0xFF20};

bool becomes_delimiter(std::string_view authority) {
  if (std::ranges::all_of(authority, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return false;
  }
  return std::ranges::any_of(kBecomeDelimiters, [&](char32_t code) {
    std::string letter;
    append_utf8(letter, code);
    return authority.find(letter) != std::string_view::npos;
  });
}

bool is_ip_literal(std::string_view host) {
  if (host.starts_with('v')) {
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 1 && dot + 1 < host.size() &&
           std::ranges::all_of(host.substr(1, dot - 1), [](char c) { return hex_value(c) >= 0; });
  }
  const std::size_t percent = host.find('%');  // a zone
  if (percent != std::string_view::npos && percent + 1 == host.size()) {
    return false;
  }
  const std::string address{host.substr(0, percent)};
  in6_addr ignored{};
  return inet_pton(AF_INET6, address.c_str(), &ignored) == 1;
}

bool has_good_brackets(std::string_view authority) {
  const bool opens = authority.find('[') != std::string_view::npos;
  const bool closes = authority.find(']') != std::string_view::npos;
  if (!opens && !closes) {
    return true;
  }
  if (opens != closes) {
    return false;
  }
  const std::size_t at = authority.rfind('@');
  const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  const std::size_t open = host.find('[');
  if (open == std::string_view::npos) {
    return is_ip_literal(host.substr(0, host.find(':')));
  }
  const std::string_view inside = host.substr(open + 1);
  const std::size_t close = inside.find(']');
  const std::string_view behind =
      close == std::string_view::npos ? std::string_view{} : inside.substr(close + 1);
  return open == 0 && (behind.empty() || behind.front() == ':') &&
         is_ip_literal(inside.substr(0, close));
}

std::string_view without_parameters(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t semicolon = path.find(';', slash == std::string_view::npos ? 0 : slash);
  return path.substr(0, semicolon);
}

/// Takes what comes before the first of `delimiters`, and leaves the rest.
std::string_view cut(std::string_view& rest, std::string_view delimiters) {
  const std::size_t end = std::min(rest.find_first_of(delimiters), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end);
  return part;
}

}  // namespace

std::optional<SplitUrl> split_url(std::string_view url, std::string& buffer) {
  while (!url.empty() && static_cast<unsigned char>(url.front()) <= 0x20) {
    url.remove_prefix(1);
  }
  if (url.find_first_of("\t\r\n") != std::string_view::npos) {
    buffer.assign(url);
    std::erase_if(buffer, [](char c) { return c == '\t' || c == '\r' || c == '\n'; });
    url = buffer;
  }
  std::string scheme;
  std::string_view rest = url;
  if (const std::size_t colon = url.find(':');
      colon != std::string_view::npos && colon > 0 && is_ascii_letter(url.front()) &&
      std::ranges::all_of(url.substr(0, colon), is_scheme_letter)) {
    scheme = lower_ascii(url.substr(0, colon));
    rest = url.substr(colon + 1);
  }
  SplitUrl parts;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    parts.authority = cut(rest, "/?#");
    if (!has_good_brackets(parts.authority) || becomes_delimiter(parts.authority)) {
      return std::nullopt;
    }
  }
  rest = rest.substr(0, rest.find('#'));
  parts.path = cut(rest, "?");
  parts.query = rest.empty() ? rest : rest.substr(1);
  if (std::ranges::find(kWithParameters, scheme) != kWithParameters.end()) {
    parts.path = without_parameters(parts.path);
  }
  return parts;
}

}  // namespace freshet
