#include "simulate/vocabulary.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::simulate {
namespace {

// Words are copied into JSON, HTML and file names as they are.
void expect_plain(std::string_view word) {
  EXPECT_FALSE(word.empty());
  EXPECT_TRUE(is_utf8(word)) << word;
  EXPECT_TRUE(is_clean_text(word)) << word;
  EXPECT_EQ(word.find_first_of("\"\\<>&'\t\n"), std::string_view::npos) << word;
}

TEST(Vocabulary, NoWordNeedsEscaping) {
  for (const Medium medium : {Medium::picture, Medium::sound}) {
    for (const Subject& subject : subjects(medium)) {
      for (const std::string_view word : {subject.name, subject.plural, subject.topic,
                                          subject.spanish, subject.russian, subject.japanese}) {
        expect_plain(word);
      }
      EXPECT_EQ(topic_of(subject).name, subject.topic);
      for (const std::string_view tag : topic_of(subject).tags) {
        expect_plain(tag);
        EXPECT_EQ(tag.find_first_of(":="), std::string_view::npos) << tag << " would be denied";
      }
    }
  }
  for (const auto& list : {places(), adjectives(), genres()}) {
    for (const std::string_view word : list) {
      expect_plain(word);
    }
  }
}

TEST(Vocabulary, WritesOneThemeThroughout) {
  std::set<std::string> titles;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    Dice dice{7, i};
    const Theme theme{i % 2 == 0 ? Medium::picture : Medium::sound, dice};
    std::string title;
    std::string description;
    std::string person;
    append_title(title, theme);
    append_description(description, theme, Dice{8, i});
    append_person(person, Dice{9, i});
    for (const std::string& text : {title, description, person}) {
      EXPECT_TRUE(is_utf8(text)) << text;
      EXPECT_TRUE(is_clean_text(text)) << text;
    }
    const TagList tags = tags_for(theme, Dice{10, i});
    EXPECT_EQ(*tags.begin(), theme.subject->name);
    EXPECT_GE(tags.size, 3U);
    titles.insert(title);
  }
  EXPECT_GT(titles.size(), 1'000U);
}

}  // namespace
}  // namespace freshet::simulate
