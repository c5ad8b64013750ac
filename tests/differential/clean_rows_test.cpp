#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "producers/line_reader.hpp"
#include "producers/tsv_line.hpp"
#include "tests/differential/clean_support.hpp"
#include "tests/support/differences.hpp"

// Real rows of the original's catalogue, through the tsv producer and clean: the original has
// cleaned them before, so that nothing may change but what the list says.
namespace freshet::test {
namespace {

namespace json = boost::json;

void compare_rows(const std::string& name, MediaType media_type, int expected_rows) {
  FRESHET_NEED_FIXTURES(folder);
  Differences differences;
  LineReader reader{folder / "rows" / (name + ".tsv"), 1 << 20};
  int written = 0;
  for (LineReader::Line line;;) {
    const auto more = reader.next(line);
    ASSERT_TRUE(more);
    if (!*more) {
      break;
    }
    const std::string row_name = "rows/" + name + "/" + std::to_string(line.number);
    const auto row = parse_tsv_line(line.text, media_type);
    ASSERT_TRUE(row) << row_name << row.error().message();
    const json::object raw = json::parse(row->work).as_object();
    const Outcome outcome = clean_json(raw);
    if (outcome.result != "written") {
      differences.note(row_name, "result", outcome.result + " " + outcome.why);
      continue;
    }
    ++written;
    EXPECT_EQ(std::string{outcome.work.at("foreign_identifier").as_string()},
              row->foreign_identifier);
    std::set<std::string> names;
    for (const json::object& side : {raw, outcome.work}) {
      for (const auto& [member, value] : side) {
        names.emplace(member);
      }
    }
    for (const std::string& member : names) {
      const auto* const before = raw.if_contains(member);
      const auto* const after = outcome.work.if_contains(member);
      const json::value expected = before == nullptr ? json::value() : *before;
      const json::value ours = after == nullptr ? json::value() : *after;
      const bool order_only = member == "tags" && in_order(expected) == in_order(ours);
      differences.compare(row_name, order_only ? "order" : member, expected, ours);
    }
  }
  EXPECT_EQ(written, expected_rows);
  differences.check("rows/" + name + "/");
}

TEST(Rows, ImagesStayAsTheyAre) { compare_rows("image", MediaType::image, 500); }
TEST(Rows, TracksStayAsTheyAre) { compare_rows("audio", MediaType::audio, 50); }

}  // namespace
}  // namespace freshet::test
