#include "api/query_string.hpp"

#include <algorithm>
#include <array>

#include "core/utf8.hpp"

namespace freshet::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

/// How many bytes at the start of `text` are one well-formed character; 0 when none is.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (is_utf8(text.substr(0, length))) {
      return length;
    }
  }
  return 0;
}

std::string replace_ill_formed(std::string text) {
  if (is_utf8(text)) {
    return text;
  }
  std::string out;
  bool in_fault = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = character_length(rest);
    if (length > 0) {
      out += rest.substr(0, length);
      in_fault = false;
    } else if (!in_fault) {
      out += "\xEF\xBF\xBD";
      in_fault = true;
    }
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

// White space of more than ASCII, as UTF-8: what Python's str.strip takes away too.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

bool is_ascii_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

}  // namespace

std::string decode_query_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
      continue;
    }
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return replace_ill_formed(std::move(out));
}

std::string_view trim_unicode(std::string_view text) {
  for (bool again = true; again && !text.empty();) {
    again = false;
    if (is_ascii_space(text.front())) {
      text.remove_prefix(1);
      again = true;
      continue;
    }
    for (const std::string_view space : kWideSpaces) {
      if (text.starts_with(space)) {
        text.remove_prefix(space.size());
        again = true;
      }
    }
  }
  for (bool again = true; again && !text.empty();) {
    again = false;
    if (is_ascii_space(text.back())) {
      text.remove_suffix(1);
      again = true;
      continue;
    }
    for (const std::string_view space : kWideSpaces) {
      if (text.ends_with(space)) {
        text.remove_suffix(space.size());
        again = true;
      }
    }
  }
  return text;
}

Query Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    query.values_.insert_or_assign(
        decode_query_text(pair.substr(0, equals)),
        decode_query_text(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

const std::string* Query::find_filled(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr || value->empty() ? nullptr : value;
}

}  // namespace freshet::api
