#include "processors/record/url_claim.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "processors/record/json_text.hpp"
#include "processors/record/stamp.hpp"

namespace freshet {
namespace {

constexpr std::size_t kHashDigits = 32;
constexpr std::string_view kCreatedOn = R"({"created_on":")";
constexpr std::string_view kAnswer = R"(,"answer":true)";
constexpr std::size_t kTimeDigits = 24;  // 2026-11-21T00:19:33.000Z

// Lower case only: one hash has one spelling.
int digit_of(char c) noexcept { return c >= 'A' && c <= 'F' ? -1 : hex_value(c); }

bool is_work_key(std::string_view key) {
  return parse_work_key(key).has_value() && is_utf8(key) &&
         key.find('\0') == std::string_view::npos;
}

struct ClaimValue {
  std::optional<UtcTime> created_on;
  bool answer = false;
};

// Our own form, to the byte; nothing where it is another.
std::optional<ClaimValue> cut(std::string_view value) {
  if (!value.starts_with(kCreatedOn) || value.size() < kCreatedOn.size() + kTimeDigits + 2) {
    return std::nullopt;
  }
  const std::string_view rest = value.substr(kCreatedOn.size() + kTimeDigits);
  const bool answer = rest.substr(1, rest.size() - 2) == kAnswer;
  if (rest.front() != '"' || rest.back() != '}' || (rest.size() != 2 && !answer)) {
    return std::nullopt;
  }
  return ClaimValue{parse_time(value.substr(kCreatedOn.size(), kTimeDigits)), answer};
}

Result<ClaimValue> read(std::string_view value) {
  const auto json = parse_json(value);
  if (!json) {
    return Error{Errc::malformed_payload, "", "json", json.error().message()};
  }
  const auto created_on = text_at(*json, "/created_on");
  if (!created_on) {
    return Error{Errc::missing_field, "created_on", "required", "claim without created_on"};
  }
  const bool* answer = value_at(*json, "/answer").if_bool();
  return ClaimValue{parse_time(*created_on), answer != nullptr && *answer};
}

}  // namespace

std::optional<UrlHash> parse_url_hash(std::string_view hex) noexcept {
  if (hex.size() != kHashDigits) {
    return std::nullopt;
  }
  UrlHash hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = digit_of(hex[2 * i]);
    const int low = digit_of(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    hash[i] = static_cast<char>(high * 16 + low);
  }
  return hash;
}

std::string to_hex(const UrlHash& hash) {
  std::string hex;
  hex.reserve(kHashDigits);
  for (const char c : hash) {
    const auto byte = static_cast<std::uint8_t>(c);
    hex += kHexDigits[byte >> 4U];
    hex += kHexDigits[byte & 15U];
  }
  return hex;
}

void append_claim_key(std::string& out, std::string_view url_hash, std::string_view work_key) {
  out += url_hash;
  out += '|';
  out += work_key;
}

void append_claim(std::string& out, UtcTime created_on, bool answer) {
  out += kCreatedOn;
  append_time(out, created_on, 3);
  out += '"';
  out += answer ? kAnswer : "";
  out += '}';
}

Result<ClaimMessage> parse_claim(std::string_view key, std::optional<std::string_view> value) {
  const auto url = parse_url_hash(key.substr(0, kHashDigits));
  ClaimMessage claim;
  if (url && key.size() > kHashDigits && key[kHashDigits] == '|') {
    claim.url = *url;
    claim.work_key = key.substr(kHashDigits + 1);
  }
  if (!is_work_key(claim.work_key)) {
    return Error{Errc::wrong_key, "key", "claim", "claim: not <url hash>|<work key>"};
  }
  if (!value) {
    claim.is_release = true;
    return claim;
  }
  std::optional<ClaimValue> says = cut(*value);
  if (!says) {
    const auto whole = read(*value);
    if (!whole) {
      return whole.error();
    }
    says = *whole;
  }
  if (!says->created_on || says->created_on->micros < 0) {
    return Error{Errc::invalid_value, "created_on", "time", "claim: created_on is no time"};
  }
  claim.created_on = UtcTime::from_millis(says->created_on->millis());
  claim.answer = says->answer;
  return claim;
}

std::string_view claim_partition_key(std::string_view claim_key) noexcept {
  return claim_key.substr(0, kHashDigits);
}

void append_verdict_key(std::string& out, std::string_view work_key, const UrlHash& url) {
  out += work_key;
  out += '|';
  out += to_hex(url);
}

void append_verdict(std::string& out, std::string_view owner) {
  out += R"({"owner":)";
  append_json_text(out, owner);
  out += '}';
}

Result<VerdictMessage> parse_verdict(std::string_view key, std::string_view value) {
  const std::size_t bar = key.rfind('|');  // a work key may have bars, the hash has none
  VerdictMessage verdict;
  if (bar != std::string_view::npos && parse_url_hash(key.substr(bar + 1))) {
    verdict.work_key = key.substr(0, bar);
    verdict.url_hash = key.substr(bar + 1);
  }
  if (!is_work_key(verdict.work_key)) {
    return Error{Errc::wrong_key, "key", "verdict", "verdict: not <work key>|<url hash>"};
  }
  const auto json = parse_json(value);
  if (!json) {
    return Error{Errc::malformed_payload, "", "json", json.error().message()};
  }
  const auto owner = text_at(*json, "/owner");
  if (!owner) {
    return Error{Errc::missing_field, "owner", "required", "verdict without an owner"};
  }
  if (!is_work_key(*owner)) {
    return Error{Errc::invalid_value, "owner", "work_key", "verdict: the owner is no work"};
  }
  verdict.owner = *owner;
  return verdict;
}

}  // namespace freshet
