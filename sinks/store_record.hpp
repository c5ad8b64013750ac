#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/key.hpp"
#include "core/record/fields.hpp"
#include "core/record/status.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// Where the value of a field is among those of its kind: texts, numbers of 32 bits, flags. What
/// the key says has no place.
struct StorePlaces {
  std::array<std::size_t, kFieldCount> of{};
  std::size_t texts = 0;
  std::size_t numbers = 0;
  std::size_t flags = 0;
};
inline constexpr StorePlaces kStorePlaces = [] {
  StorePlaces places;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const FieldSpec& spec = kFieldSpecs[i];
    if (!spec.is_key) {
      places.of[i] = spec.is_text()                    ? places.texts++
                     : spec.kind == FieldKind::integer ? places.numbers++
                                                       : places.flags++;
    }
  }
  return places;
}();

struct TagView {
  std::string_view name;
  std::optional<double> accuracy;
};

/// A catalogue record as the stores need it. All views point into the decoder that made it, or into
/// the key that the decoder was given.
struct StoreRecord {
  MediaType media_type = MediaType::image;
  std::string_view provider;
  std::string_view foreign_identifier;
  std::string_view identifier;
  std::vector<std::string_view> former_identifiers;
  std::int64_t revision = 0;
  Status status = Status::live;
  std::string_view duplicate_of;  ///< a key; empty: none
  UtcTime created_on;
  UtcTime updated_on;
  std::optional<UtcTime> last_seen_at;

  bool has_work = false;  ///< false: a decision about a work that was never sighted
  std::array<std::optional<std::string_view>, kStorePlaces.texts> texts;
  std::array<std::optional<std::int32_t>, kStorePlaces.numbers> numbers;
  std::array<std::optional<bool>, kStorePlaces.flags> flags;
  std::vector<std::optional<std::string_view>> genres;
  std::string_view meta_data;  ///< JSON texts; empty: absent
  std::string_view tags_json;
  std::string_view alt_files;
  std::string_view audio_set;

  std::vector<TagView> tags;                     ///< of `tags_json`, in its order
  std::vector<std::string_view> description;     ///< meta_data.description: text or list of texts
  bool provider_says_mature = false;             ///< meta_data.mature
  std::vector<std::string_view> alt_file_types;  ///< filetype of each alt file that has one
  std::string_view audio_set_id;                 ///< audio_set.foreign_identifier

  std::vector<std::int32_t> hidden_tags;  ///< positions in `tags`, ascending
  /// JSON object by kind; it may also have kinds of other versions. Empty: nothing of a kind that
  /// this version knows was decided.
  std::string_view decisions;
  std::vector<std::string_view> sensitivity;
  std::optional<double> popularity;  ///< 0…1
  std::optional<double> authority;
  std::vector<LeftOut> left_out;  ///< values that neither store is given

  /// Fields of `work`, by kind: `text<Field::title>()`. What the key says is above.
  template <Field field>
  const std::optional<std::string_view>& text() const {
    static_assert(field_spec(field).is_text() && !field_spec(field).is_key);
    return texts[kStorePlaces.of[static_cast<std::size_t>(field)]];
  }
  template <Field field>
  const std::optional<std::int32_t>& number() const {
    static_assert(field_spec(field).kind == FieldKind::integer);
    return numbers[kStorePlaces.of[static_cast<std::size_t>(field)]];
  }
  template <Field field>
  const std::optional<bool>& flag() const {
    static_assert(field_spec(field).kind == FieldKind::boolean);
    return flags[kStorePlaces.of[static_cast<std::size_t>(field)]];
  }
  /// Whether the record has content to show; anything else becomes a stub.
  bool is_shown() const { return status == Status::live && has_work; }
  void clear();
};

/// Reads catalogue records, and refuses those that one of the stores could not take: both sinks use
/// it, so that no work is in one store and not in the other.
///
/// Checked: UTF-8, JSON, types; no NUL (Postgres has none in text or jsonb); numbers that fit into
/// jsonb; decisions as the table of decisions takes them; the identifier is the key's own;
/// revisions and times are of their range (core/revision.hpp; times from 1970 on); no member of the
/// record or of `work` that this version knows stands twice; and the record contract
/// (core/record/fields.hpp). A text or a number that no column takes refuses the record. Other
/// values outside the contract, which the stores would take and records of earlier rules have (a
/// duration of -1, a tag of a thousand letters, a tag behind the thousandth), are left out of both
/// stores and named in `left_out`. A record that hides its work is taken whatever its content is.
/// Unknown members and kinds of decisions are skipped.
///
/// @thread_safety  One thread each: it owns the parser and its buffers.
class CatalogDecoder {
 public:
  CatalogDecoder();
  ~CatalogDecoder();
  CatalogDecoder(const CatalogDecoder&) = delete;
  CatalogDecoder& operator=(const CatalogDecoder&) = delete;

  /// @param record  must live as long as the result is used.
  /// @return the record; valid until the next call.
  /// @error  Retry::never; Errc::unknown_schema, malformed_payload (not JSON, not UTF-8),
  ///         missing_field, wrong_key, invalid_value (with field and rule: `nul`, `type`,
  ///         `max_length_80`, `max_elements_10`, `int32`, …).
  Result<const StoreRecord*> decode(const SinkRecord& record);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
