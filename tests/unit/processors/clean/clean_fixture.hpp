#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "processors/clean/cleaner.hpp"

namespace freshet::test {

/// Whether members have one of this name, nested ones not counted.
inline bool has_member(std::string_view members, std::string_view quoted) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const char c = members[i];
    if (!in_text && depth == 0 && members.substr(i).starts_with(quoted) &&
        members.substr(i + quoted.size()).starts_with(':')) {
      return true;
    }
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text) {
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    }
  }
  return false;
}

/// A sighting that passes, with further members behind it, or in the place of its own.
inline std::string sighting(std::string_view more = "", std::string_view media_type = "image") {
  const std::pair<std::string_view, std::string> own[] = {
      {R"("media_type")", '"' + std::string{media_type} + '"'},
      {R"("provider")", R"("prov")"},
      {R"("foreign_identifier")", R"("7")"},
      {R"("foreign_landing_url")", R"("https://a.com/p")"},
      {R"("url")", R"("https://a.com/i")"},
      {R"("license_url")", R"("https://creativecommons.org/licenses/by/4.0/")"}};
  std::string text = "{";
  for (const auto& [name, value] : own) {
    if (!has_member(more, name)) {
      text.append(text.size() > 1 ? "," : "").append(name).append(":").append(value);
    }
  }
  return text + (more.empty() || text.size() == 1 ? "" : ",") + std::string{more} + "}";
}

/// A cleaned work as text, `dropped: <reason>`, or `<errc>: <field>: <rule>`.
inline std::string outcome(std::string_view work, Cleaner& cleaner) {
  Arena arena;
  const CleanResult result = cleaner.clean(work, arena);
  if (const auto* const dropped = std::get_if<Dropped>(&result)) {
    return "dropped: " + std::string{to_string(dropped->reason)};
  }
  if (const auto* const error = std::get_if<Error>(&result)) {
    return std::string{to_string(error->errc())} + ": " + error->field() + ": " + error->rule();
  }
  std::string out;
  append_work(out, std::get<Work>(result));
  return out;
}

inline std::string outcome(std::string_view work) {
  Cleaner cleaner;
  return outcome(work, cleaner);
}

/// The JSON text of one field after clean, `absent`, or what became of the record.
inline std::string field_after(std::string_view work, Field field) {
  Cleaner cleaner;
  Arena arena;
  const CleanResult result = cleaner.clean(work, arena);
  const auto* const cleaned = std::get_if<Work>(&result);
  if (cleaned == nullptr) {
    return outcome(work, cleaner);
  }
  return cleaned->at(field).empty() ? "absent" : std::string{cleaned->at(field)};
}

}  // namespace freshet::test
