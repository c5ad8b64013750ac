#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "processors/stages/clean.hpp"

namespace freshet::test {

/// A sighting that passes, with further members behind it (the last of one name counts).
inline std::string sighting(std::string_view more = "", std::string_view media_type = "image") {
  std::string text = R"({"media_type":")" + std::string{media_type} +
                     R"(","provider":"prov","foreign_identifier":"7",)"
                     R"("foreign_landing_url":"https://a.com/p","url":"https://a.com/i",)"
                     R"("license_url":"https://creativecommons.org/licenses/by/4.0/")";
  return text + (more.empty() ? "" : ",") + std::string{more} + "}";
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
