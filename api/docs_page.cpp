#include "api/docs_page.hpp"

#include <openssl/evp.h>

#include <array>

#include "api/html_escaped.hpp"
#include "api/openapi.hpp"
#include "api/routes.hpp"
#include "core/hash.hpp"
#include "core/resources.hpp"

namespace freshet::api {
namespace {

std::string code(std::string_view text) { return "<code>" + html_escaped(text) + "</code>"; }

void append_row(std::string& out, const Endpoint& row, const ShownPath& shown) {
  // Only what answers without more can be followed.
  const bool is_link = row.method == Method::get && shown.path.find('{') == shown.path.npos;
  const std::string text = row.method == Method::get
                               ? shown.path
                               : std::string{to_string(row.method)} + " " + shown.path;
  out += "<tr><td>";
  out += is_link ? "<a href=\"" + shown.path + "\">" + code(text) + "</a>" : code(text);
  out += "</td><td>" + html_escaped(row.summary) + "</td></tr>\n";
}

std::string_view type_name(Parameter::Type type) {
  switch (type) {
    case Parameter::Type::text:
      return "text";
    case Parameter::Type::list:
      return "list";
    case Parameter::Type::objects:
      return "list of objects";
    case Parameter::Type::boolean:
      return "true or false";
    case Parameter::Type::integer:
      return "whole number";
    case Parameter::Type::number:
      return "number";
    case Parameter::Type::choice:
      return "one of";
    case Parameter::Type::time:
      return "date or time";
  }
  return "";
}

void append_meaning(std::string& out, const Parameter& parameter) {
  out += html_escaped(parameter.meaning);
  if (parameter.who == Access::authenticated) {
    out += "; with a token alone";
  }
  out.append(" (").append(type_name(parameter.type));
  const char* separator = ": ";
  for (const std::string_view value : parameter.values) {
    out += separator + code(value);
    separator = ", ";
  }
  if (!parameter.fallback.empty()) {
    out += "; else " + code(parameter.fallback);
  }
  out += parameter.is_required ? "; required)" : ")";
}

/// What a caller fills in; `id` names the whole form.
void append_input(std::string& out, const std::string& id, const Parameter& parameter,
                  std::string_view in) {
  const std::string input = id + "-" + std::string{parameter.name};
  out += "<tr><td><label for=\"" + input + "\">" + code(parameter.name) + "</label></td><td>";
  const std::string names = " id=\"" + input + "\" name=\"" + std::string{parameter.name} +
                            "\" data-in=\"" + std::string{in} + "\"";
  if (parameter.type == Parameter::Type::choice || parameter.type == Parameter::Type::boolean) {
    constexpr std::array<std::string_view, 2> kBoth{"true", "false"};
    out += "<select" + names + "><option></option>";
    for (const std::string_view value :
         parameter.values.empty() ? std::span<const std::string_view>{kBoth} : parameter.values) {
      out += value == parameter.example ? "<option selected>" : "<option>";
      out += html_escaped(value) + "</option>";
    }
    out += "</select>";
  } else {
    out += "<input type=\"text\" autocomplete=\"off\"" + names + " value=\"" +
           html_escaped(parameter.example) + "\">";
  }
  out += "</td><td>";
  append_meaning(out, parameter);
  out += "</td></tr>\n";
}

void append_operation(std::string& out, const Endpoint& row, const ShownPath& shown) {
  const std::string id = operation_id(row, shown);
  const std::string method{to_string(row.method)};
  out += "<details class=\"operation\" id=\"" + id + "\">\n<summary><span class=\"method\">" +
         method + "</span>" + code(shown.path) + " " + html_escaped(row.summary) +
         "</summary>\n<form class=\"try\" data-method=\"" + method + "\" data-path=\"" +
         shown.path + "\"" + (row.body.forms.empty() ? "" : " data-has-body=\"yes\"") + ">\n" +
         "<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Value</th>"
         "<th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n";
  if (shown.path.find("{id}") != shown.path.npos) {
    append_input(out, id,
                 {.name = "id", .meaning = "of the work, from a search", .is_required = true},
                 "path");
  }
  for (const Parameter& parameter : row.parameters) {
    if (is_shown(parameter, shown)) {
      append_input(out, id, parameter, "query");
    }
  }
  for (const Parameter& field : row.fields) {
    append_input(out, id, field, "body");
  }
  out += "</tbody>\n</table>\n<button>Send</button>\n<output></output>\n";
  for (const auto& [language, title] :
       {std::pair{"curl", "curl"}, {"javascript", "JavaScript"}, {"python", "Python"}}) {
    out.append("<details><summary>").append(title).append("</summary><pre data-language=\"");
    out.append(language).append("\"></pre></details>\n");
  }
  out += "</form>\n</details>\n";
}

/// `'sha256-…'`, as a policy names what may be in a page.
std::string source_of(std::string_view text) {
  const auto digest = sha256(text);
  std::array<unsigned char, 64> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return "'sha256-" + std::string{encoded.begin(), encoded.begin() + size} + "'";
}

}  // namespace

std::string docs_policy() {
  return "default-src 'none'; style-src " + source_of(resource("pages/docs.css")) +
         "; script-src " + source_of(resource("pages/docs.js")) +
         "; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
         "frame-ancestors 'none'";
}

std::string docs_page(const std::vector<Endpoint>& table) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Freshet API v1</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>";
  out += resource("pages/docs.css");
  out +=
      "</style>\n</head>\n<body>\n<main>\n<h1>Freshet API v1</h1>\n"
      "<p>Openly licensed images and audio, searchable seconds after they were read at their "
      "source. For programs: <a href=\"/v1/schema/\">OpenAPI</a>, also "
      "<a href=\"/v1/schema/?format=json\">as JSON</a>.</p>\n<h2>Endpoints</h2>\n<table>\n"
      "<thead><tr><th scope=\"col\">Path</th><th scope=\"col\">Answer</th></tr></thead>\n<tbody>\n";
  const auto for_each_operation = [&](auto use) {
    for (const Endpoint& row : table) {
      if (!row.summary.empty()) {
        for (const ShownPath& shown : shown_paths(row)) {
          use(out, row, shown);
        }
      }
    }
  };
  for_each_operation(append_row);
  out +=
      "</tbody>\n</table>\n<h2>Try it</h2>\n"
      "<p>Lists take several values with commas between them, and any of them matches.</p>\n"
      "<p><label for=\"token\">Token, if you have one (see register and token)</label>\n"
      "<input type=\"text\" id=\"token\" autocomplete=\"off\"></p>\n";
  for_each_operation(append_operation);
  out += "</main>\n<script>";
  out += resource("pages/docs.js");
  out += "</script>\n</body>\n</html>\n";
  return out;
}

}  // namespace freshet::api
