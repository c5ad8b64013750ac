#include "sinks/targets/copy_rows.hpp"

#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>

namespace freshet {
namespace {

constexpr std::string_view kImageColumns =
    "identifier, created_on, updated_on, last_synced_with_source, provider, foreign_identifier, "
    "revision, status, duplicate_of, former_identifiers, ingestion_type, source, "
    "foreign_landing_url, url, thumbnail, filesize, license, license_version, creator, "
    "creator_url, title, meta_data, tags, watermarked, filetype, category, "
    "standardized_popularity, authority, sensitivity, hidden_tags, width, height";
constexpr std::uint16_t kImageFields = 32;

constexpr std::string_view kAudioColumns =
    "identifier, created_on, updated_on, last_synced_with_source, provider, foreign_identifier, "
    "revision, status, duplicate_of, former_identifiers, ingestion_type, source, "
    "foreign_landing_url, url, thumbnail, filesize, license, license_version, creator, "
    "creator_url, title, meta_data, tags, watermarked, filetype, category, "
    "standardized_popularity, authority, sensitivity, hidden_tags, duration, bit_rate, "
    "sample_rate, set_position, genres, audio_set, alt_files, audio_set_foreign_identifier";
constexpr std::uint16_t kAudioFields = 38;

// Microseconds from 1970 to 2000, where PostgreSQL's timestamps begin.
constexpr std::int64_t kPostgresEpoch = 946'684'800'000'000;

// Type ids of the elements of arrays (pg_type.dat; fixed for ever).
constexpr std::uint32_t kInt4Oid = 23;
constexpr std::uint32_t kTextOid = 25;
constexpr std::uint32_t kVarcharOid = 1043;
constexpr std::uint32_t kUuidOid = 2950;

template <class T>
void put_big_endian(std::string& out, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  char bytes[sizeof(T)];
  for (std::size_t i = sizeof(T); i > 0; --i) {
    bytes[i - 1] = static_cast<char>(bits & 0xffU);
    if constexpr (sizeof(T) > 1) {
      bits = static_cast<std::make_unsigned_t<T>>(bits >> 8U);
    }
  }
  out.append(bytes, sizeof(T));
}

void put_null(std::string& out) { put_big_endian(out, std::int32_t{-1}); }

void put_text(std::string& out, std::string_view text) {
  put_big_endian(out, static_cast<std::int32_t>(text.size()));
  out.append(text);
}

void put_text(std::string& out, const std::optional<std::string_view>& text) {
  text ? put_text(out, *text) : put_null(out);
}

void put_text_or_null(std::string& out, std::string_view text) {
  text.empty() ? put_null(out) : put_text(out, text);
}

void put_number(std::string& out, const std::optional<std::int32_t>& number) {
  if (!number) {
    return put_null(out);
  }
  put_big_endian(out, std::int32_t{4});
  put_big_endian(out, *number);
}

void put_bigint(std::string& out, std::int64_t number) {
  put_big_endian(out, std::int32_t{8});
  put_big_endian(out, number);
}

void put_double(std::string& out, const std::optional<double>& number) {
  if (!number) {
    return put_null(out);
  }
  put_bigint(out, std::bit_cast<std::int64_t>(*number));
}

void put_time(std::string& out, UtcTime time) { put_bigint(out, time.micros - kPostgresEpoch); }

void put_bool(std::string& out, const std::optional<bool>& flag) {
  if (!flag) {
    return put_null(out);
  }
  put_big_endian(out, std::int32_t{1});
  out.push_back(*flag ? '\1' : '\0');
}

void put_json(std::string& out, std::string_view json) {
  if (json.empty()) {
    return put_null(out);
  }
  put_big_endian(out, static_cast<std::int32_t>(json.size() + 1));
  out.push_back('\1');  // version of jsonb's wire format: the text follows
  out.append(json);
}

std::uint8_t nibble(char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

/// @param uuid  36 characters, checked by the decoder.
void put_uuid(std::string& out, std::string_view uuid) {
  put_big_endian(out, std::int32_t{16});
  for (std::size_t i = 0; i + 1 < uuid.size();) {
    if (uuid[i] == '-') {
      ++i;
      continue;
    }
    out.push_back(static_cast<char>(nibble(uuid[i]) << 4U | nibble(uuid[i + 1])));
    i += 2;
  }
}

/// An array with one dimension, from 1; null when it is empty, so that "none" has one form.
template <class Element, class Put>
void put_array(std::string& out, std::uint32_t element_type, std::span<const Element> elements,
               Put put) {
  if (elements.empty()) {
    return put_null(out);
  }
  const std::size_t start = out.size();
  put_big_endian(out, std::int32_t{0});  // the length, known at the end
  put_big_endian(out, std::int32_t{1});  // dimensions
  put_big_endian(out, std::int32_t{1});  // there may be nulls
  put_big_endian(out, element_type);
  put_big_endian(out, static_cast<std::int32_t>(elements.size()));
  put_big_endian(out, std::int32_t{1});  // lower bound
  for (const Element& element : elements) {
    put(out, element);
  }
  std::string length;
  put_big_endian(length, static_cast<std::int32_t>(out.size() - start - 4));
  out.replace(start, 4, length);
}

void put_texts(std::string& out, std::span<const std::string_view> texts) {
  put_array(out, kTextOid, texts, [](std::string& to, std::string_view t) { put_text(to, t); });
}

void put_identity(std::string& out, const StoreRecord& record) {
  put_uuid(out, record.identifier);
  put_time(out, record.created_on);
  put_time(out, record.updated_on);
  if (record.last_seen_at) {
    put_time(out, *record.last_seen_at);
  } else {
    put_null(out);
  }
  put_text(out, record.provider);
  put_text(out, record.foreign_identifier);
  put_bigint(out, record.revision);
  put_text(out, to_string(record.status));
  put_text_or_null(out, record.duplicate_of);
  put_array(out, kUuidOid, std::span<const std::string_view>{record.former_identifiers},
            [](std::string& to, std::string_view uuid) { put_uuid(to, uuid); });
}
constexpr std::uint16_t kIdentityFields = 10;

void put_common_content(std::string& out, const StoreRecord& record) {
  put_text(out, record.at(TextField::ingestion_type));
  put_text(out, record.at(TextField::source));
  put_text(out, record.at(TextField::foreign_landing_url));
  put_text(out, record.at(TextField::url));
  put_text(out, record.at(TextField::thumbnail));
  put_number(out, record.at(NumberField::filesize));
  put_text(out, record.at(TextField::license));
  put_text(out, record.at(TextField::license_version));
  put_text(out, record.at(TextField::creator));
  put_text(out, record.at(TextField::creator_url));
  put_text(out, record.at(TextField::title));
  put_json(out, record.meta_data);
  put_json(out, record.tags_json);
  put_bool(out, record.watermarked);
  put_text(out, record.at(TextField::filetype));
  put_text(out, record.at(TextField::category));
  put_double(out, record.popularity);
  put_double(out, record.authority);
  put_texts(out, record.sensitivity);
  put_array(out, kInt4Oid, std::span<const std::int32_t>{record.hidden_tags},
            [](std::string& to, std::int32_t position) { put_number(to, position); });
}

void put_image_content(std::string& out, const StoreRecord& record) {
  put_number(out, record.at(NumberField::width));
  put_number(out, record.at(NumberField::height));
}

void put_audio_content(std::string& out, const StoreRecord& record) {
  put_number(out, record.at(NumberField::duration));
  put_number(out, record.at(NumberField::bit_rate));
  put_number(out, record.at(NumberField::sample_rate));
  put_number(out, record.at(NumberField::set_position));
  put_array(out, kVarcharOid, std::span<const std::optional<std::string_view>>{record.genres},
            [](std::string& to, const auto& genre) { put_text(to, genre); });
  put_json(out, record.audio_set);
  put_json(out, record.alt_files);
  // Older sightings say only inside the set's object which set it is.
  const auto& set = record.at(TextField::audio_set_foreign_identifier);
  set ? put_text(out, *set) : put_text_or_null(out, record.audio_set_id);
}

}  // namespace

std::string_view copy_columns(MediaType media_type) noexcept {
  return media_type == MediaType::image ? kImageColumns : kAudioColumns;
}

void begin_copy(std::string& out) {
  out.append("PGCOPY\n\377\r\n\0", 11);
  put_big_endian(out, std::int32_t{0});  // flags
  put_big_endian(out, std::int32_t{0});  // length of the header's extension
}

void append_row(std::string& out, const StoreRecord& record) {
  const bool is_image = record.media_type == MediaType::image;
  const std::uint16_t fields = is_image ? kImageFields : kAudioFields;
  put_big_endian(out, fields);
  put_identity(out, record);
  if (!record.is_shown()) {
    for (std::uint16_t i = kIdentityFields; i < fields; ++i) {
      put_null(out);
    }
    return;
  }
  put_common_content(out, record);
  is_image ? put_image_content(out, record) : put_audio_content(out, record);
}

void end_copy(std::string& out) { put_big_endian(out, std::int16_t{-1}); }

}  // namespace freshet
