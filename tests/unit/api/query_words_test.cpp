#include "api/query_words.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

struct Wanted {
  const char* text;
  const char* as_words;
  const char* left_out;
  const char* kept;
};

class WantedWords : public testing::TestWithParam<Wanted> {};

TEST_P(WantedWords, AreWhatIsNotExcluded) {
  const Wanted& row = GetParam();
  EXPECT_EQ(wanted_words(row.text, Phrases::as_words), row.as_words);
  EXPECT_EQ(wanted_words(row.text, Phrases::left_out), row.left_out);
  EXPECT_EQ(wanted_words(row.text, Phrases::kept), row.kept);
}

INSTANTIATE_TEST_SUITE_P(
    All, WantedWords,
    testing::Values(Wanted{"red boat", "red boat", "red boat", "red boat"},
                    Wanted{"  red\tboat ", "red boat", "red boat", "red boat"},
                    Wanted{"penguins -ice", "penguins", "penguins", "penguins"},
                    Wanted{"-ice", "", "", ""}, Wanted{"--ice", "ice", "ice", "ice"},
                    Wanted{"- ice", "ice", "ice", "ice"},
                    Wanted{"spider-man", "spider-man", "spider-man", "spider-man"},
                    Wanted{"+red +boat", "red boat", "red boat", "red boat"},
                    Wanted{"red+boat", "red boat", "red boat", "red boat"},
                    Wanted{"\"red boat\" sea", "red boat sea", "sea", "\"red boat\" sea"},
                    Wanted{"-\"red boat\" sea", "sea", "sea", "sea"},
                    Wanted{"\"a -b\"", "a  b", "", "\"a -b\""},
                    Wanted{"sea\"red boat\"", "sea red boat", "sea", "sea \"red boat\""},
                    Wanted{"5\\\" disk", "5\\ disk", "5\\ disk", "5\\ disk"},
                    Wanted{"*", "*", "*", "*"}, Wanted{"", "", "", ""}));

TEST(StopWords, AreToldInAnyCaseAndWithPossessives) {
  for (const char* words : {"it", "IT", "The", "to be or not to be", "If...", "'The'", "it's",
                            "IT\u2019S", "À", "à to"}) {
    EXPECT_TRUE(is_stop_words_only(words)) << words;
  }
  for (const char* words :
       {"", "!", "who", "the who", "it works", "thé", "the_the", "à la", "it2", "字"}) {
    EXPECT_FALSE(is_stop_words_only(words)) << words;
  }
}

}  // namespace
}  // namespace freshet::api
