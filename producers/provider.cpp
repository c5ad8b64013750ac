#include "producers/provider.hpp"

#include <cmath>

#include "core/check.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace {

const json::value kNull;
const json::value kEmptyObject = json::object{};

std::optional<std::string> scalar(const json::value& value) {
  if (value.is_string()) {
    return std::string{value.get_string()};
  }
  if (value.is_number()) {
    return to_json(value);
  }
  return std::nullopt;
}

}  // namespace

std::string_view ProviderSpec::provider_key(MediaType media_type) const {
  for (const auto& [type, key] : providers) {
    if (type == media_type) {
      return key;
    }
  }
  FRESHET_CHECK(false && "a provider makes records of a media type that its spec does not name");
  return {};
}

std::optional<std::string> Reply::at_or_null(std::string_view pointer) const {
  return scalar(value_at(body, pointer));
}

std::optional<Params> with_optional(Params params, std::string_view name,
                                    std::optional<std::string> value) {
  if (!value || value->empty()) {
    return std::nullopt;
  }
  return with_param(std::move(params), name, std::move(*value));
}

void Provider::use_files(const FileParts& /*parts*/) {}
void Provider::clean_up() {}

Result<std::vector<Params>> Provider::fixed_sets(Run& /*run*/, Fetch& /*fetch*/) {
  return std::vector<Params>{Params{}};
}

Result<Reply> Provider::fetch_page(Fetch& fetch, const Params& params) {
  auto answer = fetch.get_with_headers(spec().endpoint, params, judge());
  if (!answer) {
    return answer.error();
  }
  http::Request request;
  request.url = spec().endpoint;
  request.query = params;
  return Reply{params, http::full_url(request), std::move(answer->first),
               std::move(answer->second)};
}

std::vector<const json::value*> Provider::items(const Reply& reply) const {
  std::vector<const json::value*> result;
  if (const json::array* list = value_at(reply.body, spec().answer.list.value_or("")).if_array()) {
    result.reserve(list->size());
    for (const json::value& item : *list) {
      result.push_back(&item);
    }
  }
  return result;
}

std::optional<std::string> Provider::fault_of(const json::value& body) const {
  return freshet::fault_of(body, spec().answer);
}

std::optional<std::int64_t> Provider::announced(const Reply& reply) const {
  const std::string& total = spec().answer.total;
  return total.empty() ? std::nullopt : count_at(reply.body, total);
}

std::optional<std::int64_t> Provider::announced_at_the_end(const Reply& reply) const {
  return items(reply).empty() ? Provider::announced(reply) : std::nullopt;
}

Judge Provider::judge() const {
  return [this](const json::value& body) { return fault_of(body); };
}

const json::value& member(const json::value& object, std::string_view name) {
  if (!object.is_object()) {
    throw WrongShape{"'" + std::string{name} + "' is looked for in what is no object"};
  }
  const json::value* found = object.get_object().if_contains(name);
  return found == nullptr ? kNull : *found;
}

const json::value& object_or_empty(const json::value& object, std::string_view name) {
  if (!object.is_object()) {
    throw WrongShape{"'" + std::string{name} + "' is looked for in what is no object"};
  }
  const json::value* found = object.get_object().if_contains(name);
  if (found == nullptr) {
    return kEmptyObject;
  }
  if (!found->is_object()) {
    throw WrongShape{"'" + std::string{name} + "' is no object"};
  }
  return *found;
}

json::value default_if_missing(const json::value& object, std::string_view name,
                               json::value otherwise) {
  const bool is_missing = object.is_object() && !object.get_object().contains(name);
  return is_missing ? std::move(otherwise) : member(object, name);
}

json::value default_if_empty(const json::value& object, std::string_view name,
                             json::value otherwise) {
  const json::value& found = member(object, name);
  return is_empty(found) ? std::move(otherwise) : found;
}

void add_known(json::object& object, std::string_view name, json::value value) {
  if (!value.is_null()) {
    object.insert_or_assign(name, std::move(value));
  }
}

json::object known_members(
    const json::value& object,
    std::initializer_list<std::pair<std::string_view, std::string_view>> names) {
  json::object result;
  for (const auto& [name, from] : names) {
    add_known(result, name, member(object, from));
  }
  return result;
}

std::span<const json::value> elements(const json::value& list) {
  if (const json::array* array = list.if_array()) {
    return {array->data(), array->size()};
  }
  if (!is_empty(list)) {
    throw WrongShape{"a list is expected"};
  }
  return {};
}

const json::value& required_member(const json::value& object, std::string_view name) {
  const json::object* fields = object.if_object();
  const json::value* found = fields == nullptr ? nullptr : fields->if_contains(name);
  if (found == nullptr) {
    throw WrongShape{"'" + std::string{name} + "' is missing"};
  }
  return *found;
}

std::string required_text(const json::value& value) {
  auto text = scalar(value);
  if (!text) {
    throw WrongShape{"a text is expected"};
  }
  return std::move(*text);
}

std::optional<std::string> scalar_at(const json::value& object, std::string_view name) {
  auto text = scalar(member(object, name));
  return text && !text->empty() ? text : std::nullopt;
}

json::value milliseconds(const json::value& seconds) {
  constexpr double kLargest = 9e15;  // what a double counts one by one
  if (seconds.is_null()) {
    return nullptr;
  }
  const auto number = seconds.is_number()   ? std::optional{seconds.to_number<double>()}
                      : seconds.is_string() ? plain_number(seconds.get_string())
                                            : std::nullopt;
  if (number && std::abs(*number * 1000) <= kLargest) {
    return static_cast<std::int64_t>(*number * 1000);
  }
  // With its unit it is a number to nobody.
  return json::value((seconds.is_string() ? std::string{seconds.get_string()} : to_json(seconds)) +
                     " s");
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Two-byte letters only: what lies beyond has no case in the names that providers use.
std::string lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out += static_cast<char>(byte + 32);
      continue;
    }
    if ((byte & 0xE0U) != 0xC0U || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    unsigned code = ((byte & 0x1FU) << 6U) | (static_cast<unsigned char>(text[i + 1]) & 0x3FU);
    ++i;
    if ((code >= 0xC0 && code <= 0xDE && code != 0xD7) || (code >= 0x391 && code <= 0x3A9) ||
        (code >= 0x410 && code <= 0x42F)) {
      code += 32;
    } else if (code >= 0x400 && code <= 0x40F) {
      code += 80;
    } else if ((code >= 0x100 && code <= 0x137 && code != 0x130 && code % 2 == 0) ||
               (code >= 0x14A && code <= 0x177 && code % 2 == 0) ||
               (code >= 0x139 && code <= 0x147 && code % 2 == 1) ||
               (code >= 0x179 && code <= 0x17D && code % 2 == 1)) {
      code += 1;
    }
    out += static_cast<char>(0xC0U | (code >> 6U));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
  return out;
}

}  // namespace freshet
