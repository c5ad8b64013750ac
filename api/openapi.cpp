#include "api/openapi.hpp"

#include <algorithm>

#include "api/routes.hpp"
#include "core/check.hpp"
#include "core/resources.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

constexpr const char* kIdPattern =
    "^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$";

json::object reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string{schema}}};
}

json::array to_array(std::span<const std::string_view> values) {
  json::array array;
  for (const std::string_view value : values) {
    array.emplace_back(json::string_view{value});
  }
  return array;
}

json::value number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? json::value(whole) : json::value(value);
}

json::value fallback_of(const Parameter& parameter) {
  switch (parameter.type) {
    case Parameter::Type::boolean:
      return parameter.fallback == "true";
    case Parameter::Type::integer:
    case Parameter::Type::number: {
      const auto read = parse_json(parameter.fallback);
      FRESHET_CHECK(read.has_value());
      return *read;
    }
    case Parameter::Type::text:
    case Parameter::Type::list:
    case Parameter::Type::objects:
    case Parameter::Type::choice:
    case Parameter::Type::time:
      break;
  }
  return json::string_view{parameter.fallback};
}

json::object schema_of(const Parameter& parameter) {
  json::object schema;
  switch (parameter.type) {
    case Parameter::Type::text:
      schema["type"] = "string";
      break;
    case Parameter::Type::time:
      schema["type"] = "string";
      schema["format"] = "date-time";
      break;
    case Parameter::Type::boolean:
      schema["type"] = "boolean";
      break;
    case Parameter::Type::integer:
      schema["type"] = "integer";
      break;
    case Parameter::Type::number:
      schema["type"] = "number";
      break;
    case Parameter::Type::choice:
      schema["type"] = "string";
      schema["enum"] = to_array(parameter.values);
      break;
    case Parameter::Type::objects:
      schema["type"] = "array";
      schema["items"] = json::object{{"type", "object"}};
      break;
    case Parameter::Type::list: {
      json::object items{{"type", "string"}};
      if (!parameter.values.empty()) {
        items["enum"] = to_array(parameter.values);
      }
      schema["type"] = "array";
      schema["items"] = std::move(items);
      break;
    }
  }
  if (parameter.longest > 0) {
    schema["maxLength"] = parameter.longest;
  }
  if (parameter.least) {
    schema["minimum"] = number(*parameter.least);
  }
  if (parameter.most) {
    schema["maximum"] = number(*parameter.most);
  }
  if (!parameter.fallback.empty()) {
    schema["default"] = fallback_of(parameter);
  }
  return schema;
}

std::string meaning_of(const Parameter& parameter) {
  std::string meaning{parameter.meaning};
  if (parameter.who == Access::authenticated) {
    meaning += meaning.empty() ? "" : "; ";
    meaning += "with a token alone, not heeded without";
  }
  return meaning;
}

json::object parameter_of(const Parameter& parameter) {
  json::object out{{"name", json::string_view{parameter.name}},
                   {"in", "query"},
                   {"description", meaning_of(parameter)},
                   {"schema", schema_of(parameter)}};
  if (parameter.is_required) {
    out["required"] = true;
  }
  if (parameter.type == Parameter::Type::list) {  // with commas between
    out["style"] = "form";
    out["explode"] = false;
  }
  if (!parameter.example.empty()) {
    out["example"] = json::string_view{parameter.example};
  }
  return out;
}

json::array parameters_of(const Endpoint& row, const ShownPath& shown) {
  json::array list;
  if (shown.path.find("{id}") != shown.path.npos) {
    list.push_back(json::object{
        {"name", "id"},
        {"in", "path"},
        {"required", true},
        {"description", "of the work"},
        {"schema", json::object{{"type", "string"}, {"format", "uuid"}, {"pattern", kIdPattern}}}});
  }
  if (shown.path.find("{rest}") != shown.path.npos) {
    list.push_back(json::object{{"name", "rest"},
                                {"in", "path"},
                                {"required", true},
                                {"description", "of the file, as its list says"},
                                {"schema", json::object{{"type", "string"}}}});
  }
  for (const Parameter& parameter : row.parameters) {
    if (is_shown(parameter, shown)) {
      list.push_back(parameter_of(parameter));
    }
  }
  return list;
}

json::object body_of(const Endpoint& row) {
  json::object properties;
  json::array required;
  for (const Parameter& field : row.fields) {
    json::object schema = schema_of(field);
    schema["description"] = json::string_view{field.meaning};
    if (!field.example.empty()) {
      schema["examples"] = json::array{json::string_view{field.example}};
    }
    properties[field.name] = std::move(schema);
    if (field.is_required) {
      required.emplace_back(json::string_view{field.name});
    }
  }
  const json::object schema{{"type", "object"}, {"properties", properties}, {"required", required}};
  json::object content;
  for (const BodyForm form : row.body.forms) {
    content[content_type_of(form)] = json::object{{"schema", schema}};
  }
  return {{"required", !required.empty()}, {"content", std::move(content)}};
}

void add_reply(json::object& replies, const std::string& status, std::string_view meaning,
               std::string_view schema, std::string_view content_type = "application/json") {
  json::value& reply = replies[status];
  if (!reply.is_object()) {
    reply = json::object{{"description", json::string_view{meaning}}, {"content", json::object{}}};
  }
  json::value& content = reply.as_object()["content"].as_object()[content_type];
  if (!content.is_object()) {
    content = schema.empty() ? json::object{} : json::object{{"schema", reference(schema)}};
  }
}

