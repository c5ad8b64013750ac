#include "core/json_writer.hpp"

#include <gtest/gtest.h>

#include <ranges>

namespace freshet {
namespace {

TEST(ObjectWriter, WritesMembersInTheOrderOfTheCalls) {
  std::string out = "[";
  ObjectWriter object{out};
  object.text("text", "a\"b");
  object.integer("least", std::numeric_limits<std::int64_t>::min());
  object.number("whole", 5);
  object.number("whole_as_float", 5, WholeNumber::with_point);
  object.number("part", 0.5);
  object.boolean("yes", true);
  object.raw("raw", R"({"a":1})");
  object.null("nothing");
  object.text_or_null("no_text", std::nullopt);
  object.integer_or_null("some", 7);
  object.texts("texts", std::vector<std::string>{"x", "y"});
  object.texts("empty", std::vector<std::string_view>{});
  object.key("inner");
  ObjectWriter inner{out};
  inner.close();
  object.close();
  EXPECT_EQ(out, R"([{"text":"a\"b","least":-9223372036854775808,"whole":5,"whole_as_float":5.0,)"
                 R"("part":0.5,"yes":true,"raw":{"a":1},"nothing":null,"no_text":null,"some":7,)"
                 R"("texts":["x","y"],"empty":[],"inner":{}})");
}

TEST(ObjectWriter, TakesAnyRangeOfTexts) {
  const std::vector<std::string> names{"a", "bb", "c"};
  std::string out;
  append_json_strings(
      out, names | std::views::filter([](const std::string& name) { return name.size() == 1; }));
  EXPECT_EQ(out, R"(["a","c"])");
}

}  // namespace
}  // namespace freshet
