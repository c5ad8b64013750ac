#include "api/oembed.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v6.hpp>

#include "api/licenses.hpp"
#include "core/json_writer.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

constexpr std::size_t kLongestUrl = 2048;  // code points, as upstream
constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestLabel = 63;

/// One byte of a letter beyond ASCII, of a name in its own script; white space was refused before.
bool is_wide(char c) { return static_cast<unsigned char>(c) >= 0x80U; }

bool has_space(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (leading_space(text.substr(i)) > 0) {
      return true;
    }
  }
  return false;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         count_code_points(label) <= kLongestLabel && std::ranges::all_of(label, [](char c) {
           return is_ascii_alphanumeric(c) || is_wide(c) || c == '-';
         });
}

bool is_last_label(std::string_view label) {
  if (!is_label(label) || count_code_points(label) < 2) {
    return false;
  }
  return lower_ascii(label.substr(0, 4)) == "xn--" || std::ranges::none_of(label, is_ascii_digit);
}

/// `1.2.3.4`, each up to 255 and without zeros in front.
bool is_ipv4(std::string_view host) {
  int parts = 0;
  while (true) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    const std::string_view part = host.substr(0, dot);
    if (part.empty() || part.size() > 3 || !std::ranges::all_of(part, is_ascii_digit) ||
        (part.size() > 1 && part.front() == '0') || std::stoi(std::string{part}) > 255) {
      return false;
    }
    ++parts;
    if (dot == host.size()) {
      return parts == 4;
    }
    host.remove_prefix(dot + 1);
  }
}

bool is_ipv6(std::string_view host) {
  host = host.substr(1, host.size() - 2);  // without its brackets
  boost::system::error_code fault;
  static_cast<void>(boost::asio::ip::make_address_v6(std::string{host}, fault));
  return !fault && host.find('%') == host.npos;
}

/// The dots of other scripts are dots in a host.
std::string with_plain_dots(std::string_view host) {
  std::string out{host};
  for (const std::string_view dot : {"\u3002", "\uFF0E", "\uFF61"}) {
    for (auto at = out.find(dot); at != out.npos; at = out.find(dot)) {
      out.replace(at, dot.size(), ".");
    }
  }
  return out;
}

bool is_host(std::string_view given) {
  if (given.starts_with('[') && given.ends_with(']')) {
    return is_ipv6(given);
  }
  const std::string host = lower_ascii(with_plain_dots(given));
  if (host == "localhost" || is_ipv4(host)) {
    return true;
  }
  if (count_code_points(host) > kLongestHost) {
    return false;
  }
  std::string_view rest = host;
  if (rest.ends_with('.')) {
    rest.remove_suffix(1);
  }
  const std::size_t last = rest.rfind('.');
  if (last == rest.npos || !is_last_label(rest.substr(last + 1))) {
    return false;
  }
  for (rest = rest.substr(0, last);;) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (!is_label(rest.substr(0, dot))) {
      return false;
    }
    if (dot == rest.size()) {
      return true;
    }
    rest.remove_prefix(dot + 1);
  }
}

/// `host[:port]` with nothing behind it but a path, a query or a fragment, of any letters.
bool is_host_and_rest(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : text.npos;
  const std::size_t end =
      bracket != text.npos ? bracket + 1 : std::min(text.find_first_of(":/?#"), text.size());
  if (!is_host(text.substr(0, end))) {
    return false;
  }
  text.remove_prefix(end);
  if (text.starts_with(':')) {
    text.remove_prefix(1);
    const auto digits =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_ascii_digit) - text.begin());
    if (digits == 0 || digits > 5) {
      return false;
    }
    text.remove_prefix(digits);
  }
  return text.empty() || text.front() == '/' || text.front() == '?' || text.front() == '#';
}

/// As Django's URLValidator judges: scheme, host and port are looked at, and no white space is let
/// through. What follows them may hold anything: letters of any script, quotes, braces, a lone `%`.
bool is_valid_url(std::string_view text) {
  if (count_code_points(text) > kLongestUrl || has_space(text)) {
    return false;
  }
  const std::size_t colon = text.find("://");
  if (colon == text.npos) {
    return false;
  }
  const std::string scheme = lower_ascii(text.substr(0, colon));
  if (scheme != "http" && scheme != "https" && scheme != "ftp" && scheme != "ftps") {
    return false;
  }
  text.remove_prefix(colon + 3);
  if (is_host_and_rest(text)) {
    return true;
  }
  // name[:password]@host
  const std::size_t at = text.find_first_of("@/");
  if (at == text.npos || at == 0 || text[at] != '@' || text.front() == ':') {
    return false;
  }
  return std::ranges::count(text.substr(0, at), ':') <= 1 && is_host_and_rest(text.substr(at + 1));
}

/// Any spelling of a UUID that is common: with or without dashes, braces and `urn:uuid:`, in any
/// case.
std::optional<std::string> read_uuid(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:uuid:";
  if (lower_ascii(text.substr(0, kPrefix.size())) == kPrefix) {
    text.remove_prefix(kPrefix.size());
  }
  std::string digits;
  for (const char c : text) {
    if (c == '-' || c == '{' || c == '}') {
      continue;
    }
    if (hex_value(c) < 0) {
      return std::nullopt;
    }
    digits += lower_letter(c);
  }
  if (digits.size() != 32) {
    return std::nullopt;
  }
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) {
    digits.insert(dash, 1, '-');
  }
  return digits;
}

std::optional<std::string> last_segment_uuid(std::string_view url) {
  if (url.ends_with('/')) {
    url.remove_suffix(1);
  }
  return read_uuid(url.substr(url.rfind('/') + 1));
}

}  // namespace

Reply oembed_error(std::string_view sentence, const std::string& url) {
  return field_error_reply({{std::string{sentence}, {url}}});
}

std::variant<OembedTarget, Reply> parse_oembed(const Query& query) {
  const std::string* given = query.find("url");
  if (given == nullptr) {
    return field_error_reply({{"url", {"This field is required."}}});
  }
  const std::string url{trim_space(*given)};
  if (url.empty()) {
    return field_error_reply({{"url", {"This field may not be blank."}}});
  }
  if (url.find('\0') != url.npos) {
    return field_error_reply({{"url", {"Null characters are not allowed."}}});
  }
  if (!is_valid_url(url)) {
    return field_error_reply({{"url", {"Enter a valid URL."}}});
  }
  auto identifier = last_segment_uuid(std::string_view{url}.substr(0, url.find_first_of("?#")));
  if (!identifier) {
    identifier = last_segment_uuid(url);  // pages whose address is behind a `#`
  }
  if (!identifier) {
    return oembed_error("Could not parse identifier from URL.", url);
  }
  return OembedTarget{*identifier, url};
}

std::string build_oembed(const WorkRow& row) {
  std::string out;
  ObjectWriter object{out};
  object.text("version", "1.0");
  object.text("type", "photo");
  object.integer_or_null("width", row.number<Field::width>());
  object.integer_or_null("height", row.number<Field::height>());
  object.text_or_null("title", row.text<Field::title>());
  object.text_or_null("author_name", row.text<Field::creator>());
  object.text_or_null("author_url",
                      row.text<Field::creator_url>()
                          ? std::optional{with_scheme(*row.text<Field::creator_url>())}
                          : std::nullopt);
  object.text_or_null("license_url", item_license_url(row));
  object.close();
  return out;
}

}  // namespace freshet::api
