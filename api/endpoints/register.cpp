#include <algorithm>

#include "api/lookups.hpp"
#include "api/secrets.hpp"
#include "core/json_writer.hpp"
#include "core/text.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::size_t kClientIdLength = 40;
constexpr std::size_t kSecretLength = 128;

constexpr Parameter kFields[] = {{.name = "name",
                                  .meaning = "what your application is called; nobody else's is",
                                  .longest = 150,
                                  .is_required = true,
                                  .example = "My picture book"},
                                 {.name = "description",
                                  .meaning = "what it uses the API for",
                                  .longest = 10'000,
                                  .is_required = true,
                                  .example = "Finds pictures for a book"},
                                 {.name = "email",
                                  .meaning = "where the link is sent that confirms the address",
                                  .longest = 254,
                                  .is_required = true,
                                  .example = "me@example.org"}};

/// A mail can be sent there: a local part of the letters that need no quotes, and a host name with
/// a dot. It becomes part of a mail's head and of what is said to its server.
bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == text.npos || at == 0 || at > 64) {
    return false;
  }
  const std::string_view local = text.substr(0, at);
  const std::string_view host = text.substr(at + 1);
  const auto is_local = [](char c) {
    return is_ascii_alphanumeric(c) ||
           std::string_view{".!#$%&'*+/=?^_`{}|~-"}.find(c) != std::string_view::npos;
  };
  if (!std::ranges::all_of(local, is_local) || local.starts_with('.') || local.ends_with('.') ||
      local.find("..") != local.npos) {
    return false;
  }
  const auto is_host = [](char c) { return is_ascii_alphanumeric(c) || c == '-' || c == '.'; };
  return !host.empty() && std::ranges::all_of(host, is_host) && host.find('.') != host.npos &&
         host.find("..") == host.npos && !host.starts_with('.') && !host.ends_with('.') &&
         !host.starts_with('-') && !host.ends_with('-') && host.find(".-") == host.npos &&
         host.find("-.") == host.npos;
}

/// Faults as this endpoint alone says them: without `detail` around them.
Reply bare_errors(const FieldErrors& errors) {
  Reply reply = field_error_reply(errors);
  constexpr std::size_t kBefore = std::string_view{R"({"detail":)"}.size();
  reply.body = reply.body.substr(kBefore, reply.body.size() - kBefore - 1);
  return reply;
}

Mail verification_mail(const std::string& email, const std::string& name, const std::string& link) {
  return {.to = email,
          .subject = "Verify your API credentials",
          .text = "Somebody registered the application\n\n  " + name +
                  "\n\nwith this address. If it was you, open this link once, and its limits "
                  "become\nthose of a registered application:\n\n  " +
                  link + "\n\nIf it was not you, do nothing.\n"};
}

Task<Reply> answer(Services services, Call call) {
  BodyFields fields{call.body};
  const auto name = fields.text(kFields[0]);
  const auto description = fields.text(kFields[1]);
  const auto email = fields.text(kFields[2]);
  if (name &&
      std::ranges::any_of(*name, [](char c) { return static_cast<unsigned char>(c) < 32; })) {
    fields.fail("name", "Control characters are not allowed.");
  }
  if (email && !is_email(*email)) {
    fields.fail("email", "Enter a valid email address.");
  }
  if (!fields.errors().empty()) {
    co_return bare_errors(fields.errors());
  }
  const std::string client_id = random_secret(kClientIdLength);
  const std::string secret = random_secret(kSecretLength);
  const std::string code = random_code();
  // Not written into the call: GCC 12 destroys such temporaries of an awaited call twice.
  Registration registration{.client_id = client_id,
                            .secret_digest = digest_of(secret),
                            .name = *name,
                            .description = *description,
                            .email = *email,
                            .code_digest = digest_of(code)};
  const auto added = co_await services.accounts.add(std::move(registration), call.deadline);
  if (!added) {
    co_return store_failed(services.metrics, "postgres", added.error());
  }
  if (*added == AccountStore::Added::name_is_taken) {
    co_return bare_errors({{"name", {"An application with this name already exists."}}});
  }
  services.mailer.send(verification_mail(
      *email, *name, call.request.base_url + "/v1/auth_tokens/verify/" + code + "/"));
  Reply reply = json_reply("");
  reply.status = 201;
  ObjectWriter object{reply.body};
  object.text("client_id", client_id);
  object.text("client_secret", secret);
  object.text("name", *name);
  object.text("msg", "Check your email for a verification link.");
  object.close();
  reply.headers.emplace_back("Cache-Control", "no-store");
  co_return reply;
}

constexpr Outcome kOutcomes[] = {
    {.status = 201,
     .meaning = "the credentials; the secret is shown this once",
     .schema = "Registration"},
    {.status = 400, .meaning = "what is wrong, by field", .schema = "RegistrationErrors"}};

}  // namespace

Endpoint register_application() {
  return {.name = "register",
          .method = Method::post,
          .path = "/v1/auth_tokens/register/",
          .summary = "register an application, for limits of its own",
          .fields = kFields,
          .outcomes = kOutcomes,
          .limits = Limits::registration,
          .body = {{BodyForm::json, BodyForm::form, BodyForm::multipart}},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
