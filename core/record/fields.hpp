#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "core/key.hpp"

namespace freshet {

enum class FieldKind : std::uint8_t { text, url, integer, fraction, boolean, object, list };
enum class FieldMedia : std::uint8_t { all, image, audio };
constexpr bool applies_to(FieldMedia media, MediaType media_type) {
  return media == FieldMedia::all ||
         (media == FieldMedia::image) == (media_type == MediaType::image);
}
/// How clean makes a field of what the provider says.
enum class CleanedBy : std::uint8_t {
  kind,   ///< as any of its kind: a text or URL that fits, a number in its range, or none
  prose,  ///< markup is taken out, and what is too long is cut
  own,    ///< a rule of its own (processors/clean/fields.cpp), or it is required
};
/// How documents of the search index have a field.
enum class Indexed : std::uint8_t {
  no,
  source_only,  ///< to be seen, not to be searched: the mapping does not have it
  as_is,
  lower_case,
};

/// What a member of `work` may hold, and who has it: for texts and URLs the greatest number of code
/// points, for lists the greatest number of elements (0: no limit but that of the whole record),
/// for numbers range and unit.
///
/// Clean leaves out what is outside these limits, or cuts prose, and counts it. The sinks' decoder
/// judges by the same table for both stores, so no record is in one store and not in the other.
/// Where the batch original had a column, the limit is that of its column.
struct FieldSpec {
  std::string_view name{};  ///< on topics; for a member of a member as in `alt_files.filetype`
  FieldKind kind = FieldKind::text;
  FieldMedia media = FieldMedia::all;
  std::size_t max_code_points = 0;
  std::size_t max_elements = 0;
  std::int64_t least = 0;
  std::int64_t greatest = 0;
  std::string_view unit{};
  CleanedBy cleaned_by = CleanedBy::kind;
  bool is_key = false;            ///< the key of the work says it: sinks take it from there
  bool is_shown = false;          ///< results of the API have it under this name
  Indexed indexed = Indexed::no;  ///< documents of the index have it under this name

  constexpr bool is_text() const { return kind == FieldKind::text || kind == FieldKind::url; }
  constexpr bool is_of(MediaType media_type) const { return applies_to(media, media_type); }
  constexpr bool holds(double number) const {  // false for NaN
    return number >= static_cast<double>(least) && number <= static_cast<double>(greatest);
  }

