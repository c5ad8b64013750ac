#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

enum class MediaType { image, audio };

/// `image` or `audio`, as in keys, topics, tables and index names.
std::string_view to_string(MediaType media_type) noexcept;
std::optional<MediaType> parse_media_type(std::string_view text) noexcept;

/// Name of a provider's records, cleaned: `met`, `wikimedia_audio`. Free text up to 80 characters
/// without `:`.
struct WorkKeyView {
  MediaType media_type;
  std::string_view provider;
  std::string_view foreign_identifier;  ///< may contain colons and whole URLs
};

/// The Kafka key of a work: `media_type:provider:foreign_identifier`, with the *cleaned*
/// identifier. The one place in which this form is made.
std::string make_work_key(MediaType media_type, std::string_view provider,
                          std::string_view foreign_identifier);

/// Splits a key at its first two colons. Nothing when a part is empty or the media type unknown.
std::optional<WorkKeyView> parse_work_key(std::string_view key) noexcept;

/// UUID of a work: the first 16 bytes of SHA-256 over the key's bytes, shaped as version 4
/// (version nibble 4, variant bits 10), lower case, 36 characters. Test vector:
/// schemas/identifier.json.
std::string work_identifier(std::string_view key);

/// Whether `text` is a lower-case UUID of version 4, the only form that API clients accept.
bool is_uuid_v4(std::string_view text) noexcept;

/// Whether `text` is a UUID of any version and in any case, with its dashes: former identifiers
/// come from elsewhere.
bool is_uuid(std::string_view text) noexcept;

/// Partition of a key as Java clients compute it: (murmur2(key) & 0x7fffffff) % partitions.
/// @param partitions  > 0
std::int32_t partition_for_key(std::string_view key, std::int32_t partitions) noexcept;

}  // namespace freshet
