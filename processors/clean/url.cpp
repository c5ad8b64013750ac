#include "processors/clean/url.hpp"

#include <libpsl.h>

#include <algorithm>
#include <functional>

#include "core/text.hpp"
#include "processors/clean/limit.hpp"

namespace freshet::clean {
namespace {

constexpr std::size_t kRecentHosts = 1024;  // power of two

bool is_ipv4(std::string_view host) noexcept {
  int parts = 0;
  for (;;) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    const std::string_view part = host.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0') ||
        part.find_first_not_of("0123456789") != std::string_view::npos ||
        (part.size() == 3 && part > "255")) {
      return false;
    }
    ++parts;
    if (dot == host.size()) {
      return parts == 4;
    }
    host.remove_prefix(dot + 1);
  }
}

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

// Browsers read three more characters as a dot (UTS 46): U+3002, U+FF0E, U+FF61.
std::string with_plain_dots(std::string_view host) {
  std::string out{host};
  for (const std::string_view dot : {"\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"}) {
    for (std::size_t at = out.find(dot); at != std::string::npos; at = out.find(dot, at)) {
      out.replace(at, dot.size(), ".");
    }
  }
  return out;
}

std::string lower_case(std::string_view host) {
  if (is_ascii(host)) {
    return lower_ascii(host);
  }
  std::string lower = with_plain_dots(host);
  char* folded = nullptr;
  if (psl_str_to_utf8lower(lower.c_str(), "utf-8", nullptr, &folded) == PSL_SUCCESS) {
    lower = folded;
    psl_free_string(folded);
  }
  return lower;
}

}  // namespace

std::string_view rule_name(UrlFault fault) noexcept {
  switch (fault) {
    case UrlFault::none:
      return "";
    case UrlFault::space:
      return "url_without_space";
    case UrlFault::host:
      return "url_public_host";
    case UrlFault::characters:
      return "url_characters";
    case UrlFault::too_long:
      return "max_length";
  }
  return "";
}

std::string_view without_scheme(std::string_view url, bool strip_slashes) noexcept {
  url = trim_space(url);
  if (url.starts_with("http")) {
    const std::size_t colon = url.find_first_not_of('s', 4);
    if (colon != std::string_view::npos && url[colon] == ':') {
      url.remove_prefix(std::min(url.find_first_not_of('/', colon + 1), url.size()));
    }
  }
  if (strip_slashes) {
    url.remove_prefix(std::min(url.find_first_not_of('/'), url.size()));
    url.remove_suffix(url.size() - std::min(url.find_last_not_of('/') + 1, url.size()));
  }
  return url;
}

std::string_view host_of(std::string_view rest) noexcept {
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    rest.remove_prefix(at + 1);
  }
  rest = trim_space(rest.substr(0, rest.find(':')));
  return rest.substr(0, rest.find_last_not_of('.') + 1);
}

bool is_public_host(std::string_view host) {
  if (is_ipv4(host)) {
    return true;
  }
  const std::string lower = lower_case(host);
  const psl_ctx_t* const list = psl_builtin();
  // Private suffixes count as ordinary domains (`github.io` may own works), and a suffix that is
  // not on the list as none: the list's default rule would take any word for one.
  constexpr int kSection = PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE;
  std::size_t label = 0;  // where the label before the candidate begins
  for (std::size_t start = 0;;) {
    if (lower[start] != '.' && start < lower.size() &&
        psl_is_public_suffix2(list, lower.c_str() + start, kSection) != 0) {
      return start > 0 && start - 1 > label;
    }
    const std::size_t dot = lower.find('.', start);
    if (dot == std::string::npos) {
      return false;
    }
    label = start;
    start = dot + 1;
  }
}

HttpHosts::HttpHosts(const std::vector<std::string>& names) {
  names_.reserve(names.size());
  for (const std::string& name : names) {
    names_.push_back(lower_case(name));
  }
  std::sort(names_.begin(), names_.end());
}

bool HttpHosts::contains(std::string_view host) const {
  return !names_.empty() && std::binary_search(names_.begin(), names_.end(), lower_case(host));
}

UrlCleaner::UrlCleaner(const CleanRules& rules)
    : http_hosts_{rules.http_only_hosts}, recent_(kRecentHosts) {}

const UrlCleaner::Host& UrlCleaner::look_up(std::string_view name) {
  Host& host = recent_[std::hash<std::string_view>{}(name) & (kRecentHosts - 1)];
  if (host.name != name || name.empty()) {
    host.name = name;
    host.is_public = !name.empty() && is_public_host(name);
    host.has_tls = !http_hosts_.contains(name);
  }
  return host;
}

UrlFault judge_characters(std::string_view url, std::size_t limit) noexcept {
  if (!is_clean_text(url) || url.find('\\') != std::string_view::npos) {
    return UrlFault::characters;
  }
  return fits(url, limit) ? UrlFault::none : UrlFault::too_long;
}

UrlFault UrlCleaner::set_scheme(std::string_view url, bool strip_slashes, std::string& out) {
  const std::string_view rest = without_scheme(url, strip_slashes);
  if (rest.find(' ') != std::string_view::npos) {
    return UrlFault::space;
  }
  const Host& host = look_up(host_of(rest));
  if (!host.is_public) {
    return UrlFault::host;
  }
  out.assign(host.has_tls ? "https://" : "http://");
  out.append(rest);
  return UrlFault::none;
}

UrlFault UrlCleaner::clean(std::string_view url, bool strip_slashes, std::size_t limit,
                           std::string& out) {
  const UrlFault fault = set_scheme(url, strip_slashes, out);
  const std::size_t spare = out.starts_with("http:") ? 1 : 0;
  return fault == UrlFault::none ? judge_characters(out, limit - spare) : fault;
}

}  // namespace freshet::clean
