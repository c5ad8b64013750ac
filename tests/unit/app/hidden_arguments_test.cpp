#include "app/hidden_arguments.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

struct Case {
  std::vector<std::string> given;
  std::vector<std::string> shown;
};

class HiddenArguments : public testing::TestWithParam<Case> {};

TEST_P(HiddenArguments, AreCopiedAndNoLongerShown) {
  std::vector<std::string> texts = GetParam().given;
  texts.insert(texts.begin(), "freshet");
  const std::vector<std::string> before = texts;
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  EXPECT_EQ(take_arguments(static_cast<int>(pointers.size()), pointers.data()), before);
  texts.erase(texts.begin());
  EXPECT_EQ(texts, GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    All, HiddenArguments,
    testing::Values(
        Case{{"api", "--elasticsearch-password", "hush"},
             {"api", "--elasticsearch-password", "****"}},
        Case{{"--elasticsearch-password=hush", "api"}, {"--elasticsearch-password=****", "api"}},
        Case{{"--kafka-librdkafka", "sasl.password=hush"},
             {"--kafka-librdkafka", "sasl.password*****"}},
        Case{{"--kafka-librdkafka=sasl.password=hush"}, {"--kafka-librdkafka=sasl.password*****"}},
        Case{{"--providers", "jamendo_key=hush"}, {"--providers", "jamendo_key*****"}},
        Case{{"--postgres-dsn", "host=a password=b"}, {"--postgres-dsn", "*****************"}},
        Case{{"--postgres-dsn", "postgresql://a:b@c/d"},
             {"--postgres-dsn", "********************"}},
        Case{{"--postgres-dsn", "host=a dbname=b"}, {"--postgres-dsn", "host=a dbname=b"}},
        Case{{"--redis-url=redis://:hush@a:1"}, {"--redis-url=*****************"}},
        Case{{"--kafka-brokers", "a:1"}, {"--kafka-brokers", "a:1"}},
        Case{{"api", "--elasticsearch-password"}, {"api", "--elasticsearch-password"}}));

}  // namespace
}  // namespace freshet
