#include "processors/stages/clean.hpp"

#include <gtest/gtest.h>

#include <string>

#include "processors/clean/rules.hpp"

namespace freshet {
namespace {

constexpr std::string_view kBase =
    R"("media_type":"image","provider":"met","foreign_identifier":"7","foreign_landing_url":"https://a.com/p",)"
    R"("url":"https://a.com/i.jpg","license_url":"http://creativecommons.org/licenses/by/4.0")";

std::string sighting(std::string_view more) {
  return std::string{"{"} + std::string{kBase} + (more.empty() ? "" : ",") + std::string{more} +
         "}";
}

// A cleaned work as text, `dropped: <reason>` or `<errc>: <field>: <rule>`.
std::string outcome(std::string_view work, Cleaner& cleaner) {
  Arena arena;
  const CleanResult result = cleaner.clean(work, arena);
  if (const auto* const dropped = std::get_if<Dropped>(&result)) {
    return "dropped: " + std::string{to_string(dropped->reason)};
  }
  if (const auto* const error = std::get_if<Error>(&result)) {
    return std::to_string(static_cast<int>(error->errc())) + ": " + error->field() + ": " +
           error->rule();
  }
  std::string out;
  append_work(out, std::get<Work>(result));
  return out;
}

std::string outcome(std::string_view work) {
  Cleaner cleaner;
  return outcome(work, cleaner);
}

TEST(Clean, GivesTheKeptForm) {
  EXPECT_EQ(
      outcome(sighting(R"("title":" A \"b\" ","width":1.9)")),
      R"({"media_type":"image","provider":"met","foreign_identifier":"7","foreign_landing_url":"https://a.com/p",)"
      R"("url":"https://a.com/i.jpg","filetype":"jpg","license":"by","license_version":"4.0","title":"A 'b'",)"
      R"("meta_data":{"license_url":"https://creativecommons.org/licenses/by/4.0/",)"
      R"("raw_license_url":"http://creativecommons.org/licenses/by/4.0"},"category":"digitized_artwork",)"
      R"("watermarked":false,"source":"met","ingestion_type":"provider_api","width":1})");
}

}  // namespace
}  // namespace freshet
