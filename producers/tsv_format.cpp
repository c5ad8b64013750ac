#include <cstdint>

#include "core/text.hpp"
#include "producers/tsv_line.hpp"

namespace freshet {
namespace {

Error malformed(std::string message) {
  return Error{Errc::malformed_payload, "line", "tsv", std::move(message)};
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// The character that an escape's letter stands for; itself where it stands for nothing else.
char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return c;
  }
}

// Decodes the escape whose letter is at `i`; leaves `i` on its last character.
char decode_escape(std::string_view field, std::size_t& i) {
  if (is_octal(field[i])) {
    unsigned value = 0;
    const std::size_t end = i + 3;
    for (; i < end && i < field.size() && is_octal(field[i]); ++i) {
      value = value * 8 + static_cast<unsigned>(field[i] - '0');
    }
    --i;
    return static_cast<char>(value & 0xFFU);
  }
  if (field[i] == 'x' && i + 1 < field.size() && hex_value(field[i + 1]) >= 0) {
    int value = hex_value(field[++i]);
    if (i + 1 < field.size() && hex_value(field[i + 1]) >= 0) {
      value = value * 16 + hex_value(field[++i]);
    }
    return static_cast<char>(value);
  }
  return simple_escape(field[i]);
}

// Reads array literals; a cursor over their text.
class ArrayReader {
 public:
  explicit ArrayReader(std::string_view text) : rest_{trim_space(text)} {}

  Result<std::vector<TsvField>> read() {
    if (rest_.size() < 2 || rest_.front() != '{' || rest_.back() != '}') {
      return malformed("an array literal stands in braces");
    }
    rest_ = rest_.substr(1, rest_.size() - 2);
    std::vector<TsvField> elements;
    if (trim_space(rest_).empty()) {
      return elements;
    }
    for (;;) {
      auto element = next();
      if (!element) {
        return element.error();
      }
      elements.push_back(std::move(*element));
      rest_ = trim_space(rest_);
      if (rest_.empty()) {
        return elements;
      }
      if (rest_.front() != ',') {
        return malformed("elements of an array are separated by commas");
      }
      rest_.remove_prefix(1);
    }
  }

 private:
  Result<TsvField> next() {
    while (const std::size_t space = leading_space(rest_)) {
      rest_.remove_prefix(space);
    }
    if (!rest_.empty() && rest_.front() == '"') {
      return quoted();
    }
    return bare();
  }

  Result<TsvField> quoted() {
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return TsvField{std::move(text)};
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) {
        break;
      }
      text.push_back(rest_[i]);
    }
    return malformed("a quoted element of an array does not end");
  }

  Result<TsvField> bare() {
    std::string text;
    bool escaped = false;
    std::size_t i = 0;
    for (; i < rest_.size() && rest_[i] != ','; ++i) {
      if (rest_[i] == '{' || rest_[i] == '}' || rest_[i] == '"') {
        return malformed("an array has one dimension, and quotes stand around whole elements");
      }
      if (rest_[i] == '\\') {
        escaped = true;
        if (++i == rest_.size()) {
          return malformed("an array ends in a backslash");
        }
      }
      text.push_back(rest_[i]);
    }
    rest_.remove_prefix(i);
    const std::string_view trimmed = trim_space(text);
    if (trimmed.empty()) {
      return malformed("an element of an array is missing");
    }
    if (!escaped && trimmed.size() == 4 && (trimmed[0] | 32) == 'n' && (trimmed[1] | 32) == 'u' &&
        (trimmed[2] | 32) == 'l' && (trimmed[3] | 32) == 'l') {
      return TsvField{};
    }
    return TsvField{std::string{trimmed}};
  }

  std::string_view rest_;
};

}  // namespace

Result<TsvField> decode_tsv_field(std::string_view field) {
  if (field == "\\N") {
    return TsvField{};
  }
  std::string text;
  text.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\') {
      text.push_back(field[i]);
    } else if (++i == field.size()) {
      return malformed("a field ends in a backslash");
    } else {
      text.push_back(decode_escape(field, i));
    }
  }
  return TsvField{std::move(text)};
}

Result<std::vector<TsvField>> parse_array_literal(std::string_view text) {
  return ArrayReader{text}.read();
}

}  // namespace freshet
