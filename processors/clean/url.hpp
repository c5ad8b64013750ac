#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "processors/clean/rules.hpp"

namespace freshet::clean {

/// Why a URL cannot be kept; `rule_name` is what stands in a dead letter.
enum class UrlFault : std::uint8_t { none, space, host, characters, too_long };
std::string_view rule_name(UrlFault fault) noexcept;

/// Removes white space around a URL and its scheme (`http`, any number of `s`, a colon, any number
/// of slashes; in lower case only) and, where `strip_slashes`, every slash at both ends of the
/// rest.
std::string_view without_scheme(std::string_view url, bool strip_slashes) noexcept;

/// The host of a text that begins behind `https://`: user, port, path, query, fragment and final
/// dots cut off.
std::string_view host_of(std::string_view rest) noexcept;

/// Whether a host has a registrable domain under a known public suffix (ICANN section), or is an
/// IPv4 address. Nothing else can be reached by everybody: `localhost`, `[::1]`, `a.local`.
/// @source  publicsuffix.org, the list that is built into libpsl.
bool is_public_host(std::string_view host);

/// Whether a URL can be kept: cleaning it as a text would change nothing, it has no backslash, and
/// at most `limit` code points. A URL is never cut.
UrlFault judge_characters(std::string_view url, std::size_t limit) noexcept;

/// Hosts that answer http alone.
///
/// @thread_safety  Immutable.
class HttpHosts {
 public:
  HttpHosts() = default;
  /// @param names  whole names of hosts, in any case.
  explicit HttpHosts(const std::vector<std::string>& names);

  /// @param host  as `host_of` gives it.
  bool contains(std::string_view host) const;
  bool empty() const { return names_.empty(); }

 private:
  std::vector<std::string> names_;  // lower case, sorted
};

/// Gives URLs their kept form: `https://` (`http://` for the hosts of `http_only_hosts`) and what
/// is left by `without_scheme`.
///
/// @thread_safety  One thread: remembers what it found out about recent hosts.
class UrlCleaner {
 public:
  explicit UrlCleaner(const CleanRules& rules);

  /// Sets the scheme and judges the host; the text behind it stays as it is.
  /// @return `none`, `space` or `host`; `out` is unspecified but for `none`.
  UrlFault set_scheme(std::string_view url, bool strip_slashes, std::string& out);

  /// The same, and refuses what a URL cannot be kept with.
  /// @param limit  code points, of the result as it would be with `https://`: the list of hosts may
  ///               change, and what is kept has to fit then too.
  UrlFault clean(std::string_view url, bool strip_slashes, std::size_t limit, std::string& out);

 private:
  struct Host {
    std::string name;
    bool is_public = false;
    bool has_tls = true;
  };
  const Host& look_up(std::string_view name);

  HttpHosts http_hosts_;
  std::vector<Host> recent_;  // by hash; a newcomer takes the place
};

}  // namespace freshet::clean