  // For the table: the same with one thing more.
  constexpr FieldSpec named(std::string_view n) const {
    FieldSpec changed = *this;
    changed.name = n;
    return changed;
  }
  constexpr FieldSpec of(FieldMedia m) const {
    FieldSpec changed = *this;
    changed.media = m;
    return changed;
  }
  constexpr FieldSpec key() const {
    FieldSpec changed = *this;
    changed.is_key = true;
    return changed;
  }
  constexpr FieldSpec shown() const {
    FieldSpec changed = *this;
    changed.is_shown = true;
    return changed;
  }
  constexpr FieldSpec prose() const {
    FieldSpec changed = *this;
    changed.cleaned_by = CleanedBy::prose;
    return changed;
  }
  constexpr FieldSpec own_rule() const {
    FieldSpec changed = *this;
    changed.cleaned_by = CleanedBy::own;
    return changed;
  }
  constexpr FieldSpec index(Indexed how = Indexed::as_is) const {
    FieldSpec changed = *this;
    changed.indexed = how;
    return changed;
  }
};

namespace record {

constexpr FieldSpec text(std::size_t max) { return {.max_code_points = max}; }
constexpr FieldSpec url(std::size_t max) {
  return {.kind = FieldKind::url, .max_code_points = max};
}
constexpr FieldSpec boolean() { return {.kind = FieldKind::boolean}; }
constexpr FieldSpec integer(std::int64_t least, std::int64_t greatest, std::string_view unit) {
  return {.kind = FieldKind::integer, .least = least, .greatest = greatest, .unit = unit};
}
constexpr FieldSpec list(std::size_t max) { return {.kind = FieldKind::list, .max_elements = max}; }
constexpr FieldSpec object() { return {.kind = FieldKind::object}; }

inline constexpr FieldMedia kImage = FieldMedia::image;
inline constexpr FieldMedia kAudio = FieldMedia::audio;
inline constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
/// The greatest integer up to which a double holds every integer: numbers inside JSON columns are
/// not bound to 32 bits.
inline constexpr std::int64_t kExactMax = 9'007'199'254'740'991;

}  // namespace record

// The members of `work` that hold one value, in the order in which they are written on topics. What
// else a new one needs: CONTRIBUTING.md, "A field of a work". A number is never 0 where 0 can only
// mean "unknown": a file has at least a byte, a picture a pixel, a sound a length. For sizes and
// lengths 2^31 − 1 means "unknown", too.
// clang-format off
#define FRESHET_WORK_FIELDS(X)                                                                     \
  X(media_type, text(5).key().own_rule())                                                          \
  X(provider, text(80).key().own_rule().shown().index())                                           \
  X(foreign_identifier, text(3000).key().own_rule())                                               \
  X(foreign_landing_url, url(1000).own_rule().shown())                                             \
  X(url, url(3000).own_rule().shown().index(Indexed::source_only))                                 \
  X(thumbnail, url(3000).shown())                                                                  \
  X(filetype, text(5).own_rule().shown().index())                                                  \
  X(filesize, integer(1, kInt32Max - 1, "bytes").shown())                                          \
  X(license, text(50).own_rule().shown().index(Indexed::lower_case))                               \
  X(license_version, text(25).own_rule().shown())                                                  \
  X(creator, text(2000).prose().shown().index())                                                   \
  X(creator_url, url(2000).shown())                                                                \
  X(title, text(5000).prose().shown().index())                                                     \
  X(category, text(80).own_rule().shown().index())                                                 \
  X(watermarked, boolean().own_rule())                                                             \
  X(source, text(80).own_rule().shown().index())                                                   \
  X(ingestion_type, text(80).own_rule())                                                           \
  X(width, integer(1, kInt32Max, "pixels").of(kImage).shown())                                     \
  X(height, integer(1, kInt32Max, "pixels").of(kImage).shown())                                    \
  X(duration, integer(1, kInt32Max - 1, "milliseconds").of(kAudio).shown())                        \
  X(bit_rate, integer(1, kInt32Max, "bits per second").of(kAudio).shown())                         \
  X(sample_rate, integer(1, kInt32Max, "Hz").of(kAudio).shown())                                   \
  X(set_position, integer(0, kInt32Max, "place in the set").of(kAudio))                            \
  X(audio_set_foreign_identifier, text(1000).of(kAudio))
// clang-format on

#define FRESHET_NAME_OF_FIELD(name, spec) name,
enum class Field : std::uint8_t { FRESHET_WORK_FIELDS(FRESHET_NAME_OF_FIELD) };
#undef FRESHET_NAME_OF_FIELD

namespace record {

#define FRESHET_SPEC_OF_FIELD(name, spec) (spec).named(#name),
inline constexpr auto kFields =
    std::to_array<FieldSpec>({FRESHET_WORK_FIELDS(FRESHET_SPEC_OF_FIELD)});
#undef FRESHET_SPEC_OF_FIELD
#undef FRESHET_WORK_FIELDS

/// Members of `work` that hold several values, in the order in which they are written.
inline constexpr auto kCollections = std::to_array<FieldSpec>({
    object().named("meta_data"),
    list(1000).named("tags"),
    list(100).of(kAudio).named("genres"),
    object().of(kAudio).named("audio_set"),
    list(100).of(kAudio).named("alt_files"),
});

/// What is in the collections; `genres[]` is an element of a list of texts.
inline constexpr auto kInCollections = std::to_array<FieldSpec>({
    // The only member of meta_data that is indexed: a text, or a list of texts.
    {.name = "meta_data.description", .max_code_points = 20'000, .max_elements = 100},
    text(400).named("tags.name"),
    text(80).named("tags.provider"),
    {.name = "tags.accuracy", .kind = FieldKind::fraction, .least = 0, .greatest = 1},
    text(80).of(kAudio).named("genres[]"),
    text(2000).of(kAudio).named("audio_set.title"),
    text(2000).of(kAudio).named("audio_set.creator"),
    text(2000).of(kAudio).named("audio_set.creator_url"),
    text(1000).of(kAudio).named("audio_set.foreign_identifier"),
    text(1000).of(kAudio).named("audio_set.foreign_landing_url"),
    text(3000).of(kAudio).named("audio_set.thumbnail"),
    text(3000).of(kAudio).named("audio_set.url"),
    text(80).of(kAudio).named("audio_set.filetype"),
    integer(1, kExactMax, "bytes").of(kAudio).named("audio_set.filesize"),
    text(3000).of(kAudio).named("alt_files.url"),
    text(80).of(kAudio).named("alt_files.filetype"),
    integer(1, kExactMax, "bytes").of(kAudio).named("alt_files.filesize"),
    integer(1, kInt32Max - 1, "milliseconds").of(kAudio).named("alt_files.duration"),
    integer(1, kInt32Max, "bits per second").of(kAudio).named("alt_files.bit_rate"),
    integer(1, kInt32Max, "Hz").of(kAudio).named("alt_files.sample_rate"),
});

template <std::size_t... N>
constexpr auto joined(const std::array<FieldSpec, N>&... parts) {
  std::array<FieldSpec, (N + ...)> all{};
  auto at = all.begin();
  ((at = std::copy(parts.begin(), parts.end(), at)), ...);
  return all;
}

}  // namespace record

inline constexpr std::size_t kFieldCount = record::kFields.size();
/// Top-level members of `work`: the fields, and behind these the collections.
inline constexpr std::size_t kMemberCount = kFieldCount + record::kCollections.size();

/// Every member of `work`: first the fields in the order of `Field`, then collections, then what is
/// in these.
inline constexpr auto kFieldSpecs =
    record::joined(record::kFields, record::kCollections, record::kInCollections);

static_assert([] {
  for (const FieldSpec& spec : record::kFields) {
    if (spec.kind == FieldKind::fraction || spec.kind == FieldKind::object ||
        spec.kind == FieldKind::list) {
      return false;  // of these kinds there are collections and what is in them
    }
  }
  return true;
}());

constexpr const FieldSpec& field_spec(Field field) {
  return kFieldSpecs[static_cast<std::size_t>(field)];
}

/// The entry of that name, null where there is none.
constexpr const FieldSpec* find_field_spec(std::string_view name) {
  for (const FieldSpec& spec : kFieldSpecs) {
    if (spec.name == name) {
      return &spec;
    }
  }
  return nullptr;
}

/// The same for a member of a collection, without making its name: ("alt_files", "filetype").
constexpr const FieldSpec* find_member_spec(std::string_view collection, std::string_view member) {
  for (std::size_t i = kFieldCount; i < kFieldSpecs.size(); ++i) {
    const std::string_view name = kFieldSpecs[i].name;
    if (name.size() == collection.size() + 1 + member.size() && name.starts_with(collection) &&
        name[collection.size()] == '.' && name.ends_with(member)) {
      return &kFieldSpecs[i];
    }
  }
  return nullptr;
}

/// The same at compile time: a name that is not in the table does not compile.
consteval const FieldSpec& field_named(std::string_view name) { return *find_field_spec(name); }

/// Whether a list is one of plain texts, whose element has an entry: `genres[]`.
constexpr bool has_text_elements(const FieldSpec& spec) {
  return std::ranges::any_of(kFieldSpecs, [&](const FieldSpec& other) {
    return other.name.size() == spec.name.size() + 2 && other.name.starts_with(spec.name) &&
           other.name.ends_with("[]");
  });
}

/// How many tags clean keeps of one sighting. Those of other providers are united, up to as many
/// again.
inline constexpr std::size_t kMostTags = 500;
static_assert(field_named("tags").max_elements == 2 * kMostTags);
// A search engine reads at most 1,000,000 UTF-16 units of a field to highlight it.
static_assert(field_named("tags").max_elements *
                  (2 * field_named("tags.name").max_code_points + 1) <
              1'000'000);

/// Says that something of a record was left out or cut. Both texts have static storage.
struct LeftOut {
  std::string_view field;  ///< a name of the table
  std::string_view rule;   ///< `range`, `number`, `text`, `max_length`, `max_elements`, `cut`, …
  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

}  // namespace freshet
