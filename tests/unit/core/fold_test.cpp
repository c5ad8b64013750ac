#include "core/fold.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

struct Case {
  std::string name;
  std::string text;
  std::string folded;
};

class FoldCase : public testing::TestWithParam<Case> {};

TEST_P(FoldCase, IsTheSameForEverySpelling) {
  const std::string folded = fold_case(GetParam().text);
  EXPECT_EQ(folded, GetParam().folded);
  EXPECT_EQ(fold_case(folded), folded) << "a second time";
}

INSTANTIATE_TEST_SUITE_P(Texts, FoldCase,
                         testing::Values(Case{"Ascii", "WoRMS_2-x", "worms_2-x"},
                                         Case{"Empty", "", ""},
                                         Case{"TwoBytes", "MUSÉE DE L'ÎLE", "musée de l'île"},
                                         Case{"Greek", "ΜΟΥΣΕΊΟ", "μουσείο"},
                                         Case{"Cyrillic", "МУЗЕЙ", "музей"},
                                         Case{"ThreeBytes", "ＦＵＬＬ", "ｆｕｌｌ"},
                                         Case{"FourBytes", "\U00010400", "\U00010428"},
                                         Case{"WithoutCase", "博物館 ß", "博物館 ß"},
                                         Case{"NotUtf8", "\xFF\xC3 A", "\xFF\xC3 a"}),
                         [](const auto& param) { return param.param.name; });

TEST(TitleCase, CapitalisesEachRunOfLetters) {
  EXPECT_EQ(title_case("female fitness"), "Female Fitness");
  EXPECT_EQ(title_case("it's 3D élan"), "It'S 3D Élan");
  EXPECT_EQ(title_case("МУЗЕЙ 博物館a"), "Музей 博物館A");
  EXPECT_EQ(title_case("\xFF a"), "\xFF a");
  EXPECT_EQ(title_case(""), "");
}

}  // namespace
}  // namespace freshet
