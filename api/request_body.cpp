#include "api/request_body.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

/// `text/plain` of `Text/Plain; charset=utf-8`.
std::string media_type_of(std::string_view content_type) {
  return lower_ascii(trim_space(content_type.substr(0, content_type.find(';'))));
}

/// The value of a parameter behind the first `;`, without its quotes: `boundary` of a multipart
/// type, `name` of a part.
std::optional<std::string> parameter_of(std::string_view header, std::string_view name) {
  std::size_t semicolon = header.find(';');
  while (semicolon != header.npos) {
    header = trim_space(header.substr(semicolon + 1));
    const std::size_t equals = std::min(header.find_first_of("=;"), header.size());
    const bool is_wanted = lower_ascii(trim_space(header.substr(0, equals))) == name;
    if (equals == header.size() || header[equals] == ';') {
      semicolon = header.find(';');
      continue;
    }
    header = trim_space(header.substr(equals + 1));
    std::string value;
    std::size_t end = std::min(header.find(';'), header.size());
    if (header.starts_with('"')) {
      for (end = 1; end < header.size() && header[end] != '"'; ++end) {
        // Browsers escape nothing but a quote, as %22; others write a backslash before it.
        end += header[end] == '\\' && header.substr(end + 1).starts_with('"') ? 1 : 0;
        value += header[end];
      }
    } else {
      value = trim_space(header.substr(0, end));
    }
    if (is_wanted) {
      return value;
    }
    semicolon = header.find(';', end);
  }
  return std::nullopt;
}

/// The Content-Disposition of a part; empty where it has none.
std::string_view disposition_of(std::string_view headers) {
  constexpr std::string_view kName = "content-disposition:";
  while (!headers.empty()) {
    const std::size_t end = std::min(headers.find("\r\n"), headers.size());
    const std::string_view line = headers.substr(0, end);
    if (lower_ascii(line.substr(0, kName.size())) == kName) {
      return line.substr(kName.size());
    }
    headers.remove_prefix(std::min(end + 2, headers.size()));
  }
  return "";
}

/// Texts of a multipart body; nothing when it is not one.
std::optional<json::object> read_multipart(std::string_view body, const std::string& boundary) {
  if (boundary.empty() || boundary.size() > 70) {  // as RFC 2046 bounds it
    return std::nullopt;
  }
  const std::string delimiter = "\r\n--" + boundary;
  json::object fields;
  std::size_t at = 0;  // behind a delimiter
  if (body.starts_with(std::string_view{delimiter}.substr(2))) {
    at = delimiter.size() - 2;
  } else if (at = body.find(delimiter); at != body.npos) {
    at += delimiter.size();
  } else {
    return std::nullopt;
  }
  while (!body.substr(at).starts_with("--")) {
    const std::size_t line_end = body.find("\r\n", at);
    const std::size_t end = line_end == body.npos ? body.npos : body.find(delimiter, line_end);
    if (end == body.npos) {
      return std::nullopt;
    }
    // A part without headers begins with the empty line that would end them.
    const std::string_view part = body.substr(line_end, end - line_end);
    const std::size_t head_end = part.find("\r\n\r\n");
    if (head_end == part.npos) {
      return std::nullopt;
    }
    const std::string_view disposition =
        disposition_of(part.substr(0, head_end).substr(std::min<std::size_t>(2, head_end)));
    const auto name = parameter_of(disposition, "name");
    if (name && !parameter_of(disposition, "filename")) {
      fields.insert_or_assign(well_formed_utf8(*name), well_formed_utf8(part.substr(head_end + 4)));
    }
    at = end + delimiter.size();
  }
  return fields;
}

json::object read_form(std::string_view body) {
  json::object fields;
  Query::for_each(body, [&](std::string name, std::string value) {
    fields.insert_or_assign(name, std::move(value));
  });
  return fields;
}

}  // namespace

std::string_view content_type_of(BodyForm form) {
  switch (form) {
    case BodyForm::json:
      return "application/json";
    case BodyForm::form:
      return "application/x-www-form-urlencoded";
    case BodyForm::multipart:
      return "multipart/form-data";
    case BodyForm::plain:
      return "text/plain";
  }
  return "";
}

std::optional<BodyForm> accepted_form(const BodyRule& rule, std::string_view content_type) {
  const std::string type = media_type_of(content_type);
  const auto found = std::ranges::find(rule.forms, std::string_view{type}, content_type_of);
  return found == rule.forms.end() ? std::nullopt : std::optional{*found};
}

std::variant<Body, Reply> parse_body(const Request& request, const BodyRule& rule) {
  Body body;
  if (!request.has_body || rule.forms.empty()) {
    return body;
  }
  body.form = accepted_form(rule, request.content_type);
  if (!body.form) {
    return error_reply(415, "Unsupported media type \"" + request.content_type + "\" in request.");
  }
  switch (*body.form) {
    case BodyForm::json:
    case BodyForm::plain: {
      auto parsed = parse_json(request.body);
      if (!parsed) {
        return error_reply(400, "JSON parse error - " + parsed.error().message());
      }
      body.content = std::move(*parsed);
      break;
    }
    case BodyForm::form:
      body.content = read_form(request.body);
      break;
    case BodyForm::multipart: {
      const auto boundary = parameter_of(request.content_type, "boundary");
      auto fields = read_multipart(request.body, boundary.value_or(""));
      if (!fields) {
        return error_reply(400, boundary ? "Multipart form parse error - Invalid multipart body."
                                         : "Multipart form parse error - Invalid boundary.");
      }
      body.content = std::move(*fields);
      break;
    }
  }
  return body;
}

BodyFields::BodyFields(const Body& body) : fields_{body.content.if_object()} {
  if (fields_ == nullptr) {
    fail("non_field_errors", "Invalid data. Expected a dictionary.");
  }
}

void BodyFields::fail(std::string_view name, std::string message) {
  errors_.push_back({std::string{name}, {std::move(message)}});
}

const json::value* BodyFields::find(std::string_view name) const {
  return fields_ == nullptr ? nullptr : fields_->if_contains(name);
}

std::optional<std::string> BodyFields::text(const Parameter& field) {
  if (fields_ == nullptr) {
    return std::nullopt;
  }
  const std::string_view name = field.name;
  const json::value* const value = fields_->if_contains(name);
  if (value == nullptr || value->is_null()) {
    if (field.is_required) {
      fail(name, value == nullptr ? "This field is required." : "This field may not be null.");
    }
    return std::nullopt;
  }
  if (!value->is_string() && !value->is_number()) {
    fail(name, "Not a valid string.");
    return std::nullopt;
  }
  const std::string given =
      value->is_string() ? std::string{std::string_view{value->get_string()}} : to_json(*value);
  const std::string_view text = trim_space(given);
  if (text.empty()) {
    fail(name, "This field may not be blank.");
  } else if (text.find('\0') != text.npos) {
    fail(name, "Null characters are not allowed.");
  } else if (field.longest > 0 && count_code_points(text) > field.longest) {
    fail(name,
         "Ensure this field has no more than " + std::to_string(field.longest) + " characters.");
  } else {
    return std::string{text};
  }
  return std::nullopt;
}

}  // namespace freshet::api
