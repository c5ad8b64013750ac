#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "sinks/sink.hpp"

namespace freshet::testing {

/// A catalogue record as `process catalogue` writes it, with members in its order.
struct MadeRecord {
  std::string key;
  json::object value;

  json::object& work() { return value.at("work").as_object(); }
  json::object& derived() { return value.at("derived").as_object(); }
  std::string text() const { return to_json(value); }
};

inline constexpr std::int64_t kRevision = 1'795'220'451'256;

inline MadeRecord make_record(MediaType media_type, std::string_view provider,
                              std::string_view foreign_identifier,
                              std::int64_t revision = kRevision) {
  MadeRecord made;
  made.key = make_work_key(media_type, provider, foreign_identifier);
  json::object work{
      {"media_type", to_string(media_type)},
      {"provider", provider},
      {"foreign_identifier", foreign_identifier},
      {"foreign_landing_url", fmt::format("https://example.org/works/{}", foreign_identifier)},
      {"url", fmt::format("https://images.example.org/{}/{}.JPG", provider, foreign_identifier)},
      {"thumbnail", fmt::format("https://images.example.org/{}/t.jpg", foreign_identifier)},
      {"filetype", media_type == MediaType::image ? "jpg" : "mp3"},
      {"filesize", 812'345},
      {"license", "by"},
      {"license_version", "4.0"},
      {"creator", "Åse Ødegård"},
      {"creator_url", "https://example.org/people/aase"},
      {"title", "Harbour at dawn"},
      {"meta_data", json::object{{"description", "A quiet harbour before the boats leave."},
                                 {"license_url", "https://creativecommons.org/licenses/by/4.0/"},
                                 {"views", "17"}}},
      {"tags", json::array{json::object{{"name", "harbour"}, {"provider", provider}},
                           json::object{
                               {"name", "boat"}, {"provider", "rekognition"}, {"accuracy", 0.97}}}},
      {"category", media_type == MediaType::image ? "photograph" : "music"},
      {"watermarked", false},
      {"source", provider},
      {"ingestion_type", "provider_api"}};
  if (media_type == MediaType::image) {
    work["width"] = 3000;
    work["height"] = 2000;
  } else {
    work["duration"] = 185'000;
    work["bit_rate"] = 128'000;
    work["sample_rate"] = 44'100;
    work["set_position"] = 3;
    work["genres"] = json::array{"rock", nullptr, "pop"};
    work["audio_set"] = json::object{{"title", "Tides"}, {"foreign_identifier", "set-9"}};
    work["alt_files"] =
        json::array{json::object{{"url", "https://example.org/a.ogg"}, {"filetype", "ogg"}},
                    json::object{{"url", "https://example.org/a.flac"}, {"filetype", "flac"}}};
  }
  made.value = json::object{
      {"key", made.key},
      {"identifier", work_identifier(made.key)},
      {"former_identifiers", json::array{}},
      {"revision", revision},
      {"status", "live"},
      {"duplicate_of", nullptr},
      {"created_on", "2026-11-21T00:19:33.120Z"},
      {"updated_on", "2026-11-21T01:00:00.000Z"},
      {"last_seen_at", "2026-11-21T02:00:00.000Z"},
      {"work", std::move(work)},
      {"derived", json::object{{"hidden_tags", json::array{}},
                               {"sensitivity", json::array{}},
                               {"popularity", nullptr},
                               {"authority", 90},
                               {"policy", 0}}},
      {"decisions",
       json::object{{"takedown", nullptr}, {"sensitive", nullptr}, {"erase", nullptr}}},
      {"seen",
       json::object{{"newest", json::array{"2026-11-21T00:19:33.120000Z", 1, "9f86d081884c7d65"}},
                    {"removed", nullptr},
                    {"url_hash", "9f86d081884c7d65"},
                    {"older", json::object{}}}}};
  return made;
}

inline MadeRecord make_image(std::string_view foreign_identifier,
                             std::int64_t revision = kRevision) {
  return make_record(MediaType::image, "met", foreign_identifier, revision);
}
inline MadeRecord make_audio(std::string_view foreign_identifier,
                             std::int64_t revision = kRevision) {
  return make_record(MediaType::audio, "jamendo", foreign_identifier, revision);
}

/// Records of a topic, with what keeps their bytes.
class RecordList {
 public:
  explicit RecordList(const std::vector<MadeRecord>& made) {
    for (const MadeRecord& one : made) {
      texts_.emplace_back(one.key, one.text());
    }
  }
  /// All of them in one partition, at the offsets 0, 1, ….
  std::vector<SinkRecord> records() const {
    std::vector<SinkRecord> list;
    for (const auto& [key, value] : texts_) {
      list.push_back({key, value, schema_header::kCatalog, kafka::Partition{0},
                      kafka::Offset{static_cast<std::int64_t>(list.size())}});
    }
    return list;
  }

 private:
  std::vector<std::pair<std::string, std::string>> texts_;
};

}  // namespace freshet::testing
