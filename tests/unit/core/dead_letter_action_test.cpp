#include "core/dead_letter_action.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

DeadLetterAction action() {
  DeadLetterAction one;
  one.action_id = "3a8f4c66-1f7e-4a6e-9a66-0d1a2b3c4d5e";
  one.kind = DeadLetterAction::Kind::discard;
  one.at = UtcTime::from_millis(1'795'220'451'256);
  one.by = "A. Person";
  one.why = "request \"4711\"";
  one.partition = 3;
  one.part = 2;
  one.offsets = {17, 18, 4'000'000'000};
  return one;
}

TEST(DeadLetterAction, ComesBackAsItWasWritten) {
  const auto read = parse_dead_letter_action(dead_letter_action_key(action()),
                                             encode_dead_letter_action(action()));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->action_id, action().action_id);
  EXPECT_EQ(read->kind, action().kind);
  EXPECT_EQ(read->at, action().at);
  EXPECT_EQ(read->by, action().by);
  EXPECT_EQ(read->why, action().why);
  EXPECT_EQ(read->partition, 3);
  EXPECT_EQ(read->part, 2);
  EXPECT_EQ(read->offsets, action().offsets);
}

struct Fault {
  const char* name;
  const char* member;
  const char* mended;  ///< in place of what is written
  const char* field;
};
class Unusable : public ::testing::TestWithParam<Fault> {};

TEST_P(Unusable, NamesTheField) {
  std::string value = encode_dead_letter_action(action());
  const std::size_t at = value.find(GetParam().member);
  ASSERT_NE(at, std::string::npos);
  value.replace(at, std::string_view{GetParam().member}.size(), GetParam().mended);
  const auto read = parse_dead_letter_action(dead_letter_action_key(action()), value);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().field(), GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    , Unusable,
    ::testing::Values(Fault{"Id", "3a8f", "zzzz", "action_id"},
                      Fault{"Action", "discard", "burn", "action"},
                      Fault{"Time", "2026-", "x", "at"}, Fault{"By", "A. Person", "", "by"},
                      Fault{"Why", "request", "a\\u0000b", "why"},
                      Fault{"Partition", "\"partition\":3", "\"partition\":-3", "partition"},
                      Fault{"Part", "\"part\":2", "\"part\":\"2\"", "part"},
                      Fault{"NoOffsets", "[17,18,4000000000]", "[]", "offsets"},
                      Fault{"BadOffset", "[17,", "[-1,", "offsets"},
                      Fault{"Key", "\"part\":2", "\"part\":5", "key"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace freshet
