#include "core/http/url.hpp"

#include <curl/curl.h>

#include <memory>

#include "core/text.hpp"

namespace freshet::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

// A space in a query or path is sent as %20: providers do give such links. Each further URL set on
// the same handle is resolved against the one before.
bool set_url(const Url& url, std::string_view text) {
  return curl_url_set(url.get(), CURLUPART_URL, std::string{text}.c_str(),
                      CURLU_ALLOW_SPACE | CURLU_URLENCODE) == CURLUE_OK;
}

std::optional<std::string> part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) {
    return std::nullopt;
  }
  std::string copy{text};
  curl_free(text);
  return copy;
}

bool is_web_scheme(const std::optional<std::string>& scheme) {
  return scheme == "http" || scheme == "https";
}

/// Null unless it is an absolute http or https URL.
Url parse(std::string_view text) {
  Url url{curl_url()};
  if (url && (!set_url(url, text) || !is_web_scheme(part(url, CURLUPART_SCHEME)))) {
    url.reset();
  }
  return url;
}

std::optional<std::string> host_part(const Url& url) {
  const auto host = part(url, CURLUPART_HOST);
  return host ? std::optional{lower_ascii(*host)} : std::nullopt;
}

std::string_view without_trailing_slashes(std::string_view text) {
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::optional<std::string> host_of(std::string_view url) {
  const Url parsed = parse(url);
  if (!parsed) {
    return std::nullopt;
  }
  return host_part(parsed);
}

std::optional<std::string> origin_of(std::string_view url) {
  const Url parsed = parse(url);
  if (!parsed) {
    return std::nullopt;
  }
  const auto host = host_part(parsed);
  const auto port = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!host || !port) {
    return std::nullopt;
  }
  return part(parsed, CURLUPART_SCHEME).value_or("") + "://" + *host + ":" + *port;
}

std::string encode_url(std::string_view url) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(url.size());
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F ||
        std::string_view{"\"<>\\^`{|}"}.find(c) != std::string_view::npos) {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> resolve_url(std::string_view base, std::string_view location) {
  const Url url{curl_url()};
  if (!url || !set_url(url, base) || !set_url(url, location) ||
      !is_web_scheme(part(url, CURLUPART_SCHEME))) {
    return std::nullopt;
  }
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part(url, CURLUPART_URL);
}

std::string to_mirror(std::string_view mirror, std::string_view url) {
  const auto scheme_end = url.find("://");
  std::string_view rest = scheme_end == std::string_view::npos ? url : url.substr(scheme_end + 3);
  std::string result{without_trailing_slashes(mirror)};
  result += '/';
  const auto host_end = rest.find_first_of("/?");
  result += rest.substr(0, host_end);
  if (host_end == std::string_view::npos) {
    return result + "/";
  }
  if (rest[host_end] == '?') {
    result += '/';
  }
  return result.append(rest.substr(host_end));
}

std::optional<std::string> from_mirror(std::string_view mirror, std::string_view url,
                                       std::string_view scheme) {
  const std::string_view prefix = without_trailing_slashes(mirror);
  if (!url.starts_with(prefix) || url.size() <= prefix.size() + 1 || url[prefix.size()] != '/') {
    return std::nullopt;
  }
  return std::string{scheme}.append("://").append(url.substr(prefix.size() + 1));
}

}  // namespace freshet::http
