#include "processors/clean/tags.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "processors/clean/limit.hpp"
#include "processors/clean/reader.hpp"
#include "processors/record/json_number.hpp"
#include "processors/record/json_text.hpp"

namespace freshet::clean {
namespace {

using simdjson::error_code;

constexpr const FieldSpec& kName = field_named("tags.name");
constexpr const FieldSpec& kProvider = field_named("tags.provider");
constexpr const FieldSpec& kAccuracy = field_named("tags.accuracy");

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

// Nothing where none is given. What is no number is NaN, which no rule takes for one.
std::optional<double> accuracy_of(const Scalar& scalar) {
  constexpr double kUnreadable = std::numeric_limits<double>::quiet_NaN();
  switch (scalar.kind) {
    case Kind::absent:
    case Kind::null:
      return std::nullopt;
    case Kind::number:
      return number_value(scalar.text);
    case Kind::text:
      return parse_number(scalar.text).value_or(kUnreadable);
    default:
      return kUnreadable;
  }
}

// As a JSON number in its shortest form.
std::string_view accuracy_json(double value, Arena& arena) {
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value + 0.0).ptr;  // -0 is 0
  return copy_to(arena, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// The entry and the rule that a tag breaks, if any.
std::optional<LeftOut> broken_rule(const Tag& tag, std::optional<double> accuracy) {
  if (tag.name.empty()) {
    return LeftOut{kName.name, "text"};
  }
  if (!fits(tag.name, kName.max_code_points)) {
    return LeftOut{kName.name, "max_length"};
  }
  if (!fits(tag.provider, kProvider.max_code_points)) {
    return LeftOut{kProvider.name, "max_length"};
  }
  // Without its accuracy it would pass for one that nobody doubts.
  if (accuracy && (std::isnan(*accuracy) || !kAccuracy.holds(*accuracy))) {
    return LeftOut{kAccuracy.name, std::isnan(*accuracy) ? "number" : "range"};
  }
  return std::nullopt;
}

error_code read_tag_object(simdjson::ondemand::value& item, Texts& texts, Tag& tag,
                           std::optional<double>& accuracy) {
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
      accuracy = accuracy_of(scalar);
    } else if (name == "name" || name == "provider") {
      const auto kept = scalar.kind == Kind::text ? texts.keep(scalar) : std::nullopt;
      (name == "name" ? tag.name : tag.provider) = kept ? kept->text : std::string_view{};
    }
  }
  return simdjson::SUCCESS;
}

error_code read_tag(simdjson::ondemand::value& item, Texts& texts, Tag& tag,
                    std::optional<double>& accuracy) {
  Scalar scalar;
  if (const auto error = read_scalar(item, texts.arena(), scalar)) {
    return error;
  }
  if (scalar.kind == Kind::object) {
    return read_tag_object(item, texts, tag, accuracy);
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

error_code read_tags(simdjson::ondemand::value& list, Texts& texts, std::pmr::vector<Tag>& out,
                     LeftOutList& left_out) {
  out.clear();
  simdjson::ondemand::array items;
  if (const auto error = list.get_array().get(items)) {
    return error;
  }
  for (auto element : items) {
    simdjson::ondemand::value item;
    Tag tag;
    std::optional<double> accuracy;
    if (const auto error = element.get(item)) {
      return error;
    }
    if (const auto error = read_tag(item, texts, tag, accuracy)) {
      return error;
    }
    if (const auto broken = broken_rule(tag, accuracy)) {
      left_out.push_back(*broken);
      continue;
    }
    if (accuracy) {
      tag.accuracy = accuracy_json(*accuracy, texts.arena());
    }
    out.push_back(tag);
  }
  return simdjson::SUCCESS;
}

void arrange_tags(std::pmr::vector<Tag>& tags, std::string_view provider, Cleaned what,
                  LeftOutList& left_out) {
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
  const bool is_merged = what == Cleaned::merged_work;
  const auto same = [&](const Tag& a, const Tag& b) {
    return a.name == b.name && a.provider == b.provider &&
           (!is_merged || a.provider == provider || a.accuracy == b.accuracy);
  };
  tags.erase(std::unique(tags.begin(), tags.end(), same), tags.end());
  for (; !is_merged && tags.size() > kMostTags; tags.pop_back()) {
    left_out.push_back({field_named("tags").name, "max_elements"});
  }
}

}  // namespace freshet::clean
