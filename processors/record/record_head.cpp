#include "processors/record/record_head.hpp"

#include <algorithm>

#include "processors/record/json_text.hpp"

namespace freshet {
namespace {

// `seen.newest` of a record; `seen` is its last member, and quotes inside texts are escaped.
constexpr std::string_view kNewest = R"(,"seen":{"newest":)";

// How many more objects are open at the end of a piece of JSON than at its begin. It begins and
// ends between two tokens.
int opened(std::string_view json) {
  int depth = 0;
  bool is_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (is_text) {
      i += c == '\\' ? 1U : 0U;
      is_text = c != '"';
    } else if (c == '"') {
      is_text = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}') {
      --depth;
    }
  }
  return depth;
}

// Where the record's own `seen.newest` stands. A member that this version does not know, and
// carries along, may hold the same marks deeper down.
std::size_t find_newest(std::string_view json) {
  int depth = 0;  // seen from the end
  std::size_t end = json.size();
  for (std::size_t at = json.rfind(kNewest); at != std::string_view::npos;) {
    depth += opened(json.substr(at, end - at));
    if (depth == -1) {
      return at;
    }
    end = at;
    at = at == 0 ? std::string_view::npos : json.rfind(kNewest, at - 1);
  }
  return std::string_view::npos;
}

// Whether what stands here is a member of the record itself. Before the members that are looked
// for there are no objects where we wrote the record.
bool is_own_member(std::string_view json, std::size_t at) {
  const std::string_view before = json.substr(0, at);
  return before.find('{', 1) == std::string_view::npos || opened(before) == 1;
}

}  // namespace

Result<RecordHead> read_record_head(std::string_view json) {
  // Quotes inside JSON strings are escaped, so no mark can stand in a text; `seen` is last.
  constexpr std::string_view kRemoved = R"(,"removed":)";
  constexpr std::string_view kLastSeen = R"(,"last_seen_at":)";
  constexpr std::string_view kStatus = R"(,"status":")";
  const Error error{Errc::malformed_payload, Retry::never, "not a catalogue record"};
  const std::size_t seen = find_newest(json);
  const std::size_t last = json.find(kLastSeen);
  const std::size_t status = json.find(kStatus);
  if (seen == std::string_view::npos || last == std::string_view::npos ||
      status == std::string_view::npos || !json.ends_with("}}") || !is_own_member(json, last) ||
      !is_own_member(json, status)) {
    return error;
  }
  RecordHead head;
  const std::string_view name = json.substr(status + kStatus.size());
  const auto read = parse_status(name.substr(0, name.find('"')));
  if (!read) {
    return error;
  }
  head.status = *read;
  const std::string_view newest = json.substr(seen + kNewest.size());
  std::size_t end = newest.find(',');
  if (newest.starts_with('[')) {
    end = newest.find(']') + 1;
    head.newest = parse_stamp(newest.substr(0, end));
    if (!head.newest || !is_sighting_time(head.newest->fetched_at)) {
      return error;
    }
  }
  const std::string_view removed = newest.substr(std::min(end, newest.size()));
  if (!removed.starts_with(kRemoved)) {
    return error;
  }
  if (removed[kRemoved.size()] == '"') {
    const std::string_view time_and_rest = removed.substr(kRemoved.size() + 1);
    head.removed = parse_time(time_and_rest.substr(0, time_and_rest.find('"')));
    if (!head.removed || !is_sighting_time(*head.removed)) {
      return error;
    }
  }
  const std::string_view time = json.substr(last + kLastSeen.size());
  if (time.starts_with('"')) {
    head.last_seen_at = parse_time(time.substr(1, time.find('"', 1) - 1));
    if (!head.last_seen_at || !is_sighting_time(*head.last_seen_at)) {
      return error;
    }
  }
  return head;
}

bool set_newest(std::string& json, UtcTime newest) {
  const std::size_t at = find_newest(json);
  std::string time;
  append_time(time, newest, 6);
  const std::size_t begin = at + kNewest.size() + 2;  // behind `["`
  if (at == std::string::npos || json.find('"', begin) != begin + time.size()) {
    return false;
  }
  json.replace(begin, time.size(), time);
  return true;
}

}  // namespace freshet
