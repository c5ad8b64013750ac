#include "core/result.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/check.hpp"

namespace freshet {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) {
    return Error{Errc::invalid_value, "number", "even", "3 is odd"};
  }
  return number / 2;
}

TEST(Result, HoldsAValueOrTheReasonWhyNot) {
  EXPECT_EQ(half(4).value(), 2);
  const auto none = half(3);
  ASSERT_FALSE(none);
  const Error error = none.error();
  EXPECT_EQ(error.errc(), Errc::invalid_value);
  EXPECT_EQ(error.retry(), Retry::never);
  EXPECT_EQ(error.field(), "number");
  EXPECT_EQ(error.rule(), "even");
  EXPECT_THROW(static_cast<void>(half(3).value()), std::logic_error);
}

TEST(Errc, HasAnOwnNameForEach) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Errc::unknown_outcome); ++i) {
    EXPECT_TRUE(names.insert(to_string(static_cast<Errc>(i))).second) << i;
  }
  EXPECT_TRUE(names.contains("malformed_payload"));
}

TEST(CheckDeathTest, NamesTheConditionAndAborts) {
  FRESHET_CHECK(true);
  EXPECT_DEATH(FRESHET_CHECK(1 + 1 == 3), "check_failed.*1 \\+ 1 == 3.*result_test.cpp");
}

}  // namespace
}  // namespace freshet
