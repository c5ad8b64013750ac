#include "producers/schedule/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.hpp"

namespace freshet {
namespace {

using ::testing::HasSubstr;

UtcTime at(std::string_view text) { return *parse_time(text); }

RunState failed_jamendo() {
  RunState state;
  state.command = "jamendo";
  state.run_id = "jamendo-1";
  state.kind = RunKind::whole;
  state.outcome = RunOutcome::failed;
  state.started_at = at("2026-11-30T06:00:00Z");
  state.updated_at = at("2026-11-30T07:02:03Z");
  state.finished_at = state.updated_at;
  state.error = "HTTP 503\nand more";
  state.counts.add("emitted", 400);
  state.counts.add("rejected.malformed_payload", 2);
  state.counts.add("skipped", 1);
  state.cursor.emplace();
  state.cursor->next = Params{{"offset", "400"}};
  note_run(state.history, state.kind, {}, {}, state.started_at, state.updated_at,
           RunEnding::failed);
  return state;
}

std::string status(bool as_json) {
  return list_status({"jamendo", "science_museum"}, {}, {failed_jamendo()}, {},
                     at("2026-11-30T07:03:00Z"), as_json);
}

TEST(Status, SaysOfEachProviderHowItsLastRunWentAndWhatIsNext) {
  const std::string text = status(false);
  EXPECT_THAT(text, HasSubstr("1:02:03"));
  EXPECT_THAT(text, HasSubstr("  400  "));
  EXPECT_THAT(text, HasSubstr(R"({"offset":"400"})"));
  EXPECT_THAT(text, HasSubstr("2026-11-30T07:07Z")) << "five minutes after it failed";
  EXPECT_THAT(text, HasSubstr("HTTP 503 and more")) << "on one line";
  EXPECT_THAT(text, HasSubstr("science_museum  never ran"));
  EXPECT_THAT(text, HasSubstr("now"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(Status, HasTheSameInJson) {
  const json::value all = *parse_json(status(true));
  const json::value& jamendo = value_at(all, "/0");
  EXPECT_EQ(text_at(jamendo, "/command"), "jamendo");
  EXPECT_EQ(value_at(jamendo, "/errors"), 3);
  EXPECT_EQ(value_at(jamendo, "/duration_seconds"), 3'723);
  EXPECT_EQ(text_at(jamendo, "/next/at"), "2026-11-30T07:07:03.000Z");
  const json::value& never = value_at(all, "/1");
  EXPECT_TRUE(value_at(never, "/outcome").is_null());
  EXPECT_EQ(text_at(never, "/next/at"), "2026-11-30T07:03:00.000Z");
}

}  // namespace
}  // namespace freshet
