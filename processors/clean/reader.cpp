#include "processors/clean/reader.hpp"

#include <algorithm>
#include <utility>

#include "processors/record/json_number.hpp"
#include "processors/record/json_text.hpp"

namespace freshet::clean {
namespace {

using simdjson::error_code;
using simdjson::ondemand::value;

std::string_view without_trailing_space(std::string_view token) noexcept {
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

error_code read_text(std::string_view token, Arena& arena, Scalar& out) {
  const auto text = decode_json_text(token, arena);
  if (!text) {
    return simdjson::STRING_ERROR;
  }
  out.kind = Kind::text;
  out.text = *text;
  out.json = text->data() == token.data() + 1 ? token : std::string_view{};
  return simdjson::SUCCESS;
}

error_code read_list(value& list, Texts& texts, int depth, std::string_view& out) {
  simdjson::ondemand::array elements;
  if (const auto error = list.get_array().get(elements)) {
    return error;
  }
  std::pmr::string json{"[", &texts.arena()};
  for (auto element : elements) {
    value item;
    std::string_view item_json;
    if (const auto error = element.get(item)) {
      return error;
    }
    if (const auto error = read_json(item, texts, depth + 1, item_json)) {
      return error;
    }
    if (json.size() > 1) {
      json += ',';
    }
    json += item_json;
  }
  json += ']';
  out = copy_to(texts.arena(), json);
  return simdjson::SUCCESS;
}

}  // namespace

error_code read_scalar(value& value, Arena& arena, Scalar& out) {
  simdjson::ondemand::json_type type{};
  if (const auto error = value.type().get(type)) {
    return error;
  }
  out = {};
  if (type == simdjson::ondemand::json_type::object) {
    out.kind = Kind::object;
    return simdjson::SUCCESS;
  }
  if (type == simdjson::ondemand::json_type::array) {
    out.kind = Kind::list;
    return simdjson::SUCCESS;
  }
  const std::string_view token = without_trailing_space(value.raw_json_token());
  switch (type) {
    case simdjson::ondemand::json_type::string: {
      // Consumes it: a string that is skipped is taken for a name where a colon follows, and
      // `{"a":"b":1}` would pass for JSON.
      simdjson::ondemand::raw_json_string raw;
      if (const auto error = value.get_raw_json_string().get(raw)) {
        return error;
      }
      return read_text(token, arena, out);
    }
    case simdjson::ondemand::json_type::number:
      out.kind = Kind::number;
      out.text = token;
      return is_json_number(token) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
    case simdjson::ondemand::json_type::boolean:
      out.kind = Kind::boolean;
      out.text = token;
      return token == "true" || token == "false" ? simdjson::SUCCESS : simdjson::T_ATOM_ERROR;
    case simdjson::ondemand::json_type::null:
      out.kind = Kind::null;
      return token == "null" ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    case simdjson::ondemand::json_type::array:
    case simdjson::ondemand::json_type::object:
      break;
  }
  return simdjson::TAPE_ERROR;
}

error_code read_name(simdjson::ondemand::field& field, Arena& arena, std::string_view& out) {
  // The parser found the closing quote, so that this ends.
  const char* const begin = field.key().raw();
  const char* end = begin;
  while (*end != '"') {
    end += *end == '\\' ? 2 : 1;
  }
  const auto name = decode_json_text({begin - 1, static_cast<std::size_t>(end - begin) + 2}, arena);
  if (!name) {
    return simdjson::STRING_ERROR;
  }
  out = *name;
  if (out.find('\0') != std::string_view::npos) {
    std::pmr::string kept{out, &arena};
    std::erase(kept, '\0');  // as in texts: PostgreSQL cannot hold it
    out = copy_to(arena, kept);
  }
  return simdjson::SUCCESS;
}

error_code read_members(value& object, Texts& texts, int depth, std::pmr::vector<Member>& out) {
  out.clear();
  simdjson::ondemand::object members;
  if (const auto error = object.get_object().get(members)) {
    return error;
  }
  for (auto member : members) {
    simdjson::ondemand::field field;
    Member kept;
    if (const auto error = std::move(member).get(field)) {
      return error;
    }
    if (const auto error = read_name(field, texts.arena(), kept.name)) {
      return error;
    }
    if (const auto error = read_json(field.value(), texts, depth + 1, kept.json)) {
      return error;
    }
    out.push_back(kept);
  }
  sort_members(out);
  return simdjson::SUCCESS;
}

error_code read_json(value& value, Texts& texts, int depth, std::string_view& out) {
  Scalar scalar;
  if (const auto error = read_scalar(value, texts.arena(), scalar)) {
    return error;
  }
  const bool nests = scalar.kind == Kind::list || scalar.kind == Kind::object;
  if (nests && depth > kMaxDepth) {
    return simdjson::DEPTH_ERROR;
  }
  if (scalar.kind == Kind::list) {
    return read_list(value, texts, depth, out);
  }
  if (scalar.kind == Kind::object) {
    std::pmr::vector<Member> members{&texts.arena()};
    if (const auto error = read_members(value, texts, depth, members)) {
      return error;
    }
    out = members_json(members, texts.arena());
    return simdjson::SUCCESS;
  }
  const auto kept = texts.keep(scalar);
  out = kept ? kept->json : std::string_view{"null"};
  return simdjson::SUCCESS;
}

void sort_members(std::pmr::vector<Member>& members) {
  const auto before = [](const Member& a, const Member& b) { return a.name < b.name; };
  const auto not_before = [&](const Member& a, const Member& b) { return !before(a, b); };
  if (std::adjacent_find(members.begin(), members.end(), not_before) == members.end()) {
    return;
  }
  // By insertion: stable, and unlike std::stable_sort without memory of its own. Many members
  // would make it slow.
  constexpr std::size_t kFew = 32;
  if (members.size() > kFew) {
    std::stable_sort(members.begin(), members.end(), before);
  } else {
    for (auto it = members.begin(); it != members.end(); ++it) {
      std::rotate(std::upper_bound(members.begin(), it, *it, before), it, it + 1);
    }
  }
  auto kept = members.begin();
  for (auto it = members.begin(); it != members.end(); ++it) {
    if (it + 1 == members.end() || it->name != (it + 1)->name) {
      *kept++ = *it;
    }
  }
  members.erase(kept, members.end());
}

std::string_view members_json(const std::pmr::vector<Member>& members, Arena& arena) {
  std::pmr::string json{"{", &arena};
  for (const Member& member : members) {
    if (json.size() > 1) {
      json += ',';
    }
    append_json_text(json, member.name);
    json += ':';
    json += member.json;
  }
  json += '}';
  return copy_to(arena, json);
}

}  // namespace freshet::clean
