#include "core/record/status.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/json.hpp"
#include "core/resources.hpp"

namespace freshet {
namespace {

TEST(Status, ReadsWhatItWrites) {
  for (std::size_t i = 0; i < kStatusCount; ++i) {
    const auto status = static_cast<Status>(i);
    EXPECT_EQ(parse_status(to_string(status)), status);
  }
  EXPECT_EQ(parse_status(""), std::nullopt);
  EXPECT_EQ(parse_status("Live"), std::nullopt);
  EXPECT_EQ(parse_status("lives"), std::nullopt);
}

TEST(Status, IsWhatTheTopicsSchemaLists) {
  json::array names;
  for (const std::string_view name : kStatusNames) {
    names.emplace_back(name);
  }
  const auto schema = parse_json(resource("records/catalog.schema.json")).value();
  EXPECT_EQ(value_at(schema, "/properties/status/enum"), json::value(names));
}

TEST(Status, IsWhatTheTablesCheck) {
  std::string check = "check (status in (";
  for (const std::string_view name : kStatusNames) {
    check.append(name == kStatusNames.front() ? "'" : ", '").append(name).append("'");
  }
  check += "))";
  const std::string_view sql = resource("postgres/0001_media.sql");
  const auto first = sql.find(check);
  ASSERT_NE(first, std::string_view::npos) << check;
  EXPECT_NE(sql.find(check, first + 1), std::string_view::npos) << "image and audio";
}

}  // namespace
}  // namespace freshet