std::string schema_name(std::string_view pattern, const ShownPath& shown) {
  std::string name{pattern};
  constexpr std::string_view kPart = "{Media}";
  if (const std::size_t at = name.find(kPart); at != name.npos) {
    name.replace(at, kPart.size(), shown.media == Media::audio ? "Audio" : "Image");
  }
  return name;
}

/// Its own replies, and those that follow from the row.
json::object replies_of(const Endpoint& row, const ShownPath& shown) {
  json::object replies;
  for (const Outcome& outcome : row.outcomes) {
    add_reply(replies, std::to_string(outcome.status), outcome.meaning,
              schema_name(outcome.schema, shown), outcome.content_type);
  }
  const auto add = [&](const char* status, std::string_view meaning,
                       std::string_view schema = "Error") {
    if (!replies.contains(status)) {
      add_reply(replies, status, meaning, schema);
    }
  };
  if (!row.parameters.empty() || !row.body.forms.empty()) {
    add("400", "what is wrong, by parameter or field", "BadRequest");
  }
  add("401", "a token that is none, or more than this caller may have");
  add("403", "not for this caller");
  add("404", "no such path");
  if (!row.body.forms.empty()) {
    add("413", "the body is too large");
    add("415", "the body is of a form that is not taken");
  }
  if (row.limits != Limits::none) {
    add("429", "too many requests; Retry-After says when there is room");
  }
  add("500", "a fault of the server");
  add("503", "a store is away; Retry-After says when to ask again");
  return replies;
}

std::string_view tag_of(const ShownPath& shown) {
  if (shown.path.starts_with("/v1/images/")) {
    return "images";
  }
  if (shown.path.starts_with("/v1/audio/")) {
    return "audio";
  }
  return shown.path.starts_with("/v1/auth_tokens/") || shown.path == "/v1/rate_limit/" ? "auth"
                                                                                       : "service";
}

json::object operation_of(const Endpoint& row, const ShownPath& shown) {
  json::object operation{{"operationId", operation_id(row, shown)},
                         {"summary", json::string_view{row.summary}},
                         {"tags", json::array{json::string_view{tag_of(shown)}}},
                         {"parameters", parameters_of(row, shown)}};
  if (!row.body.forms.empty()) {
    operation["requestBody"] = body_of(row);
  }
  operation["responses"] = replies_of(row, shown);
  const json::object with_token{{"token", json::array{}}};
  operation["security"] = row.access == Access::authenticated
                              ? json::array{with_token}
                              : json::array{json::object{}, with_token};
  return operation;
}

void append_yaml(std::string& out, const json::value& value, int depth) {
  const auto indent = [&] { out.append(static_cast<std::size_t>(depth) * 2, ' '); };
  if (const json::object* const object = value.if_object(); object != nullptr && !object->empty()) {
    for (const auto& member : *object) {
      out += '\n';
      indent();
      append_json_string(out, member.key());
      out += ':';
      append_yaml(out, member.value(), depth + 1);
    }
  } else if (const json::array* const array = value.if_array();
             array != nullptr && !array->empty()) {
    for (const json::value& item : *array) {
      out += '\n';
      indent();
      out += '-';
      append_yaml(out, item, depth + 1);
    }
  } else {
    out += ' ';
    out += to_json(value);
  }
}

}  // namespace

std::vector<ShownPath> shown_paths(const Endpoint& row) {
  constexpr std::string_view kPart = "{media}";
  const std::string path{row.path};
  const std::size_t at = path.find(kPart);
  if (at == path.npos) {
    return {{path, std::nullopt}};
  }
  std::vector<ShownPath> paths;
  for (const Media media : {Media::image, Media::audio}) {
    paths.push_back({std::string{path}.replace(at, kPart.size(), path_name(media)), media});
  }
  return paths;
}

std::string operation_id(const Endpoint& row, const ShownPath& shown) {
  std::string id;
  if (shown.media) {
    id.append(path_name(*shown.media)).append("_");
  } else if (shown.path.starts_with("/v1/images/")) {
    id += "images_";
  }
  return id.append(row.name);
}

bool is_shown(const Parameter& parameter, const ShownPath& shown) {
  return !parameter.is_hidden &&
         (!parameter.media || !shown.media || *parameter.media == *shown.media);
}

json::object openapi_document(const std::vector<Endpoint>& table) {
  auto read = parse_json(resource("openapi.json"));
  FRESHET_CHECK(read.has_value() && read->is_object());
  json::object document = std::move(read->as_object());
  json::object paths;
  for (const Endpoint& row : table) {
    if (row.summary.empty()) {
      continue;
    }
    for (const ShownPath& shown : shown_paths(row)) {
      json::value& path = paths[shown.path];
      if (!path.is_object()) {
        path = json::object{};
      }
      path.as_object()[lower_ascii(to_string(row.method))] = operation_of(row, shown);
    }
  }
  document["paths"] = std::move(paths);
  return document;
}

std::string to_yaml(const json::value& value) {
  std::string out;
  append_yaml(out, value, 0);
  out += '\n';
  return out.substr(out.starts_with('\n') ? 1 : 0);
}

}  // namespace freshet::api
