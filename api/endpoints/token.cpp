#include <openssl/evp.h>

#include <array>

#include "api/lookups.hpp"
#include "api/secrets.hpp"
#include "core/json_writer.hpp"
#include "core/text.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::size_t kTokenLength = 30;
constexpr std::chrono::hours kTokenLife{12};
constexpr std::size_t kLongestCredential = 255;

constexpr std::string_view kGrantTypes[] = {"client_credentials"};
constexpr Parameter kFields[] = {
    {.name = "grant_type",
     .type = Parameter::Type::choice,
     .meaning = "the one that there is",
     .values = kGrantTypes,
     .is_required = true,
     .example = "client_credentials"},
    {.name = "client_id",
     .meaning = "as it was given when the application was registered; or both in a header "
                "Authorization: Basic",
     .longest = kLongestCredential},
    {.name = "client_secret", .meaning = "likewise", .longest = kLongestCredential}};

struct Credentials {
  std::string id;
  std::string secret;
};

/// `id:secret` in base64, as RFC 6749 has it.
std::optional<Credentials> read_basic(std::string_view authorization) {
  const std::size_t space = std::min(authorization.find(' '), authorization.size());
  if (lower_ascii(authorization.substr(0, space)) != "basic") {
    return std::nullopt;
  }
  const std::string_view encoded = trim_space(authorization.substr(space));
  if (encoded.empty() || encoded.size() > 2048 || encoded.size() % 4 != 0) {
    return std::nullopt;
  }
  std::array<unsigned char, 2048> bytes{};
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(encoded.data()),
                      static_cast<int>(encoded.size()));
  const std::size_t padding = encoded.ends_with("==") ? 2 : encoded.ends_with('=') ? 1 : 0;
  if (size < static_cast<int>(padding)) {
    return std::nullopt;
  }
  const std::string text{bytes.begin(), bytes.begin() + size - static_cast<int>(padding)};
  const std::size_t colon = text.find(':');
  if (colon == text.npos) {
    return std::nullopt;
  }
  return Credentials{decode_query_text(text.substr(0, colon)),
                     decode_query_text(text.substr(colon + 1))};
}

Reply oauth_error(unsigned status, std::string_view error) {
  Reply reply = json_reply("");
  reply.status = status;
  ObjectWriter object{reply.body};
  object.text("error", error);
  object.close();
  reply.headers = {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}};
  if (status == 401) {
    reply.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_client\"");
  }
  return reply;
}

std::string text_of(const BodyFields& fields, std::string_view name) {
  const json::value* const value = fields.find(name);
  return value != nullptr && value->is_string() ? std::string{std::string_view{value->get_string()}}
                                                : "";
}

Credentials read_credentials(const Call& call, const BodyFields& fields) {
  if (auto basic = read_basic(call.request.authorization)) {
    return std::move(*basic);
  }
  return {text_of(fields, "client_id"), text_of(fields, "client_secret")};
}

Task<Reply> answer(Services services, Call call) {
  BodyFields fields{call.body};
  // A body of JSON is read, so that what is wrong with it is said as everything else is here.
  if (call.body.form == BodyForm::json || text_of(fields, "grant_type") != kGrantTypes[0]) {
    co_return oauth_error(400, "unsupported_grant_type");
  }
  const Credentials given = read_credentials(call, fields);
  for (const std::string& text : {given.id, given.secret}) {
    if (text.size() > kLongestCredential || text.find('\0') != text.npos) {
      co_return error_reply(400, "Invalid credentials");
    }
  }
  if (given.id.empty()) {
    co_return oauth_error(401, "invalid_client");
  }
  const auto found = co_await services.accounts.find_client(given.id, call.deadline);
  if (!found) {
    co_return store_failed(services.metrics, "postgres", found.error());
  }
  // Compared also where there is no such application, so that both take as long.
  static const std::string nobody = digest_of("");
  const bool is_right = has_digest(given.secret, *found ? (*found)->secret_digest : nobody);
  if (!*found || !is_right || (*found)->application.is_revoked) {
    co_return oauth_error(401, "invalid_client");
  }
  const std::string token = random_secret(kTokenLength);
  const auto added = co_await services.accounts.add_token(
      (*found)->application.client_id, digest_of(token), kTokenLife, call.deadline);
  if (!added) {
    co_return store_failed(services.metrics, "postgres", added.error());
  }
  Reply reply = json_reply("");
  ObjectWriter object{reply.body};
  object.text("access_token", token);
  object.integer("expires_in", std::chrono::seconds{kTokenLife}.count());
  object.text("token_type", "Bearer");
  object.text("scope", "read write");
  object.close();
  reply.headers = {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}};
  co_return reply;
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "a token for 12 hours, for the header Authorization: Bearer", .schema = "Token"},
    {.status = 400,
     .meaning = "no such grant type, or unusable credentials",
     .schema = "TokenError"},
    {.status = 401, .meaning = "no such application, or a wrong secret", .schema = "TokenError"}};

}  // namespace

Endpoint token() {
  return {.name = "token",
          .method = Method::post,
          .path = "/v1/auth_tokens/token/",
          .summary = "get a token for an application",
          .fields = kFields,
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .body = {{BodyForm::form, BodyForm::multipart, BodyForm::json}},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
