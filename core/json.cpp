#include "core/json.hpp"

#include <spdlog/fmt/fmt.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMaxDepth = 128;

/// Builds the value like Boost.JSON's own parser, but for two things: numbers with a fraction or an
/// exponent are read by `from_chars`, because Boost 1.81 may be off in the last digit and would
/// hand `0.1` on as another number; and it is read in one piece, so that the place of a fault is
/// known.
class Builder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using Text = json::string_view;
  using Code = json::error_code;

  bool on_document_begin(Code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t n, Code&) {
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t n, Code&) {
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(Text s, std::size_t, Code&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_key(Text s, std::size_t, Code&) {
    stack_.push_key(s);
    return true;
  }
  bool on_string_part(Text s, std::size_t, Code&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_string(Text s, std::size_t, Code&) {
    stack_.push_string(s);
    return true;
  }
  bool on_number_part(Text s, Code&) {
    number_.append(s.data(), s.size());
    return true;
  }
  bool on_int64(std::int64_t i, Text, Code&) {
    number_.clear();
    stack_.push_int64(i);
    return true;
  }
  bool on_uint64(std::uint64_t u, Text, Code&) {
    number_.clear();
    stack_.push_uint64(u);
    return true;
  }
  bool on_double(double d, Text s, Code& ec) {
    number_.append(s.data(), s.size());
    double exact = d;
    const auto read = std::from_chars(number_.data(), number_.data() + number_.size(), exact);
    number_.clear();
    if (read.ec == std::errc::result_out_of_range) {
      exact = std::abs(d) < 1 ? std::copysign(0.0, d) : d;  // 1e-400 is 0; 1e400 stays infinite
    }
    if (!std::isfinite(exact)) {
      ec = json::error::exponent_overflow;
      return false;
    }
    stack_.push_double(exact);
    return true;
  }
  bool on_bool(bool b, Code&) {
    stack_.push_bool(b);
    return true;
  }
  bool on_null(Code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

  json::value release() { return stack_.release(); }

 private:
  json::value_stack stack_;
  std::string number_;  ///< digits of a number seen so far
};

Error malformed(std::string_view text, std::size_t at, std::string_view why) {
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  return Error{Errc::malformed_payload, "", "json",
               fmt::format("not JSON at byte {} (line {}, column {}): {}", at, line,
                           at - line_start + 1, why)};
}

void append_value(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out.append("null");
      return;
    case json::kind::bool_:
      out.append(value.get_bool() ? "true" : "false");
      return;
    case json::kind::int64:
      fmt::format_to(std::back_inserter(out), "{}", value.get_int64());
      return;
    case json::kind::uint64:
      fmt::format_to(std::back_inserter(out), "{}", value.get_uint64());
      return;
    case json::kind::double_:
      append_double(out, value.get_double(), WholeNumber::with_point);
      return;
    case json::kind::string:
      append_json_string(out, std::string_view{value.get_string()});
      return;
    case json::kind::array: {
      out.push_back('[');
      bool first = true;
      for (const json::value& element : value.get_array()) {
        if (!first) {
          out.push_back(',');
        }
        first = false;
        append_value(out, element);
      }
      out.push_back(']');
      return;
    }
    case json::kind::object: {
      out.push_back('{');
      bool first = true;
      for (const auto& member : value.get_object()) {
        if (!first) {
          out.push_back(',');
        }
        first = false;
        append_json_string(out, std::string_view{member.key()});
        out.push_back(':');
        append_value(out, member.value());
      }
      out.push_back('}');
      return;
    }
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Builder> parser{options};
  json::error_code code;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  if (code) {
    const bool deep = code == json::error::too_deep;
    return malformed(text, read,
                     deep ? fmt::format("deeper than {} levels", kMaxDepth) : code.message());
  }
  const std::size_t rest = text.find_first_not_of(" \t\r\n", read);
  if (rest != std::string_view::npos) {
    return malformed(text, rest, "something follows the value");
  }
  return parser.handler().release();
}

std::string to_json(const json::value& value) {
  std::string out;
  append_value(out, value);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t from = 0;  // start of a stretch that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    out.append(text, from, i - from);
    from = i + 1;
    out.push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out.push_back(static_cast<char>(c));
        break;
      case '\b':
        out.push_back('b');
        break;
      case '\f':
        out.push_back('f');
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      default:
        out.append("u00");
        out.push_back("01"[c >> 4U]);
        out.push_back(kHexDigits[c & 0xfU]);
    }
  }
  out.append(text, from);
  out.push_back('"');
}

const json::value& value_at(const json::value& root, std::string_view pointer) {
  static const json::value kNull;
  json::error_code code;
  const json::value* found = root.find_pointer(pointer, code);
  return found == nullptr ? kNull : *found;
}

std::optional<std::string_view> text_at(const json::value& root, std::string_view pointer) {
  const json::string* text = value_at(root, pointer).if_string();
  if (text == nullptr) {
    return std::nullopt;
  }
  return std::string_view{*text};
}

bool is_empty(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return true;
    case json::kind::bool_:
      return !value.get_bool();
    case json::kind::int64:
      return value.get_int64() == 0;
    case json::kind::uint64:
      return value.get_uint64() == 0;
    case json::kind::double_:
      return value.get_double() == 0;
    case json::kind::string:
      return value.get_string().empty();
    case json::kind::array:
      return value.get_array().empty();
    case json::kind::object:
      return value.get_object().empty();
  }
  return true;
}

}  // namespace freshet
