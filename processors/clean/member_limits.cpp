#include "processors/clean/member_limits.hpp"

#include <algorithm>
#include <cmath>

#include "processors/clean/limit.hpp"
#include "processors/clean/scalar.hpp"
#include "processors/record/json_slices.hpp"

namespace freshet::clean {
namespace {

constexpr const FieldSpec& kDescription = field_named("meta_data.description");
constexpr std::string_view kNull = "null";

bool is_text(std::string_view json) noexcept { return json.starts_with('"'); }

// Whether a JSON text surely fits, told by its bytes: a backslash counts twice, and is two bytes.
bool surely_fits(std::string_view json, std::size_t limit) noexcept {
  return json.size() <= limit / 2;
}

// The rule that a number in a text breaks, or nothing.
std::string_view broken_rule(const FieldSpec& spec, std::string_view text) {
  const bool is_plain = !text.empty() && text.size() <= 9 && text.front() != '0' &&
                        text.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_plain) {
    return {};
  }
  const auto number = parse_number(text);
  if (!number || std::isnan(*number)) {
    return "number";
  }
  return spec.holds(std::trunc(*number)) ? std::string_view{} : "range";
}

bool is_prose(std::string_view member) { return member == "title" || member == "creator"; }

void limit_member(const FieldSpec& spec, Member& member, Texts& texts, LeftOutList& left_out) {
  const auto leave_out = [&](std::string_view rule) {
    left_out.push_back({spec.name, rule});
    member.json = kNull;
  };
  if (!is_text(member.json)) {
    return leave_out(spec.is_text() ? "text" : "number");
  }
  if (spec.is_text() && surely_fits(member.json, spec.max_code_points)) {
    return;
  }
  const auto text = decode_json_text(member.json, texts.arena());
  if (!text) {
    return leave_out("text");
  }
  if (!spec.is_text()) {
    const std::string_view rule = broken_rule(spec, *text);
    return rule.empty() ? void() : leave_out(rule);
  }
  if (fits(*text, spec.max_code_points)) {
    return;
  }
  if (!is_prose(member.name)) {
    return leave_out("max_length");
  }
  left_out.push_back({spec.name, "cut"});
  member.json = texts.copy_clean(cut_to_fit(*text, spec.max_code_points)).json;
}

// A description with at most its limit of code points; anything but a text stays.
std::string_view cut_text(std::string_view json, Texts& texts, LeftOutList& left_out) {
  if (!is_text(json) || surely_fits(json, kDescription.max_code_points)) {
    return json;
  }
  const auto text = decode_json_text(json, texts.arena());
  if (!text || fits(*text, kDescription.max_code_points)) {
    return json;
  }
  left_out.push_back({kDescription.name, "cut"});
  return texts.copy_clean(cut_to_fit(*text, kDescription.max_code_points)).json;
}

std::string_view cut_list(std::string_view json, Texts& texts, LeftOutList& left_out) {
  std::pmr::string out{"[", &texts.arena()};
  std::size_t count = 0;
  const std::size_t cut_before = left_out.size();
  each_element_slice(json, [&](std::string_view element) {
    if (++count > kDescription.max_elements) {
      left_out.push_back({kDescription.name, "max_elements"});
      return true;
    }
    out += count > 1 ? "," : "";
    out += cut_text(element, texts, left_out);
    return true;
  });
  out += ']';
  return left_out.size() == cut_before ? json : copy_to(texts.arena(), out);
}

}  // namespace

void limit_members(std::string_view collection, std::pmr::vector<Member>& members, Texts& texts,
                   LeftOutList& left_out) {
  for (Member& member : members) {
    const FieldSpec* const spec =
        member.json == kNull ? nullptr : find_member_spec(collection, member.name);
    if (spec != nullptr) {
      limit_member(*spec, member, texts, left_out);
    }
  }
}

void limit_description(std::pmr::vector<Member>& meta_data, Texts& texts, LeftOutList& left_out) {
  for (Member& member : meta_data) {
    if (member.name == "description") {
      member.json = member.json.starts_with('[') ? cut_list(member.json, texts, left_out)
                                                 : cut_text(member.json, texts, left_out);
      return;
    }
  }
}

}  // namespace freshet::clean
