#include "sinks/targets/copy_rows.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <map>
#include <optional>

#include "tests/support/catalog_records.hpp"
#include "tests/support/field_values.hpp"
#include "tests/support/table_columns.hpp"

namespace freshet {
namespace {

using testing::MadeRecord;
using testing::make_audio;
using testing::make_image;

/// Reads binary COPY data as the server does: nothing here is shared with the encoder.
class CopyReader {
 public:
  explicit CopyReader(std::string_view data) : data_{data} {}
  template <class T>
  T number() {
    std::uint64_t value = 0;
    for (const char c : take(sizeof(T))) {
      value = value << 8U | static_cast<unsigned char>(c);
    }
    return static_cast<T>(value);
  }
  std::string_view take(std::size_t bytes) {
    EXPECT_LE(bytes, data_.size());
    const std::string_view part = data_.substr(0, bytes);
    data_.remove_prefix(part.size());
    return part;
  }
  bool is_at_end() const { return data_.empty(); }

 private:
  std::string_view data_;
};

using Row = std::map<std::string, std::optional<std::string>>;

std::vector<std::string> column_names(MediaType media_type) {
  std::vector<std::string> names;
  std::string_view columns = copy_columns(media_type);
  while (!columns.empty()) {
    const auto comma = columns.find(", ");
    names.emplace_back(columns.substr(0, comma));
    columns.remove_prefix(comma == std::string_view::npos ? columns.size() : comma + 2);
  }
  return names;
}

Row encode(const MadeRecord& made) {
  CatalogDecoder decoder;
  const std::string value = made.text();
  const auto record = decoder.decode({made.key, value, schema_header::kCatalog, {}, {}});
  EXPECT_TRUE(record) << record.error().message();
  std::string data;
  begin_copy(data);
  append_row(data, **record);
  end_copy(data);
  CopyReader reader{data};
  EXPECT_EQ(reader.take(11), (std::string_view{"PGCOPY\n\377\r\n\0", 11}));
  EXPECT_EQ(reader.number<std::int32_t>(), 0);
  EXPECT_EQ(reader.number<std::int32_t>(), 0);
  const auto names = column_names((*record)->media_type);
  EXPECT_EQ(reader.number<std::int16_t>(), static_cast<std::int16_t>(names.size()));
  Row row;
  for (const std::string& name : names) {
    const auto length = reader.number<std::int32_t>();
    row[name] = length < 0
                    ? std::nullopt
                    : std::optional{std::string{reader.take(static_cast<std::size_t>(length))}};
  }
  EXPECT_EQ(reader.number<std::int16_t>(), -1);
  EXPECT_TRUE(reader.is_at_end());
  return row;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

TEST(CopyColumns, AreTheColumnsOfTheTables) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    auto columns = test::table_columns(std::string{to_string(media_type)});
    EXPECT_EQ(columns.erase("removed_from_source"), 1U) << "computed by the table";
    for (const std::string& name : column_names(media_type)) {
      EXPECT_EQ(columns.erase(name), 1U) << name << " is no column, or stands twice";
    }
    for (const auto& [name, type] : columns) {
      ADD_FAILURE() << to_string(media_type) << "." << name << " is not written";
    }
  }
}

std::string big_endian(std::int64_t number, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>(number >> shift & 0xff);
  }
  return out;
}

// Each value under its own name, in the binary form of its column's type.
TEST(EncodeRow, HasEveryFieldOfTheRecordContract) {
  for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
    MadeRecord made = media_type == MediaType::image ? make_image("1") : make_audio("1");
    const json::object work = test::every_field(media_type);
    for (const auto& [name, value] : work) {
      if (!find_field_spec(name)->is_key) {
        made.work()[name] = value;
      }
    }
    const Row row = encode(made);
    const auto types = test::table_columns(std::string{to_string(media_type)});
    for (const auto& [key, value] : made.work()) {
      const std::string name{std::string_view{key}};
      if (name == "media_type" || !work.contains(name)) {
        continue;
      }
      SCOPED_TRACE(name);
      ASSERT_TRUE(row.contains(name) && row.at(name));
      const std::string& type = types.at(name);
      if (value.is_string()) {
        EXPECT_TRUE(type.starts_with("varchar(") || type == "text") << type;
        EXPECT_EQ(*row.at(name), std::string_view{value.get_string()});
      } else if (value.is_bool()) {
        EXPECT_EQ(type, "boolean");
        EXPECT_EQ(*row.at(name), big_endian(value.get_bool() ? 1 : 0, 1));
      } else {
        EXPECT_EQ(type, "integer");
        EXPECT_EQ(*row.at(name), big_endian(value.to_number<std::int64_t>(), 4));
      }
    }
  }
}

