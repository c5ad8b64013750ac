#include "processors/json_slices.hpp"

#include <algorithm>
#include <string>

namespace freshet {

std::string_view JsonSlicer::value() noexcept {
  if (rest_.empty()) {
    return {};
  }
  switch (rest_.front()) {
    case '"':
      return string();
    case '{':
    case '[':
      return cut(bracketed());
    default:
      return cut(std::min(rest_.find_first_of(",]}"), rest_.size()));
  }
}

std::string_view JsonSlicer::string() noexcept {
  if (rest_.empty() || rest_.front() != '"') {
    return {};
  }
  return cut(string_length(0));
}

std::string_view JsonSlicer::cut(std::size_t length) noexcept {
  const std::string_view part = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return part;
}

// Length of the string whose quote stands at `start`; 0 when it does not end.
std::size_t JsonSlicer::string_length(std::size_t start) const noexcept {
  std::size_t at = start + 1;
  while (at < rest_.size()) {
    at += first_escaped(rest_.substr(at));
    if (at >= rest_.size()) {
      break;
    }
    if (rest_[at] == '"') {
      return at + 1 - start;
    }
    at += rest_[at] == '\\' ? 2 : 1;
  }
  return 0;
}

std::size_t JsonSlicer::bracketed() const noexcept {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    switch (rest_[i]) {
      case '"': {
        const std::size_t length = string_length(i);
        if (length == 0) {
          return 0;
        }
        i += length - 1;
        break;
      }
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) {
          return i + 1;
        }
        break;
      default:
        break;
    }
  }
  return 0;
}

namespace {

void append_stripped(std::string& out, std::string_view json) {
  if (json.front() == '{') {
    out += '{';
    each_member_slice(json, [&](std::string_view name, std::string_view value) {
      if (value != "null") {
        if (out.back() != '{') {
          out += ',';
        }
        out += name;
        out += ':';
        append_stripped(out, value);
      }
      return true;
    });
    out += '}';
  } else if (json.front() == '[') {
    out += '[';
    each_element_slice(json, [&](std::string_view value) {
      if (out.back() != '[') {
        out += ',';
      }
      append_stripped(out, value);
      return true;
    });
    out += ']';
  } else {
    out += json;
  }
}

}  // namespace

std::string_view strip_nulls(std::string_view json, Arena& arena) {
  // Most values are strings, and of the others most hold no null.
  if (json.empty() || (json.front() != '{' && json.front() != '[') ||
      json.find(":null") == std::string_view::npos) {
    return json;
  }
  std::string out;
  append_stripped(out, json);
  return copy_to(arena, out);
}

}  // namespace freshet
