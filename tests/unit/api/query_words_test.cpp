#include "api/query_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

#include "core/json.hpp"

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
                            "IT\u2019S", "À", "à to", "der und die", "ÜBER", "НА", "la"}) {
    EXPECT_TRUE(is_stop_words_only(words)) << words;
  }
  for (const char* words : {"", "!", "who", "the who", "it works", "thé", "the_the", "à la carte",
                            "it2", "字", "étude", "дом"}) {
    EXPECT_FALSE(is_stop_words_only(words)) << words;
  }
}

// The index leaves out what this list has: a word of one list alone would be asked for where it is
// not, or not at all.
TEST(StopWords, AreThoseThatTheIndexLeavesOutOfWhatIsAskedFor) {
  std::ifstream file{SOURCE_DIR "/schemas/elasticsearch/image.json"};
  std::stringstream text;
  text << file.rdbuf();
  const json::value schema = json::parse(text.str());
  const json::value& filters = value_at(schema, "/settings/analysis/filter");
  const json::array& words = value_at(filters, "/every_stop/stopwords").as_array();
  EXPECT_GT(words.size(), 100U);
  for (const json::value& word : words) {
    EXPECT_TRUE(is_stop_words_only(std::string_view{word.as_string()})) << word;
  }
  EXPECT_EQ(words.size(), count_stop_words());
}

TEST(WithoutEnglishStopWords, KeepsWhatIsAWordInEnglish) {
  EXPECT_EQ(without_english_stop_words("the red van and It"), "red van");
  EXPECT_EQ(without_english_stop_words("die Katze"), "die Katze");
  EXPECT_EQ(without_english_stop_words("to be"), "to be");
  EXPECT_EQ(without_english_stop_words(""), "");
}

TEST(ExcludedParts, AreWordsAndPhrases) {
  using testing::ElementsAre;
  EXPECT_THAT(excluded_parts("a -b --c -\"d -e\" f-g -h-i -*"),
              ElementsAre("b", "\"d -e\"", "h-i"));
  EXPECT_THAT(excluded_parts("\"a -b\" - c -"), ElementsAre());
}

TEST(ClosedForm, IsWithoutHyphensOrOfTwoWordsOne) {
  const std::pair<const char*, const char*> rows[] = {{"wi-fi", "wifi"},
                                                      {"t\u2011shirt", "tshirt"},
                                                      {"jack-in-the-box toy", "jackinthebox toy"},
                                                      {"sea shell", "seashell"},
                                                      {"post-card rack", "postcard rack"}};
  for (const auto& [words, closed] : rows) {
    EXPECT_EQ(closed_form(words), closed);
  }
  for (const char* words : {"", "owl", "red sea shell", "a- b c", "--"}) {
    EXPECT_EQ(closed_form(words), std::nullopt) << words;
  }
}

}  // namespace
}  // namespace freshet::api
