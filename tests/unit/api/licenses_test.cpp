#include "api/licenses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LicensesOfType, GivesEachGroupInOrder) {
  EXPECT_THAT(licenses_of_type("commercial"),
              ElementsAre("by", "by-nd", "by-sa", "cc0", "pdm", "sampling+"));
  EXPECT_THAT(
      licenses_of_type("modification"),
      ElementsAre("by", "by-nc", "by-nc-sa", "by-sa", "cc0", "nc-sampling+", "pdm", "sampling+"));
  EXPECT_EQ(licenses_of_type("all").size(), 10U);
  EXPECT_THAT(licenses_of_type("all-cc"), testing::Not(testing::Contains("pdm")));
  EXPECT_EQ(licenses_of_type("all-cc").size(), 9U);
  EXPECT_THAT(licenses_of_type("any"), IsEmpty());
}

struct UrlCase {
  const char* name;
  const char* slug;
  const char* version;
  const char* stored;
  std::optional<std::string> url;
};

class LicenseUrl : public testing::TestWithParam<UrlCase> {};

TEST_P(LicenseUrl, IsBuiltOrTaken) {
  const UrlCase& row = GetParam();
  EXPECT_EQ(license_url(row.slug, row.version, row.stored), row.url);
}

INSTANTIATE_TEST_SUITE_P(
    All, LicenseUrl,
    testing::Values(
        UrlCase{"Versioned", "by-sa", "2.5", "", "https://creativecommons.org/licenses/by-sa/2.5/"},
        UrlCase{"NoVersionMeansNewest", "by", "", "",
                "https://creativecommons.org/licenses/by/4.0/"},
        UrlCase{"SamplingHasOneVersion", "sampling+", "", "",
                "https://creativecommons.org/licenses/sampling+/1.0/"},
        UrlCase{"Cc0", "cc0", "1.0", "", "https://creativecommons.org/publicdomain/zero/1.0/"},
        UrlCase{"PdmWithoutVersion", "pdm", "", "",
                "https://creativecommons.org/publicdomain/mark/1.0/"},
        UrlCase{"StoredWins", "by", "4.0", "https://example.org/terms",
                "https://example.org/terms"},
        UrlCase{"StoredThatIsNoUrlDoesNot", "by", "4.0", "null",
                "https://creativecommons.org/licenses/by/4.0/"},
        UrlCase{"UnknownSlug", "gpl", "3.0", "", std::nullopt},
        UrlCase{"UnknownVersion", "by", "9.9", "", std::nullopt},
        UrlCase{"Cc0HasNoVersion2", "cc0", "2.0", "", std::nullopt},
        UrlCase{"PublicDomain", "publicdomain", "", "",
                "https://en.wikipedia.org/wiki/Public_domain"}),
    [](const auto& row) { return row.param.name; });

struct CreditCase {
  const char* name;
  const char* title;
  const char* creator;
  const char* slug;
  const char* version;
  const char* url;
  std::optional<std::string> text;
};

class Attribution : public testing::TestWithParam<CreditCase> {};

TEST_P(Attribution, CreditsInPlainEnglish) {
  const CreditCase& row = GetParam();
  EXPECT_EQ(attribution(row.title, row.creator, row.slug, row.version, row.url), row.text);
}

INSTANTIATE_TEST_SUITE_P(
    All, Attribution,
    testing::Values(
        CreditCase{"Whole", "Title", "Creator", "by", "3.0",
                   "https://creativecommons.org/licenses/by/3.0/",
                   "\"Title\" by Creator is licensed under CC BY 3.0. To view a copy of this "
                   "license, visit https://creativecommons.org/licenses/by/3.0/."},
        CreditCase{"NoTitle", "", "Creator", "by-nc-sa", "3.0", "",
                   "This work by Creator is licensed under CC BY-NC-SA 3.0."},
        CreditCase{"NoCreator", "Title", "", "by", "2.0", "",
                   "\"Title\" is licensed under CC BY 2.0."},
        CreditCase{"PublicDomainMark", "Title", "Creator", "pdm", "1.0", "https://x.org/",
                   "\"Title\" by Creator is marked with Public Domain Mark 1.0. To view the terms, "
                   "visit https://x.org/."},
        CreditCase{"Cc0GetsItsOnlyVersion", "T", "", "cc0", "", "",
                   "\"T\" is marked with CC0 1.0."},
        CreditCase{"NoVersionWhereThereAreMany", "T", "", "by", "", "",
                   "\"T\" is licensed under CC BY."},
        CreditCase{"Sampling", "T", "", "nc-sampling+", "", "",
                   "\"T\" is licensed under CC NC-Sampling+ 1.0."},
        CreditCase{"SpacesAreSqueezed", "A  B", "C ", "by", "4.0", "",
                   "\"A B\" by C is licensed under CC BY 4.0."},
        CreditCase{"UnknownLicence", "T", "C", "gpl", "3.0", "https://x.org/", std::nullopt}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace freshet::api
