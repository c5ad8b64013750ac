#include "operate/table.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(Table, AlignsColumnsAndLeavesNoSpacesAtTheEnd) {
  Table table{{{"NAME"}, {"COUNT", Align::right}, {"NOTE"}}};
  table.add({"a", "1", ""});
  table.add({"longer", "12345", "x"});
  EXPECT_EQ(table.text(),
            "NAME    COUNT  NOTE\n"
            "a           1\n"
            "longer  12345  x\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table{{{"N"}, {"M"}}};
  table.add({"äöü", "1"});
  table.add({"abc", "2"});
  EXPECT_EQ(table.text(), "N    M\näöü  1\nabc  2\n");
}

TEST(Table, KeepsARowOnItsLine) {
  Table table{{{"N"}}};
  table.add({"two\nlines\x1b[31m"});
  EXPECT_EQ(table.text(), "N\ntwo lines [31m\n");
}

TEST(Table, HasOnlyTitlesWhenItIsEmpty) {
  const Table table{{{"A"}, {"B"}}};
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.text(), "A  B\n");
}

}  // namespace
}  // namespace freshet
