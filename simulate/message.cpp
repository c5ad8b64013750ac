#include "simulate/message.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace freshet::simulate {
namespace {

http::Query sorted_query(std::string_view text) {
  http::Query pairs = http::decode_query(text);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

}  // namespace

Location parse_location(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find('#'));
  const std::size_t question = std::min(url.find('?'), url.size());
  const std::string_view place = url.substr(0, question);
  const std::size_t slash = std::min(place.find('/'), place.size());
  Location location;
  location.host = lower_ascii(place.substr(0, slash));
  location.path = slash == place.size() ? "/" : percent_decode(place.substr(slash), Plus::itself);
  location.query = sorted_query(url.substr(std::min(question + 1, url.size())));
  return location;
}

Location parse_target(std::string_view target) {
  if (target.starts_with('/')) {
    target.remove_prefix(1);
  }
  // A host has no "://", but a query may hold a whole URL: the scheme must not be looked for there.
  const std::size_t question = std::min(target.find('?'), target.size());
  Location location = parse_location("x://" + std::string{target.substr(0, question)});
  location.query = sorted_query(target.substr(std::min(question + 1, target.size())));
  return location;
}

std::string Location::text() const {
  std::string out = host + path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    out += separator;
    out.append(name).append("=").append(value);
    separator = '&';
  }
  return out;
}

std::optional<std::string_view> parameter(const http::Query& query, std::string_view name) {
  for (const auto& [key, value] : query) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace freshet::simulate
