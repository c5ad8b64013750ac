#include "processors/stages/dedupe/sensitive_terms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace freshet {
namespace {

struct Case {
  std::string name;
  std::string term;
  std::string text;
  bool occurs;
};

class TermIn : public testing::TestWithParam<Case> {};

TEST_P(TermIn, OccursAsAWholeWord) {
  const Case& c = GetParam();
  EXPECT_EQ(SensitiveTerms{{c.term}}.occurs_in(c.text), c.occurs);
  // Others do not get in its way, whatever they begin with.
  EXPECT_EQ(
      (SensitiveTerms{{"zzz", c.term, c.term + " zzz", "##", "z" + c.term}}).occurs_in(c.text),
      c.occurs);
}

INSTANTIATE_TEST_SUITE_P(
    Terms, TermIn,
    testing::Values(
        Case{"Alone", "bird", "bird", true}, Case{"AtTheStart", "bird", "bird of prey", true},
        Case{"AtTheEnd", "bird", "a bird", true}, Case{"Between", "bird", "a bird.", true},
        Case{"Plural", "bird", "birds", false}, Case{"InAWord", "bird", "blackbird", false},
        Case{"InAnUnderscoredName", "bird", "my_bird_01", false},
        Case{"BesideADigit", "bird", "bird2", false}, Case{"Hyphen", "bird", "bird-watching", true},
        Case{"Apostrophe", "bird", "the bird's eye", true},
        Case{"CaseOfText", "bird", "BiRD", true}, Case{"CaseOfTerm", "BIRD", "a bird", true},
        Case{"EmptyText", "bird", "", false},
        Case{"Phrase", "two words", "has TWO Words in it", true},
        Case{"PhraseBrokenOff", "two words", "has two", false},
        Case{"PhraseCutInAWord", "two words", "two wordsmiths", false},
        Case{"PhraseAsOneWord", "two words", "twowords", false},
        Case{"PhraseOverWhiteSpace", "two words", "two \n\t words", true},
        Case{"PhraseOverAHyphen", "two words", "two-words", false},
        Case{"PhraseWhoseStartRepeats", "a a b", "a a a b", true},
        Case{"TermWithWideSpaces", "two   words", "two words", true},
        Case{"Umlaut", "ärger", "ÄRGER!", true}, Case{"UmlautIsALetter", "rger", "Ärger", false},
        Case{"LetterBeforeUmlaut", "f", "fü", false}, Case{"Accents", "cafe", "café", false},
        Case{"CombiningAccent", "cafe", "cafe\u0301", false},
        Case{"Cyrillic", "птица", "ПТИЦА.", true},
        Case{"CyrillicInAWord", "птица", "птицами", false},
        Case{"Greek", "πουλι", "το ΠΟΥΛΙ", true}, Case{"Han", "鳥", "鳥", true},
        Case{"HanInARun", "鳥", "小鳥", false}, Case{"Deseret", "\U00010428", "\U00010400", true},
        Case{"Emoji", "🖕", "look 🖕here", true}, Case{"SignsAround", "c++", "I love C++.", true},
        Case{"SignsBefore", "#tag", "a #TAG b", true},
        Case{"SignsBeforeAbsent", "#tag", "a tag b", false},
        Case{"SignBehindAWord", "#tag", "a#tag", true}, Case{"SignsOnly", "***", "a***b", true},
        Case{"SignsOnlyAbsent", "***", "a**b", false},
        Case{"BrokenUtf8", "bird",
             "\xff"
             "bird\xc3",
             true},
        Case{"BrokenInAWord", "bird", "bi\xffrd", false},
        Case{"Nul", "bird", std::string("a\0bird", 6), true},
        Case{"DottedCapitalI", "i", "İ", true}, Case{"KelvinSign", "k", "\u212A", true}),
    [](const auto& param) { return param.param.name; });

TEST(SensitiveTerms, NoneMatchNothing) {
  EXPECT_TRUE(SensitiveTerms{{}}.empty());
  EXPECT_FALSE(SensitiveTerms{{}}.occurs_in("anything"));
  EXPECT_TRUE((SensitiveTerms{{"", " "}}).empty());
  EXPECT_FALSE((SensitiveTerms{{"", " "}}).occurs_in("a b"));
}

// Against a search term by term, which is slow and plain.
bool occurs_plainly(const std::vector<std::string>& terms, std::string_view text) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return std::ranges::any_of(terms, [&](const std::string& term) {
    for (std::size_t at = text.find(term); at != std::string_view::npos;
         at = text.find(term, at + 1)) {
      const std::size_t end = at + term.size();
      const bool begins = !is_word(term.front()) || at == 0 || !is_word(text[at - 1]);
      const bool ends = !is_word(term.back()) || end == text.size() || !is_word(text[end]);
      if (begins && ends) {
        return true;
      }
    }
    return false;
  });
}

TEST(SensitiveTerms, FindsWhatASearchTermByTermFinds) {
  std::mt19937_64 random{7};
  const auto text = [&](int most) {
    std::string out;
    for (int i = 1 + static_cast<int>(random() % static_cast<unsigned>(most)); i > 0; --i) {
      out += "ab_-#c"[random() % 6];
      if (random() % 3 == 0 && out.back() != ' ') {
        out += ' ';
      }
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  int found = 0;
  for (int n = 0; n < 30'000; ++n) {
    std::vector<std::string> terms;
    for (int i = static_cast<int>(random() % 4); i >= 0; --i) {
      terms.push_back(text(4));
    }
    const std::string where = text(20);
    const bool expected = occurs_plainly(terms, where);
    found += expected ? 1 : 0;
    ASSERT_EQ(SensitiveTerms{terms}.occurs_in(where), expected) << terms[0] << " in " << where;
  }
  EXPECT_GT(found, 1'000);
  EXPECT_LT(found, 29'000);
}

TEST(SensitiveTerms, ThousandsOfTermsAreEachFound) {
  std::vector<std::string> terms;
  for (int i = 0; i < 5'000; ++i) {
    terms.push_back("term" + std::to_string(i) + (i % 3 == 0 ? " and more" : ""));
  }
  const SensitiveTerms all{terms};
  for (const std::string& term : terms) {
    ASSERT_TRUE(all.occurs_in("x " + term + " y"));
    ASSERT_FALSE(all.occurs_in("x" + term + "y"));
  }
}

}  // namespace
}  // namespace freshet
