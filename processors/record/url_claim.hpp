#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// 16 bytes over media type and canonical URL; 32 lower-case hex digits on topics and in records.
using UrlHash = std::array<char, 16>;
std::optional<UrlHash> parse_url_hash(std::string_view hex) noexcept;
std::string to_hex(const UrlHash& hash);

/// A record of `media.url-claims.v1`, key `<url hash>|<work key>`, partition = murmur2 of the 32
/// hex digits: the work has this URL since `created_on`, or, without a value, no longer.
struct ClaimMessage {
  UrlHash url{};
  std::string_view work_key;  ///< a view into the key
  bool is_release = false;
  UtcTime created_on;   ///< whole milliseconds, not before 1970
  bool answer = false;  ///< the work must be told the owner even if nobody else has the URL
};
void append_claim_key(std::string& out, std::string_view url_hash, std::string_view work_key);
/// `{"created_on":"…"}` or `{"created_on":"…","answer":true}`.
void append_claim(std::string& out, UtcTime created_on, bool answer);
/// @param value  nothing: a release.
/// @error Retry::never: Errc::wrong_key, malformed_payload, missing_field, invalid_value.
Result<ClaimMessage> parse_claim(std::string_view key, std::optional<std::string_view> value);
/// The URL hash in front of a claim's key, by which it has its partition.
std::string_view claim_partition_key(std::string_view claim_key) noexcept;

/// A record of `media.url-verdicts.v1`, key `<work key>|<url hash>`, in the partition of the
/// *work*: who owns the URL that this work claims.
struct VerdictMessage {
  std::string_view work_key;  ///< a view into the key, like the next
  std::string_view url_hash;  ///< 32 hex digits
  std::string owner;          ///< work key
};
void append_verdict_key(std::string& out, std::string_view work_key, const UrlHash& url);
/// `{"owner":"…"}`.
void append_verdict(std::string& out, std::string_view owner);
/// @error Retry::never: Errc::wrong_key, malformed_payload, missing_field, invalid_value.
Result<VerdictMessage> parse_verdict(std::string_view key, std::string_view value);

}  // namespace freshet
