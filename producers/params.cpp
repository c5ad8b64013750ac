#include "producers/params.hpp"

#include <algorithm>
#include <charconv>

namespace freshet {
namespace {

std::optional<std::string> scalar_text(const json::value& value) {
  if (value.is_string()) {
    return std::string{value.get_string()};
  }
  if (value.is_number() || value.is_bool()) {
    return to_json(value);
  }
  return std::nullopt;
}

Error not_a_query(std::string_view name) {
  return {Errc::malformed_payload, Retry::never,
          "query parameter '" + std::string{name} + "' is no text, number or list of these"};
}

}  // namespace

std::optional<std::string_view> param_at(const Params& params, std::string_view name) {
  for (const auto& [key, value] : params) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::int64_t param_number(const Params& params, std::string_view name, std::int64_t otherwise) {
  const auto text = param_at(params, name);
  if (!text) {
    return otherwise;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc{} && end == text->data() + text->size() ? number : otherwise;
}

void set_param(Params& params, std::string_view name, std::string value) {
  const auto found =
      std::find_if(params.begin(), params.end(), [&](const auto& p) { return p.first == name; });
  if (found == params.end()) {
    params.emplace_back(name, std::move(value));
    return;
  }
  found->second = std::move(value);
  params.erase(
      std::remove_if(found + 1, params.end(), [&](const auto& p) { return p.first == name; }),
      params.end());
}

Params with_param(Params params, std::string_view name, std::string value) {
  set_param(params, name, std::move(value));
  return params;
}

Params overlay(Params base, const Params& over) {
  std::erase_if(base, [&](const auto& p) { return param_at(over, p.first).has_value(); });
  base.insert(base.end(), over.begin(), over.end());
  return base;
}

bool contains(const Params& whole, const Params& part) {
  return std::all_of(part.begin(), part.end(), [&](const auto& pair) {
    return std::find(whole.begin(), whole.end(), pair) != whole.end();
  });
}

json::object params_to_json(const Params& params) {
  json::object object;
  for (const auto& [name, value] : params) {
    json::value* present = object.if_contains(name);
    if (present == nullptr) {
      object.emplace(name, value);
    } else if (json::array* values = present->if_array()) {
      values->emplace_back(value);
    } else {
      json::array both;
      both.push_back(*present);
      both.emplace_back(value);
      *present = std::move(both);
    }
  }
  return object;
}

Result<Params> params_from_json(const json::value& value) {
  if (!value.is_object()) {
    return Error{Errc::malformed_payload, Retry::never, "query parameters are no JSON object"};
  }
  Params params;
  for (const auto& [name, member] : value.get_object()) {
    json::array single;
    const json::array* values = member.if_array();
    if (values == nullptr) {
      single.push_back(member);
      values = &single;
    }
    for (const auto& element : *values) {
      auto text = scalar_text(element);
      if (!text) {
        return not_a_query(name);
      }
      params.emplace_back(name, std::move(*text));
    }
  }
  return params;
}

}  // namespace freshet
