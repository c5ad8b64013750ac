#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace freshet::api {

/// Writes the members of one JSON object in the order of the calls, straight into the reply: a page
/// is read once and never needs a document tree. Braces are put by constructor and `close`.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_{out} { out_ += '{'; }
  void close() { out_ += '}'; }

  /// The caller appends the value to `out` itself.
  void key(std::string_view name) {
    if (!is_first_) {
      out_ += ',';
    }
    is_first_ = false;
    out_ += '"';
    out_ += name;  // names are ours and need no escapes
    out_ += "\":";
  }
  void raw(std::string_view name, std::string_view json_text) {
    key(name);
    out_ += json_text;
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void text_or_null(std::string_view name, const std::optional<std::string>& value) {
    value ? text(name, *value) : raw(name, "null");
  }
  void integer(std::string_view name, std::int64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void integer_or_null(std::string_view name, const std::optional<std::int64_t>& value) {
    value ? integer(name, *value) : raw(name, "null");
  }
  void boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }

 private:
  std::string& out_;
  bool is_first_ = true;
};

/// The shortest text that reads back as the same number; a whole one keeps `.0`, as floats do on
/// this wire.
inline std::string format_float(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text{buffer, end.ptr};
  if (text.find_first_not_of("-0123456789") == text.npos) {
    text += ".0";
  }
  return text;
}

}  // namespace freshet::api
