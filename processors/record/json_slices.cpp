#include "processors/record/json_slices.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "processors/record/json_number.hpp"

namespace freshet {
namespace {

constexpr int kMostDepth = 100;  // as the sinks, for which records are

bool take(std::string_view& rest, char c) noexcept {
  if (!rest.starts_with(c)) {
    return false;
  }
  rest.remove_prefix(1);
  return true;
}

bool take_string(std::string_view& rest) noexcept {
  const std::size_t length = json_string_length(rest);
  rest.remove_prefix(length);
  return length != 0;
}

// Readers hold numbers so; only a long one or one with an exponent can lie outside.
bool is_of_a_double(std::string_view number) noexcept {
  constexpr std::size_t kLong = 300;
  return (number.size() < kLong && number.find_first_of("eE") == std::string_view::npos) ||
         std::isfinite(number_value(number));
}

bool take_value(std::string_view& rest, int depth) noexcept;

// Behind the opening bracket.
bool take_members(std::string_view& rest, bool is_object, int depth) noexcept {
  const char close = is_object ? '}' : ']';
  if (depth > kMostDepth) {
    return false;
  }
  if (take(rest, close)) {
    return true;
  }
  do {
    if ((is_object && !(take_string(rest) && take(rest, ':'))) || !take_value(rest, depth)) {
      return false;
    }
  } while (take(rest, ','));
  return take(rest, close);
}

bool take_value(std::string_view& rest, int depth) noexcept {
  if (rest.starts_with('"')) {
    return take_string(rest);
  }
  if (take(rest, '{')) {
    return take_members(rest, true, depth + 1);
  }
  if (take(rest, '[')) {
    return take_members(rest, false, depth + 1);
  }
  const std::string_view token = rest.substr(0, rest.find_first_of(",]}"));
  rest.remove_prefix(token.size());
  return token == "null" || token == "false" || token == "true" ||
         (is_json_number(token) && is_of_a_double(token));
}

}  // namespace

bool is_compact_json(std::string_view text) noexcept { return take_value(text, 0) && text.empty(); }

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
