#include "processors/record/stamp.hpp"

#include <charconv>

#include "core/hash.hpp"

namespace freshet {

std::uint64_t content_hash(std::string_view work, std::uint32_t rules) noexcept {
  return xxh3(work, rules);
}

void append_stamp(std::string& out, const Stamp& stamp) {
  out += "[\"";
  append_time(out, stamp.fetched_at, 6);
  out += "\",";
  out += std::to_string(stamp.rules);
  out += ",\"";
  out += to_hex(stamp.content_hash);
  out += "\"]";
}

std::optional<Stamp> parse_stamp(std::string_view json) {
  // ["<time>",<rules>,"<hash>"]: trusted in form, checked in every part.
  if (json.size() < 6 || !json.starts_with("[\"") || !json.ends_with("\"]")) {
    return std::nullopt;
  }
  const auto time_end = json.find('"', 2);
  const auto rules_end = json.find(",\"", time_end + 2);
  if (time_end == std::string_view::npos || rules_end == std::string_view::npos ||
      json.substr(time_end, 2) != "\",") {
    return std::nullopt;
  }
  const auto time = parse_stamp_time(json.substr(2, time_end - 2));
  const std::string_view rules = json.substr(time_end + 2, rules_end - time_end - 2);
  const auto hash = parse_hex64(json.substr(rules_end + 2, json.size() - 2 - (rules_end + 2)));
  Stamp stamp;
  const auto read = std::from_chars(rules.data(), rules.data() + rules.size(), stamp.rules);
  if (!time || !hash || read.ec != std::errc{} || read.ptr != rules.data() + rules.size()) {
    return std::nullopt;
  }
  stamp.fetched_at = *time;
  stamp.content_hash = *hash;
  return stamp;
}

}  // namespace freshet
