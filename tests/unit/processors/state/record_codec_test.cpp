#include "processors/state/record_codec.hpp"

#include <gtest/gtest.h>

#include <random>

namespace freshet {
namespace {

// In the form of a catalogue record, and of a usual size.
std::string record(int number) {
  const std::string id = std::to_string(70'000 + number);
  return R"({"key":"image:museum:)" + id +
         R"(","identifier":"ba9169b5-d5fa-4e56-a949-22c56797d1c7","former_identifiers":[],)"
         R"("revision":1795220451256,"status":"live","duplicate_of":null,)"
         R"("created_on":"2026-11-21T00:19:33.000Z","updated_on":"2026-11-21T00:20:51.256Z",)"
         R"("last_seen_at":"2026-11-21T00:19:33.000Z","work":{"media_type":"image",)"
         R"("provider":"museum","foreign_identifier":")" +
         id + R"(","foreign_landing_url":"https://www.museum.example/object/)" + id +
         R"(","url":"https://images.museum.example/ep/original/DT)" + id +
         R"(.jpg","filetype":"jpg","license":"cc0","license_version":"1.0","creator":"A. Painter",)"
         R"("title":"Harbour at dawn","meta_data":{"accession_number":"56.135.1","license_url":)"
         R"("https://creativecommons.org/publicdomain/zero/1.0/"},"tags":[{"name":"harbour",)"
         R"("provider":"museum"}],"category":"digitized_artwork","watermarked":false,)"
         R"("source":"museum","ingestion_type":"provider_api"},"derived":{"hidden_tags":[],)"
         R"("sensitivity":[],"popularity":null,"authority":90,"policy":0},"decisions":{)"
         R"("takedown":null,"sensitive":null,"erase":null},"seen":{"newest":[)"
         R"("2026-11-21T00:19:33.000001Z",1,"9f86d081884c7d65"],"removed":null,)"
         R"("url_hash":"cc675372df67b2b441cbc6b7761cf980","older":{}}})";
}

TEST(RecordCodec, GivesBackWhatItPacked) {
  RecordCodec codec;
  std::mt19937 random{7};
  std::string json = "of an earlier record";
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(RecordCodec::unpack(codec.pack(record(i)), json));
    ASSERT_EQ(json, record(i));
  }
  for (const std::size_t size : {1UL, 2UL, 11UL, 12UL, 13UL, 4'095UL, 70'000UL, 3'000'000UL}) {
    std::string noise(size, '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(random());
    }
    ASSERT_TRUE(RecordCodec::unpack(codec.pack(noise), json));
    ASSERT_EQ(json, noise) << size;
    const std::string one_letter(size, 'x');
    ASSERT_TRUE(RecordCodec::unpack(codec.pack(one_letter), json));
    ASSERT_EQ(json, one_letter);
  }
}

TEST(RecordCodec, NeedsNoEarlierRecordToUnpackALaterOne) {
  RecordCodec one;
  RecordCodec another;
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(one.pack(record(i)));
  }
  EXPECT_EQ(one.pack(record(77)), another.pack(record(77)));
}

TEST(RecordCodec, PacksARecordAloneToLessThanHalf) {
  RecordCodec codec;
  EXPECT_LT(codec.pack(record(1)).size() * 2, record(1).size());
}

TEST(RecordCodec, TellsWhatItCannotUnpack) {
  RecordCodec codec;
  const std::string packed{codec.pack(record(1))};
  std::string json;
  EXPECT_FALSE(RecordCodec::unpack("", json));
  EXPECT_FALSE(RecordCodec::unpack(std::string(4, '\0'), json));
  EXPECT_FALSE(RecordCodec::unpack(record(1), json));  // what an earlier version stored
  for (std::size_t length = 0; length < packed.size(); ++length) {
    EXPECT_FALSE(RecordCodec::unpack(std::string_view{packed}.substr(0, length), json));
  }
  std::string longer = packed;
  longer[0] = static_cast<char>(longer[0] + 1);
  EXPECT_FALSE(RecordCodec::unpack(longer, json));
}

}  // namespace
}  // namespace freshet
