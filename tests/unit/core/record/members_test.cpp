#include "core/record/members.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/json.hpp"
#include "core/resources.hpp"

namespace freshet {
namespace {

std::set<std::string_view> top_level_names() {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    names.insert(kFieldSpecs[i].name);
  }
  return names;
}

TEST(Members, AllNamesOfTheContractDiffer) {
  std::set<std::string_view> names;
  for (const FieldSpec& spec : kFieldSpecs) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
  }
}

TEST(Members, ASightingHasThemAllAndTheAids) {
  std::set<std::string_view> names = top_level_names();
  names.insert(kAidNames.begin(), kAidNames.end());
  EXPECT_EQ(std::set<std::string_view>(kSightingMembers.begin(), kSightingMembers.end()), names);
  EXPECT_EQ(kSightingMembers.size(), names.size());
}

// A fingerprint is one of the bytes of `work`: who changes an order makes every work look changed.
TEST(Members, OfASightingStayInTheirOrder) {
  const std::string_view order[] = {"media_type",
                                    "provider",
                                    "foreign_identifier",
                                    "foreign_landing_url",
                                    "url",
                                    "thumbnail",
                                    "filetype",
                                    "filesize",
                                    "license_url",
                                    "license",
                                    "license_version",
                                    "creator",
                                    "creator_url",
                                    "title",
                                    "meta_data",
                                    "tags",
                                    "category",
                                    "watermarked",
                                    "source",
                                    "ingestion_type",
                                    "width",
                                    "height",
                                    "duration",
                                    "bit_rate",
                                    "sample_rate",
                                    "genres",
                                    "audio_set",
                                    "audio_set_foreign_identifier",
                                    "set_url",
                                    "set_thumbnail",
                                    "set_position",
                                    "alt_files"};
  ASSERT_GE(kSightingMembers.size(), std::size(order));
  for (std::size_t i = 0; i < std::size(order); ++i) {
    EXPECT_EQ(kSightingMembers[i], order[i]);
  }
}

TEST(Members, OfARecordStandInOneOrder) {
  std::set<std::string_view> names;
  std::string order;
  for (const std::size_t number : kWorkOrder) {
    EXPECT_TRUE(names.insert(kFieldSpecs[number].name).second) << kFieldSpecs[number].name;
    order.append(kFieldSpecs[number].name).append(" ");
  }
  EXPECT_EQ(names, top_level_names());
  EXPECT_NE(order.find("title meta_data tags genres audio_set alt_files category "),
            std::string::npos)
      << order;
}

TEST(Members, OfBatchFilesAreMembersOfAWork) {
  const std::set<std::string_view> names = top_level_names();
  for (const std::string_view name : kBatchImageColumns) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  for (const std::string_view name : kBatchAudioColumns) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

// The schema of the raw topic names what producers have a reason to look up, and nothing else.
TEST(Members, OfTheRawTopicsSchemaAreMembersOfASighting) {
  const auto schema = parse_json(resource("records/raw.schema.json")).value();
  const json::value& members = value_at(schema, "/oneOf/0/properties/work/properties");
  ASSERT_TRUE(members.is_object());
  for (const auto& [name, value] : members.as_object()) {
    EXPECT_NE(std::ranges::find(kSightingMembers, std::string_view{name}), kSightingMembers.end())
        << name;
  }
}

}  // namespace
}  // namespace freshet
