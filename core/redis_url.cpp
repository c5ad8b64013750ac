#include "core/redis_url.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace freshet {
namespace {

std::optional<int> read_number(std::string_view text, int most) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc{} && stopped == end && number >= 0 && number <= most
             ? std::optional{number}
             : std::nullopt;
}

}  // namespace

std::optional<RedisUrl> parse_redis_url(std::string_view text) {
  constexpr std::string_view kScheme = "redis://";
  if (!text.starts_with(kScheme)) {
    return std::nullopt;
  }
  text.remove_prefix(kScheme.size());
  RedisUrl url;
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    const std::string_view login = text.substr(0, at);
    const std::size_t colon = std::min(login.find(':'), login.size());
    url.user = percent_decode(login.substr(0, colon), Plus::itself);
    url.password = percent_decode(login.substr(std::min(colon + 1, login.size())), Plus::itself);
    text.remove_prefix(at + 1);
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view path = text.substr(std::min(slash + 1, text.size()));
  if (!path.empty()) {
    const auto database = read_number(path, 1'000'000);
    if (!database) {
      return std::nullopt;
    }
    url.database = *database;
  }
  std::string_view place = text.substr(0, slash);
  // The colons of an address of IPv6 stand in brackets.
  const std::size_t colon = place.rfind(':');
  if (colon != place.npos && place.find(']', colon) == place.npos) {
    url.port = place.substr(colon + 1);
    if (!read_number(url.port, 65'535)) {
      return std::nullopt;
    }
    place = place.substr(0, colon);
  }
  if (place.starts_with('[') && place.ends_with(']')) {
    place = place.substr(1, place.size() - 2);
  }
  url.host = place;
  return url.host.empty() ? std::nullopt : std::optional{std::move(url)};
}

}  // namespace freshet
