#include "processors/clean/tags.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "processors/clean/reader.hpp"
#include "processors/json_text.hpp"

namespace freshet::clean {
namespace {

using simdjson::error_code;

constexpr std::array<std::string_view, 4> kDeniedWhole{"no person", "squareformat", "undefined",
                                                       "by"};

// Whether a denied part begins where `rest` begins. `by-nc-sa` and its like contain `by-nc`.
bool begins_denied_part(std::string_view rest) noexcept {
  switch (rest.front()) {
    case ':':
    case '=':
      return true;
    case 'b':
      return rest.starts_with("by-nc") || rest.starts_with("by-nd") || rest.starts_with("by-sa");
    case 'c':
      return rest.starts_with("cc0") || rest.starts_with("creative commons");
    case 'f':
      return rest.starts_with("flickriosapp");
    case 'p':
      return rest.starts_with("pdm") || rest.starts_with("public domain");
    case 'u':
      return rest.starts_with("uploaded");
    default:
      return false;
  }
}

// Accuracy as a JSON number in its shortest form; empty where it is no number.
std::string_view accuracy_json(const Scalar& scalar, Arena& arena) {
  std::optional<double> value;
  if (scalar.kind == Kind::number) {
    value = number_value(scalar.text);
  } else if (scalar.kind == Kind::text) {
    value = parse_number(scalar.text);
  }
  if (!value || !std::isfinite(*value)) {
    return {};
  }
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *value).ptr;
  return copy_to(arena, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

error_code read_tag_object(simdjson::ondemand::value& item, Texts& texts, Tag& tag) {
  simdjson::ondemand::object members;
  if (const auto error = item.get_object().get(members)) {
    return error;
  }
  for (auto member : members) {
    simdjson::ondemand::field field;
    std::string_view name;
    Scalar scalar;
    if (const auto error = std::move(member).get(field)) {
      return error;
    }
    if (const auto error = read_name(field, texts.arena(), name)) {
      return error;
    }
    if (const auto error = read_scalar(field.value(), texts.arena(), scalar)) {
      return error;
    }
    if (name == "accuracy") {
      tag.accuracy = accuracy_json(scalar, texts.arena());
    } else if (name == "name" || name == "provider") {
      const auto kept = scalar.kind == Kind::text ? texts.keep(scalar) : std::nullopt;
      (name == "name" ? tag.name : tag.provider) = kept ? kept->text : std::string_view{};
    }
  }
  return simdjson::SUCCESS;
}

error_code read_tag(simdjson::ondemand::value& item, Texts& texts, Tag& tag) {
  Scalar scalar;
  if (const auto error = read_scalar(item, texts.arena(), scalar)) {
    return error;
  }
  if (scalar.kind == Kind::object) {
    return read_tag_object(item, texts, tag);
  }
  if (scalar.kind == Kind::text) {
    tag.name = texts.keep(scalar)->text;
  }
  return simdjson::SUCCESS;
}

// Less is better: no accuracy means that nobody doubts it.
double doubt(const Tag& tag) noexcept {
  return tag.accuracy.empty() ? -std::numeric_limits<double>::infinity()
                              : -number_value(tag.accuracy);
}

}  // namespace

bool is_denied_tag(std::string_view name) noexcept {
  if (std::find(kDeniedWhole.begin(), kDeniedWhole.end(), name) != kDeniedWhole.end()) {
    return true;
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (begins_denied_part(name.substr(i))) {
      return true;
    }
  }
  return false;
}

error_code read_tags(simdjson::ondemand::value& list, Texts& texts, std::pmr::vector<Tag>& out) {
  out.clear();
  simdjson::ondemand::array items;
  if (const auto error = list.get_array().get(items)) {
    return error;
  }
  for (auto element : items) {
    simdjson::ondemand::value item;
    Tag tag;
    if (const auto error = element.get(item)) {
      return error;
    }
    if (const auto error = read_tag(item, texts, tag)) {
      return error;
    }
    if (!tag.name.empty()) {
      out.push_back(tag);
    }
  }
  return simdjson::SUCCESS;
}

void arrange_tags(std::pmr::vector<Tag>& tags, std::string_view provider) {
  std::erase_if(tags, [](const Tag& tag) { return is_denied_tag(tag.name); });
  for (Tag& tag : tags) {
    if (tag.provider.empty()) {
      tag.provider = provider;
    }
  }
  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) {
    if (const int order = a.name.compare(b.name); order != 0) {
      return order < 0;
    }
    if (const int order = a.provider.compare(b.provider); order != 0) {
      return order < 0;
    }
    return doubt(a) < doubt(b);
  });
  const auto same = [](const Tag& a, const Tag& b) {
    return a.name == b.name && a.provider == b.provider;
  };
  tags.erase(std::unique(tags.begin(), tags.end(), same), tags.end());
}

}  // namespace freshet::clean
