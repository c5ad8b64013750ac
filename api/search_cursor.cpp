#include "api/search_cursor.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "api/base64url.hpp"
#include "api/search_parameters.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"

namespace freshet::api {
namespace {

constexpr std::size_t kMacBytes = 16;
// What is signed by the same key for another use is no cursor.
constexpr std::string_view kUse = "search cursor 1\n";

std::string mac_of(std::string_view payload, std::string_view key) {
  std::string text{kUse};
  text += payload;
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
           &size) == nullptr) {
    throw std::runtime_error{"a cursor could not be signed"};
  }
  return {reinterpret_cast<const char*>(mac.data()), kMacBytes};
}

}  // namespace

std::string sign_cursor(const SearchCursor& cursor, std::string_view key) {
  const Result<json::value> after = parse_json(cursor.after);
  const std::string payload =
      to_json(json::array{json::string_view{cursor.search}, json::string_view{cursor.point},
                          after ? *after : json::value{nullptr}, cursor.total, cursor.page});
  return to_base64url(mac_of(payload, key) + payload);
}

std::optional<SearchCursor> read_cursor(std::string_view text, std::string_view key) {
  const std::optional<std::string> bytes = from_base64url(text);
  if (!bytes || bytes->size() <= kMacBytes) {
    return std::nullopt;
  }
  const std::string_view payload = std::string_view{*bytes}.substr(kMacBytes);
  if (CRYPTO_memcmp(mac_of(payload, key).data(), bytes->data(), kMacBytes) != 0) {
    return std::nullopt;
  }
  // Ours, so that its shape is ours as well.
  const Result<json::value> read = parse_json(payload);
  if (!read) {
    return std::nullopt;
  }
  const auto search = text_at(*read, "/0");
  const auto point = text_at(*read, "/1");
  const json::value& after = value_at(*read, "/2");
  const json::value& total = value_at(*read, "/3");
  const json::value& page = value_at(*read, "/4");
  if (!search || !point || !after.is_array() || !total.is_int64() || !page.is_int64()) {
    return std::nullopt;
  }
  return SearchCursor{std::string{*search}, std::string{*point}, to_json(after), total.get_int64(),
                      static_cast<int>(page.get_int64())};
}

std::string search_digest(const Query& query, Media media, const Caller& caller) {
  std::string text{store_name(media)};
  text += caller.is_authenticated ? "\nwith a token" : "\nwithout";
  for (const Parameter& parameter : search_parameters()) {
    const std::string* const value = query.find_filled(parameter.name);
    const bool is_of_other_media = parameter.media && *parameter.media != media;
    if (value == nullptr || is_of_other_media || parameter.name == parameter::cursor.name) {
      continue;
    }
    text.append("\n").append(parameter.name) += '=';
    text += std::to_string(value->size());  // no value can look like what follows it
    text.append(":").append(*value);
  }
  const std::array<std::uint8_t, 32> digest = sha256(text);
  constexpr std::size_t kEnough = 16;
  return to_base64url({reinterpret_cast<const char*>(digest.data()), kEnough});
}

}  // namespace freshet::api
