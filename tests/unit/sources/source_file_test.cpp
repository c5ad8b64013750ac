#include "producers/declared/source_file.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "core/check.hpp"
#include "tests/support/bulk_files.hpp"

namespace freshet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kDeclared = R"([provider]
command = "northlight"
endpoint = "https://api.northlight.example/v1/photos"
schedule = "daily"
[request]
from_parameter = "since"
to_parameter = "until"
[paging]
kind = "one_list"
[answer]
items = "/photos"
[fields]
foreign_identifier = "/id"
foreign_landing_url = "/page"
url = "/url"
license_url = "/rights"
)";

class SourceFiles : public testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text) {
    const std::string path = folder_.path() / name;
    std::ofstream{path} << text;
    return path;
  }

  std::string fault_of(const std::string& path) {
    try {
      read_source_file(path);
    } catch (const StartupError& error) {
      return error.what();
    }
    return "no fault";
  }

  test::TemporaryFolder folder_;
};

TEST_F(SourceFiles, OfEachKindHaveTheirScheduleAndProvider) {
  write("a.toml", kDeclared);
  write("b.toml",
        "[oai_pmh]\nbase = \"https://oai.example.org/oai\"\nset = \"photographs\"\nformat = "
        "\"edm\"\nname = \"example\"\n");
  write("c.toml",
        "[iiif]\ncollection = \"https://iiif.example.org/top\"\nschedule = \"monthly\"\n");
  write("d.txt", "no source");
  const auto sources = read_source_files(folder_.path()).sources;
  ASSERT_EQ(sources.size(), 3U);

  EXPECT_EQ(sources[0].command, "northlight");
  EXPECT_EQ(sources[0].schedule.provider, "northlight");
  EXPECT_EQ(sources[0].schedule.every, Every::daily);
  EXPECT_TRUE(sources[0].schedule.by_day) << "its requests can be bounded by a day";
  EXPECT_EQ(sources[0].make()->spec().endpoint, "https://api.northlight.example/v1/photos");

  EXPECT_EQ(sources[1].command, "oai_pmh.example");
  EXPECT_EQ(sources[1].schedule.every, Every::daily);
  EXPECT_TRUE(sources[1].schedule.by_day);
  EXPECT_EQ(sources[1].make()->spec().command, "oai_pmh.example");

  EXPECT_EQ(sources[2].command, "iiif.iiif_example_org");
  EXPECT_EQ(sources[2].schedule.every, Every::monthly);
  EXPECT_FALSE(sources[2].schedule.by_day) << "everything, once a month";
  EXPECT_GT(sources[2].schedule.time_limit.count(), 0);

  EXPECT_EQ(find_source(sources, "northlight"), &sources[0]);
  EXPECT_EQ(find_source(sources, "north"), nullptr);
}

TEST_F(SourceFiles, StayAsTheyWereRead) {
  const std::string path = write("a.toml", kDeclared);
  const SourceFile source = read_source_file(path);
  std::string changed = kDeclared;
  changed.replace(changed.find("photos\""), 6, "images");
  write("a.toml", changed);
  EXPECT_EQ(source.make()->spec().endpoint, "https://api.northlight.example/v1/photos");
  write("a.toml", "[provider]\n");
  EXPECT_EQ(source.make()->spec().command, source.command);
  EXPECT_EQ(read_source_files(folder_.path()).faults.size(), 1U) << "whoever reads it now";
}

TEST_F(SourceFiles, AFaultyOneKeepsNobodyFromTheOthers) {
  const std::string torn = write("a.toml", "[iiif\n");
  write("b.toml", kDeclared);
  const SourceFolder found = read_source_files(folder_.path());
  ASSERT_EQ(found.sources.size(), 1U);
  EXPECT_EQ(found.sources.front().command, "northlight");
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_EQ(found.faults.front().path, torn);
  EXPECT_THAT(found.faults.front().why, HasSubstr(torn + ":1: "));
  try {
    refuse_unknown("southlight", found);
    FAIL() << "not refused";
  } catch (const StartupError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("unknown provider 'southlight'"),
                                    HasSubstr("not read: " + torn + ":1: ")));
  }
}

TEST_F(SourceFiles, NameEveryFaultWithItsLine) {
  const std::string oai = write("oai.toml",
                                "[oai_pmh]\nset = 5\nname = \"Big\"\nschedule = \"hourly\"\n"
                                "delay_ms = -1\nbasis = \"x\"\n");
  EXPECT_THAT(fault_of(oai), AllOf(HasSubstr(oai + ":1: oai_pmh.base is missing"),
                                   HasSubstr(oai + ":2: oai_pmh.set is no text"),
                                   HasSubstr(oai + ":3: oai_pmh.name is of small letters"),
                                   HasSubstr(oai + ":4: oai_pmh.schedule is one of daily"),
                                   HasSubstr(oai + ":5: oai_pmh.delay_ms is no whole number"),
                                   HasSubstr(oai + ":6: oai_pmh.basis is not known")));
  EXPECT_THAT(fault_of(write("iiif.toml", "[iiif]\ncollection = \"nowhere\"\n")),
              HasSubstr("nowhere is no http or https address"));
  EXPECT_THAT(
      fault_of(write("both.toml", "[iiif]\ncollection = \"https://a.example\"\n[fields]\n")),
      HasSubstr("nothing may stand beside [iiif]"));
  EXPECT_THAT(fault_of(write("none.toml", "")), HasSubstr("[provider] is missing"));
  EXPECT_THAT(fault_of(write("torn.toml", "[iiif\n")), HasSubstr("torn.toml:1: "));
}

TEST_F(SourceFiles, RefuseOneCommandTwiceAndThatOfAProvider) {
  write("a.toml", kDeclared);
  write("b.toml", kDeclared);
  std::string met = kDeclared;
  met.replace(met.find("northlight"), 10, "jamendo");
  write("c.toml", met);
  const SourceFolder found = read_source_files(folder_.path());
  ASSERT_EQ(found.sources.size(), 1U);
  EXPECT_EQ(found.sources.front().path, (folder_.path() / "a.toml").string());
  ASSERT_EQ(found.faults.size(), 2U);
  EXPECT_THAT(found.faults[0].why, HasSubstr("northlight stands in"));
  EXPECT_THAT(found.faults[1].why, HasSubstr("jamendo is a provider already"));
  EXPECT_THROW(read_source_files(folder_.path() / "nowhere"), StartupError);
  EXPECT_TRUE(read_source_files("").sources.empty());
}

}  // namespace
}  // namespace freshet