TEST(EncodeRow, OfAnImageHasEveryField) {
  MadeRecord made = make_image("437133");
  made.value["former_identifiers"] = json::array{"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"};
  made.derived()["popularity"] = 0.5;
  made.derived()["hidden_tags"] = json::array{1};
  made.derived()["sensitivity"] = json::array{"sensitive_text"};
  const Row row = encode(made);
  std::string uuid = work_identifier(made.key);
  std::erase(uuid, '-');
  EXPECT_EQ(hex(*row.at("identifier")), uuid);
  EXPECT_EQ(row.at("provider"), "met");
  EXPECT_EQ(row.at("foreign_identifier"), "437133");
  EXPECT_EQ(row.at("title"), "Harbour at dawn");
  EXPECT_EQ(row.at("creator"), "Åse Ødegård");
  EXPECT_EQ(row.at("status"), "live");
  EXPECT_EQ(hex(*row.at("width")), "00000bb8");
  EXPECT_EQ(hex(*row.at("watermarked")), "00");
  EXPECT_EQ(hex(*row.at("standardized_popularity")), "3fe0000000000000");
  EXPECT_EQ(hex(*row.at("revision")), fmt::format("{:016x}", testing::kRevision));
  // 2026-11-21T00:19:33.120Z in microseconds after 2000-01-01.
  EXPECT_EQ(hex(*row.at("created_on")), fmt::format("{:016x}", 848'535'573'120'000));
  EXPECT_EQ(row.at("meta_data"), "\1" + to_json(made.work().at("meta_data")));
  EXPECT_EQ(row.at("tags"), "\1" + to_json(made.work().at("tags")));
  EXPECT_EQ(hex(*row.at("hidden_tags")),
            "00000001"
            "00000001"
            "00000017"
            "00000001"
            "00000001"
            "00000004"
            "00000001");
  EXPECT_EQ(hex(*row.at("former_identifiers")),
            "00000001"
            "00000001"
            "00000b86"
            "00000001"
            "00000001"
            "00000010"
            "0b6c5c8e5a0e4d6b9c557a8f2f0f9f11");
  EXPECT_EQ(row.at("duplicate_of"), std::nullopt);
}

TEST(EncodeRow, OfAudioKeepsNullsInGenres) {
  const Row row = encode(make_audio("9"));
  EXPECT_EQ(hex(*row.at("genres")),
            "00000001"
            "00000001"
            "00000413"
            "00000003"
            "00000001"
            "00000004" +
                hex("rock") +
                "ffffffff"
                "00000003" +
                hex("pop"));
  EXPECT_EQ(row.at("audio_set_foreign_identifier"), "set-9") << "from the set's own object";
}

TEST(EncodeRow, ASetNamedByTheWorkItselfWins) {
  MadeRecord made = make_audio("9");
  made.work()["audio_set_foreign_identifier"] = "set-10";
  EXPECT_EQ(encode(made).at("audio_set_foreign_identifier"), "set-10");
}

TEST(EncodeRow, OfWhatIsNotLiveIsAStub) {
  for (const char* status : {"duplicate", "removed_at_source", "blocked"}) {
    for (MadeRecord made : {make_image("1"), make_audio("1")}) {
      made.value["status"] = status;
      made.value["duplicate_of"] = "image:met:2";
      const Row row = encode(made);
      std::vector<std::string> kept;
      for (const auto& [name, value] : row) {
        if (value) {
          kept.push_back(name);
        }
      }
      EXPECT_THAT(kept, ::testing::ElementsAre("created_on", "duplicate_of", "foreign_identifier",
                                               "identifier", "last_synced_with_source", "provider",
                                               "revision", "status", "updated_on"));
      EXPECT_EQ(row.at("status"), status);
    }
  }
}

TEST(EncodeRow, AbsentAndEmptyBecomeNull) {
  MadeRecord made = make_image("1");
  made.value["work"] = json::object{{"title", ""}};
  const Row row = encode(made);
  EXPECT_EQ(row.at("title"), "") << "an empty text is a text";
  for (const char* name : {"url", "width", "meta_data", "tags", "watermarked", "sensitivity",
                           "hidden_tags", "former_identifiers", "standardized_popularity"}) {
    EXPECT_EQ(row.at(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace freshet
