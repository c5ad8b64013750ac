#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/key.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "sinks/sink.hpp"

namespace freshet {

enum class WorkStatus : std::uint8_t { live, duplicate, removed_at_source, blocked };
std::string_view to_string(WorkStatus status) noexcept;

/// Members of `work` that are one text.
enum class TextField : std::uint8_t {
  foreign_landing_url,
  url,
  thumbnail,
  filetype,
  license,
  license_version,
  creator,
  creator_url,
  title,
  category,
  source,
  ingestion_type,
  audio_set_foreign_identifier,
};
inline constexpr std::size_t kTextFields = 13;

/// Members of `work` that are one integer, 32 bits wide in the stores.
enum class NumberField : std::uint8_t {
  filesize,
  width,
  height,
  duration,
  bit_rate,
  sample_rate,
  set_position,
};
inline constexpr std::size_t kNumberFields = 7;

struct TagView {
  std::string_view name;
  std::optional<double> accuracy;
};

/// A catalogue record as the stores need it. All views point into the decoder that made it, or into
/// the key it was given.
struct StoreRecord {
  MediaType media_type = MediaType::image;
  std::string_view provider;
  std::string_view foreign_identifier;
  std::string_view identifier;
  std::vector<std::string_view> former_identifiers;
  std::int64_t revision = 0;
  WorkStatus status = WorkStatus::live;
  std::string_view duplicate_of;  ///< a key; empty: none
  UtcTime created_on;
  UtcTime updated_on;
  std::optional<UtcTime> last_seen_at;

  bool has_work = false;  ///< false: a decision about a work that was never sighted
  std::array<std::optional<std::string_view>, kTextFields> texts;
  std::array<std::optional<std::int32_t>, kNumberFields> numbers;
  std::optional<bool> watermarked;
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

  std::vector<std::int32_t> hidden_tags;  ///< positions in `tags`
  std::string_view decisions;             ///< JSON object by kind; empty: nothing was ever decided
  std::vector<std::string_view> sensitivity;
  std::optional<double> popularity;  ///< 0…1
  std::optional<double> authority;

  const std::optional<std::string_view>& at(TextField field) const {
    return texts[static_cast<std::size_t>(field)];
  }
  const std::optional<std::int32_t>& at(NumberField field) const {
    return numbers[static_cast<std::size_t>(field)];
  }
  /// Whether the record has content to show; anything else becomes a stub.
  bool is_shown() const { return status == WorkStatus::live && has_work; }
  void clear();
};

/// Reads catalogue records, and refuses those that one of the stores could not take: both sinks use
/// it, so that no work is in one store and not in the other.
///
/// Checked: UTF-8, JSON, types; no NUL (Postgres has none in text or jsonb); lengths in code points
/// and integer ranges of the columns (schemas/postgres); the identifier is the key's own. Unknown
/// members are skipped.
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
  ///         `max_length_80`, `int32`, …).
  Result<const StoreRecord*> decode(const SinkRecord& record);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
