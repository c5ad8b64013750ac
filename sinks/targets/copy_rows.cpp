#include "sinks/targets/copy_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace freshet {
namespace {

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

/// A column of a media table, and what goes into it.
struct Column {
  std::string_view name;
  FieldMedia media;
  void (*put)(std::string& out, const StoreRecord& record);
};

using Record = const StoreRecord&;

// What a stub has, too.
constexpr auto kIdentity = std::to_array<Column>({
    {"identifier", FieldMedia::all,
     [](std::string& out, Record r) { put_uuid(out, r.identifier); }},
    {"created_on", FieldMedia::all,
     [](std::string& out, Record r) { put_time(out, r.created_on); }},
    {"updated_on", FieldMedia::all,
     [](std::string& out, Record r) { put_time(out, r.updated_on); }},
    {"last_synced_with_source", FieldMedia::all,
     [](std::string& out, Record r) {
       r.last_seen_at ? put_time(out, *r.last_seen_at) : put_null(out);
     }},
    {"provider", FieldMedia::all, [](std::string& out, Record r) { put_text(out, r.provider); }},
    {"foreign_identifier", FieldMedia::all,
     [](std::string& out, Record r) { put_text(out, r.foreign_identifier); }},
    {"revision", FieldMedia::all, [](std::string& out, Record r) { put_bigint(out, r.revision); }},
    {"status", FieldMedia::all,
     [](std::string& out, Record r) { put_text(out, to_string(r.status)); }},
    {"duplicate_of", FieldMedia::all,
     [](std::string& out, Record r) { put_text_or_null(out, r.duplicate_of); }},
    {"former_identifiers", FieldMedia::all,
     [](std::string& out, Record r) {
       put_array(out, kUuidOid, std::span<const std::string_view>{r.former_identifiers},
                 [](std::string& to, std::string_view uuid) { put_uuid(to, uuid); });
     }},
});

template <Field field>
void put_field(std::string& out, Record record) {
  constexpr const FieldSpec& spec = field_spec(field);
  if constexpr (field == Field::audio_set_foreign_identifier) {
    // Older sightings say only inside the set's object which set it is.
    const auto& set = record.text<field>();
    set ? put_text(out, *set) : put_text_or_null(out, record.audio_set_id);
  } else if constexpr (spec.is_text()) {
    put_text(out, record.text<field>());
  } else if constexpr (spec.kind == FieldKind::integer) {
    put_number(out, record.number<field>());
  } else {
    put_bool(out, record.flag<field>());
  }
}

// The fields of the record contract under their own names; the key's are in the identity.
constexpr std::size_t kFieldColumns =
    kStorePlaces.texts + kStorePlaces.numbers + kStorePlaces.flags;
constexpr auto kFields = []<std::size_t... I>(std::index_sequence<I...>) {
  std::array<Column, kFieldColumns> columns{};
  auto at = columns.begin();
  const auto add = [&]<std::size_t i>() {
    if constexpr (!kFieldSpecs[i].is_key) {
      *at++ = {kFieldSpecs[i].name, kFieldSpecs[i].media, &put_field<static_cast<Field>(i)>};
    }
  };
  (add.template operator()<I>(), ...);
  return columns;
}(std::make_index_sequence<kFieldCount>{});

constexpr auto kCollections = std::to_array<Column>({
    {"meta_data", FieldMedia::all, [](std::string& out, Record r) { put_json(out, r.meta_data); }},
    {"tags", FieldMedia::all, [](std::string& out, Record r) { put_json(out, r.tags_json); }},
    {"genres", FieldMedia::audio,
     [](std::string& out, Record r) {
       put_array(out, kVarcharOid, std::span<const std::optional<std::string_view>>{r.genres},
                 [](std::string& to, const auto& genre) { put_text(to, genre); });
     }},
    {"audio_set", FieldMedia::audio,
     [](std::string& out, Record r) { put_json(out, r.audio_set); }},
    {"alt_files", FieldMedia::audio,
     [](std::string& out, Record r) { put_json(out, r.alt_files); }},
});

constexpr auto kDerived = std::to_array<Column>({
    {"standardized_popularity", FieldMedia::all,
     [](std::string& out, Record r) { put_double(out, r.popularity); }},
    {"authority", FieldMedia::all,
     [](std::string& out, Record r) { put_double(out, r.authority); }},
    {"sensitivity", FieldMedia::all,
     [](std::string& out, Record r) { put_texts(out, r.sensitivity); }},
    {"hidden_tags", FieldMedia::all,
     [](std::string& out, Record r) {
       put_array(out, kInt4Oid, std::span<const std::int32_t>{r.hidden_tags},
                 [](std::string& to, std::int32_t position) { put_number(to, position); });
     }},
});

/// The columns behind the identity, of both media in one order.
constexpr auto kContent = [] {
  std::array<Column, kFields.size() + kCollections.size() + kDerived.size()> columns{};
  auto at = std::ranges::copy(kFields, columns.begin()).out;
  at = std::ranges::copy(kCollections, at).out;
  std::ranges::copy(kDerived, at);
  return columns;
}();

constexpr std::uint16_t content_size(MediaType media_type) {
  return static_cast<std::uint16_t>(std::ranges::count_if(
      kContent, [=](const Column& column) { return applies_to(column.media, media_type); }));
}

// Known at compile time, each call is one that the compiler sees through.
template <std::size_t... I>
void put_identity(std::string& out, Record record, std::index_sequence<I...> /*columns*/) {
  (kIdentity[I].put(out, record), ...);
}

template <MediaType media_type, std::size_t... I>
void put_content(std::string& out, Record record, std::index_sequence<I...> /*columns*/) {
  const auto put = [&]<std::size_t i>() {
    if constexpr (applies_to(kContent[i].media, media_type)) {
      kContent[i].put(out, record);
    }
  };
  (put.template operator()<I>(), ...);
}

template <MediaType media_type>
void put_row(std::string& out, Record record) {
  constexpr std::uint16_t content = content_size(media_type);
  put_big_endian(out, static_cast<std::uint16_t>(kIdentity.size() + content));
  put_identity(out, record, std::make_index_sequence<kIdentity.size()>{});
  if (record.is_shown()) {
    return put_content<media_type>(out, record, std::make_index_sequence<kContent.size()>{});
  }
  for (std::uint16_t i = 0; i < content; ++i) {
    put_null(out);
  }
}

std::string name_columns(MediaType media_type) {
  std::string names;
  for (const Column& column : kIdentity) {
    names.append(names.empty() ? "" : ", ").append(column.name);
  }
  for (const Column& column : kContent) {
    if (applies_to(column.media, media_type)) {
      names.append(", ").append(column.name);
    }
  }
  return names;
}

}  // namespace

std::string_view copy_columns(MediaType media_type) {
  static const std::string kImage = name_columns(MediaType::image);
  static const std::string kAudio = name_columns(MediaType::audio);
  return media_type == MediaType::image ? kImage : kAudio;
}

void begin_copy(std::string& out) {
  out.append("PGCOPY\n\377\r\n\0", 11);
  put_big_endian(out, std::int32_t{0});  // flags
  put_big_endian(out, std::int32_t{0});  // length of the header's extension
}

void append_row(std::string& out, const StoreRecord& record) {
  record.media_type == MediaType::image ? put_row<MediaType::image>(out, record)
                                        : put_row<MediaType::audio>(out, record);
}

void end_copy(std::string& out) { put_big_endian(out, std::int16_t{-1}); }

}  // namespace freshet
