#include "core/alert.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.hpp"

namespace freshet {
namespace {

TEST(Alert, SaysEverythingAndHasOneIdForOneFinding) {
  Alert alert;
  alert.step = "produce.met";
  alert.subject = "metropolitan_museum";
  alert.kind = "many_drops";
  alert.message = "many";
  alert.at = FakeClock::kStart;
  alert.run_id = "run-1";
  alert.reason = "dropped.no_image";
  alert.found = 200;
  alert.usual = 20;
  EXPECT_EQ(alert_key(alert), "produce.met:metropolitan_museum");
  EXPECT_EQ(encode_alert(alert),
            R"({"id":"run-1/many_drops/dropped.no_image","step":"produce.met",)"
            R"("subject":"metropolitan_museum","kind":"many_drops","message":"many",)"
            R"("at":"2026-11-21T00:00:00.000Z","run_id":"run-1","reason":"dropped.no_image",)"
            R"("found":200,"usual":20})");
}

TEST(Alert, SaysNullWhereThereIsNothingToSay) {
  Alert alert;
  alert.step = "produce.met";
  alert.subject = "x";
  alert.kind = "failing";
  alert.message = "m";
  alert.at = FakeClock::kStart;
  EXPECT_EQ(encode_alert(alert),
            R"({"id":"2026-11-21T00:00:00.000Z/failing","step":"produce.met","subject":"x",)"
            R"("kind":"failing","message":"m","at":"2026-11-21T00:00:00.000Z","run_id":null,)"
            R"("reason":null,"found":null,"usual":null})");
}

}  // namespace
}  // namespace freshet
