#include "core/key.hpp"

#include <gtest/gtest.h>

#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/resources.hpp"

namespace freshet {
namespace {

TEST(Murmur2, EqualsJavas) {
  // Cases of org.apache.kafka.common.utils.UtilsTest, testMurmur2, as signed numbers.
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("21")), -973932308);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("foobar")), -790332482);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
            -58897971);
  EXPECT_EQ(static_cast<std::int32_t>(murmur2("abc")), 479470107);
  // Bytes above 0x7f in the tail: masked, not sign-extended.
  EXPECT_EQ(murmur2("\xff\xfe\xfd"), murmur2(std::string_view{"\xff\xfe\xfd\x00", 3}));
}

TEST(WorkIdentifier, AgreesWithThePublishedVectors) {
  const auto file = parse_json(resource("identifier.json"));
  ASSERT_TRUE(file);
  const json::array& vectors = file->at("vectors").as_array();
  ASSERT_GE(vectors.size(), 8U);
  for (const json::value& vector : vectors) {
    const std::string_view key = vector.at("key").as_string();
    EXPECT_EQ(work_identifier(key), std::string_view{vector.at("identifier").as_string()}) << key;
    EXPECT_EQ(murmur2(key), vector.at("murmur2").as_int64()) << key;
    EXPECT_EQ(partition_for_key(key, 8), vector.at("partition_of_8").as_int64()) << key;
    EXPECT_EQ(partition_for_key(key, 64), vector.at("partition_of_64").as_int64()) << key;
    EXPECT_TRUE(is_uuid_v4(work_identifier(key))) << key;
  }
}

TEST(WorkKey, IsSplitAtTheFirstTwoColons) {
  const std::string key =
      make_work_key(MediaType::audio, "wikimedia_audio", "https://a.org:80/b:c");
  EXPECT_EQ(key, "audio:wikimedia_audio:https://a.org:80/b:c");
  const auto parts = parse_work_key(key);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->media_type, MediaType::audio);
  EXPECT_EQ(parts->provider, "wikimedia_audio");
  EXPECT_EQ(parts->foreign_identifier, "https://a.org:80/b:c");
}

TEST(WorkKey, KeepsAnIdentifierThatBeginsWithAColon) {
  const auto parts = parse_work_key("image:met::x");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->foreign_identifier, ":x");
}

TEST(WorkKey, RefusesWhatIsNotAKey) {
  for (const char* key : {"", "image", "image:met", "image:met:", "image::1", ":met:1",
                          "video:met:1", "Image:met:1", "run:image:met"}) {
    EXPECT_FALSE(parse_work_key(key)) << key;
  }
}

TEST(IsUuidV4, TakesOnlyTheFormThatClientsAccept) {
  EXPECT_TRUE(is_uuid_v4("ba9169b5-d5fa-4e56-a949-22c56797d1c7"));
  for (const char* text :
       {"", "BA9169B5-D5FA-4E56-A949-22C56797D1C7", "ba9169b5-d5fa-1e56-a949-22c56797d1c7",
        "ba9169b5-d5fa-4e56-c949-22c56797d1c7", "ba9169b5-d5fa-4e56-7949-22c56797d1c7",
        "ba9169b5d5fa4e56a94922c56797d1c7", "ba9169b5-d5fa-4e56-a949-22c56797d1cg",
        "ba9169b5-d5fa-4e56-a949-22c56797d1c", "ba9169b5-d5fa-4e56-a949-22c56797d1c70"}) {
    EXPECT_FALSE(is_uuid_v4(text)) << text;
  }
}

TEST(IsUuid, TakesEveryVersionAndCase) {
  EXPECT_TRUE(is_uuid("ba9169b5-d5fa-1e56-c949-22c56797d1c7"));
  EXPECT_TRUE(is_uuid("BA9169B5-D5FA-4E56-A949-22C56797D1C7"));
  for (const char* text :
       {"", "ba9169b5d5fa4e56a94922c56797d1c7", "ga9169b5-d5fa-4e56-a949-22c56797d1c7",
        "ba9169b5-d5fa-4e56-a949-22c56797d1c", "ba9169b5-d5fa-4e56-a949022c56797d1c7"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(MediaTypeNames, ReadBack) {
  EXPECT_EQ(parse_media_type(to_string(MediaType::image)), MediaType::image);
  EXPECT_EQ(parse_media_type(to_string(MediaType::audio)), MediaType::audio);
  EXPECT_FALSE(parse_media_type("IMAGE"));
  EXPECT_FALSE(parse_media_type(""));
}

TEST(Hash, Sha256AndXxh3MatchTheirSpecifications) {
  // FIPS 180-2, appendix B.1: "abc".
  const auto digest = sha256("abc");
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[31], 0xad);
  // xxHash's own sanity values: the empty input under seed 0.
  EXPECT_EQ(xxh3(""), 0x2d06800538d394c2ULL);
  EXPECT_NE(xxh3("a", 1), xxh3("a", 2));
}

TEST(Hex, HasSixteenLowerCaseDigitsAndReadsBack) {
  EXPECT_EQ(to_hex(0), "0000000000000000");
  EXPECT_EQ(to_hex(0x9f86d081884c7d65ULL), "9f86d081884c7d65");
  for (const std::uint64_t value : {0ULL, 1ULL, 0x9f86d081884c7d65ULL, ~0ULL}) {
    EXPECT_EQ(parse_hex64(to_hex(value)), value);
  }
  for (const char* text : {"", "9f86d081884c7d6", "9f86d081884c7d655", "9F86D081884C7D65",
                           "9f86d081884c7d6g", "0x86d081884c7d65"}) {
    EXPECT_FALSE(parse_hex64(text)) << text;
  }
}

}  // namespace
}  // namespace freshet
