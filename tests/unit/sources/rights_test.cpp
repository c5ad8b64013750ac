#include "producers/rights.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

struct Row {
  const char* statement;
  const char* url;  // null: opens nothing
};

constexpr const char* kZero = "https://creativecommons.org/publicdomain/zero/1.0/";
constexpr const char* kMark = "https://creativecommons.org/publicdomain/mark/1.0/";

constexpr Row kRows[] = {
    {"http://creativecommons.org/licenses/by/4.0/", "http://creativecommons.org/licenses/by/4.0/"},
    {" https://www.creativecommons.org/licenses/by/4.0/deed.de ",
     "https://www.creativecommons.org/licenses/by/4.0/deed.de"},
    {"http://rightsstatements.org/vocab/NoC-US/1.0/", kMark},
    {"https://rightsstatements.org/page/NoC-US/1.0/?language=en", kMark},
    {"http://rightsstatements.org/vocab/InC/1.0/", nullptr},
    {"http://rightsstatements.org/vocab/NKC/1.0/", nullptr},
    {"https://example.org/terms", nullptr},
    {"CC0", kZero},
    {"CC0 1.0 Universal", kZero},
    {"Creative Commons Zero", kZero},
    {"Public Domain", kMark},
    {"public-domain mark 1.0", kMark},
    {"CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"},
    {"CC-BY-NC-SA 3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"},
    {"Attribution-NonCommercial-NoDerivatives 4.0 International",
     "https://creativecommons.org/licenses/by-nc-nd/4.0/"},
    {"Creative Commons Attribution Share-Alike 2.5 Generic License",
     "https://creativecommons.org/licenses/by-sa/2.5/"},
    {"Licensed under CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
    {"CC BY", nullptr},
    {"CC BY 4.0 except the logo", nullptr},
    {"by 4.0", nullptr},
    {"no rights 4.0", nullptr},
    {"Public domain in the US only", nullptr},
    {"All rights reserved", nullptr},
    {"", nullptr},
    {" . ", nullptr}};

TEST(LicenseUrlOfStatement, ReadsAddressesAndTexts) {
  for (const Row& row : kRows) {
    const auto url = license_url_of_statement(row.statement);
    EXPECT_EQ(url.value_or("-"), row.url == nullptr ? "-" : row.url) << row.statement;
  }
}

}  // namespace
}  // namespace freshet
