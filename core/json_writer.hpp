#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>

#include "core/json.hpp"
#include "core/text.hpp"

namespace freshet {

/// Appends an array of texts.
void append_json_strings(std::string& out, std::ranges::input_range auto&& texts) {
  char separator = '[';
  for (const std::string_view text : texts) {
    out.push_back(separator);
    append_json_string(out, text);
    separator = ',';
  }
  if (separator == '[') {
    out.push_back('[');
  }
  out.push_back(']');
}

/// Writes the members of one JSON object in the order of the calls, straight into a text: what is
/// only written never needs a document tree. The constructor opens the object, `close` ends it.
///
/// Names are ours: they are written as they are, without escapes.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_{out} { out_.push_back('{'); }

  void close() { out_.push_back('}'); }

  /// The caller appends the value to the text itself.
  void key(std::string_view name) {
    if (!is_first_) {
      out_.push_back(',');
    }
    is_first_ = false;
    out_.push_back('"');
    out_.append(name);
    out_.append("\":");
  }
  void raw(std::string_view name, std::string_view json_text) {
    key(name);
    out_.append(json_text);
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void text_or_null(std::string_view name, const std::optional<std::string>& value) {
    value ? text(name, *value) : null(name);
  }
  void texts(std::string_view name, std::ranges::input_range auto&& values) {
    key(name);
    append_json_strings(out_, values);
  }
  void integer(std::string_view name, std::int64_t value) {
    key(name);
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
  }
  void integer_or_null(std::string_view name, const std::optional<std::int64_t>& value) {
    value ? integer(name, *value) : null(name);
  }
  void number(std::string_view name, double value, WholeNumber whole = WholeNumber::bare) {
    key(name);
    append_double(out_, value, whole);
  }
  void boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
  void null(std::string_view name) { raw(name, "null"); }

 private:
  std::string& out_;
  bool is_first_ = true;
};

}  // namespace freshet
