// Registering, tokens, who may do what with them; and reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "api/dispatcher.hpp"
#include "api/endpoints.hpp"
#include "api/identity.hpp"
#include "api/routes.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

using testing::HasSubstr;

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kJson = "application/json";
const std::string kWork = "/v1/images/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/";

class AccountsTest : public testing::Test, protected FakeServices {
 protected:
  Reply ask(const std::string& method, const std::string& path, const std::string& type = "",
            const std::string& body = "", const std::string& authorization = "") {
    Request request = request_for(method, path);
    request.base_url = "https://api.example";
    request.client_address = "192.0.2.1";
    request.content_type = type;
    request.has_body = !body.empty();
    request.body = body;
    request.authorization = authorization;
    return api::ask(dispatcher, std::move(request));
  }
  Reply get(const std::string& path, const std::string& token) {
    return ask("GET", path, "", "", "Bearer " + token);
  }
  json::object registered(const std::string& name = "Books") {
    const Reply reply = ask("POST", "/v1/auth_tokens/register/", kJson,
                            R"({"name":")" + name + R"(","description":"d","email":"a@b.org"})");
    EXPECT_EQ(reply.status, 201U) << reply.body;
    return json::parse(reply.body).as_object();
  }

  LocalLimiter limiter{Rates{"anon_burst=1000/min,anon_sustained=2000/day,tenperday=100/day"}};
  Dispatcher dispatcher{with(limiter), router};
};

TEST_F(AccountsTest, RegisteringGivesCredentialsOnceAndMailsALink) {
  const json::object given = registered();
  EXPECT_EQ(given.at("client_id").as_string().size(), 40U);
  EXPECT_EQ(given.at("client_secret").as_string().size(), 128U);
  EXPECT_EQ(given.at("msg"), "Check your email for a verification link.");
  ASSERT_EQ(mailer.mails.size(), 1U);
  EXPECT_EQ(mailer.mails[0].to, "a@b.org");
  EXPECT_EQ(mailer.mails[0].subject, "Verify your API credentials");
  const std::string& text = mailer.mails[0].text;
  const std::size_t at = text.find("https://api.example/v1/auth_tokens/verify/");
  ASSERT_NE(at, std::string::npos);
  const std::string path = text.substr(at + 19, text.find('\n', at) - at - 19);
  // Nothing that is stored can be used.
  const Registration& stored = accounts.registrations.at(0);
  EXPECT_EQ(stored.secret_digest,
            digest_of(std::string_view{given.at("client_secret").as_string()}));
  EXPECT_EQ(path.find(stored.code_digest), std::string::npos);
  EXPECT_EQ(ask("HEAD", path).status, 200U);
  EXPECT_FALSE(accounts.stored[0].application.is_verified) << "a look is no confirmation";
  EXPECT_EQ(ask("GET", path).body,
            R"({"msg":"Successfully verified email. Your OAuth2 credentials are now active."})");
  EXPECT_TRUE(accounts.stored[0].application.is_verified);
  const Reply again = ask("GET", path);
  EXPECT_EQ(again.status, 500U);
  EXPECT_EQ(again.body,
            R"({"msg":"Invalid verification code. Did you validate your credentials already?"})");
}

struct Faulty {
  std::string body;
  std::string answer;
};

TEST_F(AccountsTest, FaultsOfARegistrationStandAlone) {
  registered("Taken");
  for (const auto& [body, answer] : std::vector<Faulty>{
           {"{}",
            R"({"name":["This field is required."],"description":["This field is required."],)"
            R"("email":["This field is required."]})"},
           {R"({"name":"n","description":"d","email":"nobody"})",
            R"({"email":["Enter a valid email address."]})"},
           {R"({"name":"n","description":"d","email":"a@b.org\r\nBcc: c@d.org"})",
            R"({"email":["Enter a valid email address."]})"},
           {R"({"name":"n","description":"d","email":"a@b.org> NOTIFY=x"})",
            R"({"email":["Enter a valid email address."]})"},
           {R"({"name":"a\nb","description":"d","email":"a@b.org"})",
            R"({"name":["Control characters are not allowed."]})"},
           {R"({"name":")" + std::string(151, 'n') + R"(","description":"d","email":"a@b.org"})",
            R"({"name":["Ensure this field has no more than 150 characters."]})"},
           {R"({"name":"Taken","description":"d","email":"a@b.org"})",
            R"({"name":["An application with this name already exists."]})"},
           {"[]", R"({"non_field_errors":["Invalid data. Expected a dictionary."]})"}}) {
    const Reply reply = ask("POST", "/v1/auth_tokens/register/", kJson, body);
    EXPECT_EQ(reply.status, 400U) << body;
    EXPECT_EQ(reply.body, answer) << body;
  }
  EXPECT_EQ(mailer.mails.size(), 1U);
}

TEST_F(AccountsTest, ATokenIsGivenForTheRightSecret) {
  const json::object given = registered();
  const std::string id{given.at("client_id").as_string()};
  const std::string secret{given.at("client_secret").as_string()};
  const std::string form = "grant_type=client_credentials&client_id=" + id + "&client_secret=";
  const auto token = [&](const std::string& type, const std::string& body,
                         const std::string& authorization = "") {
    return ask("POST", "/v1/auth_tokens/token/", type, body, authorization);
  };
  const Reply good = token(kForm, form + secret);
  ASSERT_EQ(good.status, 200U) << good.body;
  const json::value body = json::parse(good.body);
  EXPECT_EQ(body.at("access_token").as_string().size(), 30U);
  EXPECT_EQ(body.at("expires_in"), 43200);
  EXPECT_EQ(body.at("token_type"), "Bearer");
  EXPECT_EQ(body.at("scope"), "read write");
  EXPECT_EQ(header_of(good, "Cache-Control"), "no-store");
  EXPECT_EQ(accounts.last_life, std::chrono::hours{12});
  EXPECT_EQ(accounts.stored[0].tokens[0],
            digest_of(std::string_view{body.at("access_token").as_string()}));
  EXPECT_EQ(
      token("multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=grant_type\r\n\r\n"
            "client_credentials\r\n--b\r\nContent-Disposition: form-data; "
            "name=\"client_id\"\r\n\r\n" +
                id + "\r\n--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n" +
                secret + "\r\n--b--\r\n")
          .status,
      200U);
  EXPECT_EQ(token(kForm, form + "wrong").status, 401U);
  EXPECT_EQ(token(kForm, form + "wrong").body, R"({"error":"invalid_client"})");
  EXPECT_EQ(token(kForm, "grant_type=client_credentials").body, R"({"error":"invalid_client"})");
  EXPECT_EQ(token(kForm, form + secret + "&grant_type=password").body,
            R"({"error":"unsupported_grant_type"})");
  EXPECT_EQ(token(kForm, "client_id=" + id).body, R"({"error":"unsupported_grant_type"})");
  EXPECT_EQ(token("", "").body, R"({"error":"unsupported_grant_type"})");
  EXPECT_EQ(token(kJson, R"({"grant_type":"client_credentials"})").body,
            R"({"error":"unsupported_grant_type"})");
  EXPECT_EQ(token("text/plain", "x").status, 415U);
  const Reply too_long = token(
      kForm, "grant_type=client_credentials&client_secret=s&client_id=" + std::string(300, 'x'));
  EXPECT_EQ(too_long.status, 400U);
  EXPECT_EQ(too_long.body, R"({"detail":"Invalid credentials"})");
  EXPECT_EQ(token(kForm, "grant_type=client_credentials&client_id=a%00&client_secret=s").status,
            400U);
  const Reply get = ask("GET", "/v1/auth_tokens/token/");
  EXPECT_EQ(get.status, 405U);
  EXPECT_EQ(get.body, R"({"detail":"Method \"GET\" not allowed."})");
}

TEST_F(AccountsTest, BasicCredentialsDoAsWell) {
  accounts.have({.client_id = "me", .name = "n", .privileges = {}}, "t");
  const std::string body = "grant_type=client_credentials";
  const auto status = [&](const std::string& basic) {
    return ask("POST", "/v1/auth_tokens/token/", kForm, body, "Basic " + basic).status;
  };
  EXPECT_EQ(status("bWU6c2VjcmV0"), 200U);  // me:secret
  EXPECT_EQ(status("bWU6d3Jvbmc="), 401U);  // me:wrong
  for (const char* broken : {"", "=", "====", "bWU", "bWU6c2VjcmV0*", "bWU="}) {
    EXPECT_EQ(status(broken), 401U) << broken;
  }
}

TEST_F(AccountsTest, ATokenChangesWhatMayBeAskedFor) {
  accounts.have({.client_id = "c", .name = "Büro\n", .privileges = {}}, "good");
  const Reply reply = get("/v1/images/?page_size=50", "good");
  EXPECT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(header_of(reply, "x-ov-client-application-name"), "B?ro?");
  EXPECT_EQ(header_of(reply, "x-ov-client-application-verified"), "False");
  EXPECT_EQ(header_of(reply, "X-RateLimit-Limit-anon_burst"), "1000/min");
  EXPECT_EQ(get("/v1/images/?page_size=51", "good").body,
            R"({"detail":"page_size may not exceed 50 for authenticated requests"})");
  EXPECT_EQ(get("/v1/images/", "bad").status, 401U);
  const Reply anonymous = ask("GET", "/v1/images/");
  EXPECT_EQ(header_of(anonymous, "x-ov-client-application-name"), "");
  accounts.have({.client_id = "d",
                 .name = "n",
                 .is_verified = true,
                 .privileges = {"max_page_size", "max_result_count"}},
                "mighty");
  EXPECT_EQ(get("/v1/images/?page_size=240&page=20", "mighty").status, 200U);
  EXPECT_EQ(get("/v1/images/?page_size=241", "mighty").status, 400U);
  EXPECT_EQ(header_of(get("/v1/images/", "mighty"), "x-ov-client-application-verified"), "True");
  EXPECT_EQ(
      header_of(get("/v1/images/", "mighty"), "X-RateLimit-Limit-oauth2_client_credentials_burst"),
      "100/min");
}

TEST_F(AccountsTest, ATokenIsLookedUpOnce) {
  accounts.have({.client_id = "c", .name = "n", .privileges = {}}, "good");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(get("/v1/images/", "good").status, 200U);
    EXPECT_EQ(get("/v1/images/", "bad").status, 401U);
  }
  EXPECT_EQ(accounts.asked_for_tokens, 2);
  EXPECT_EQ(get("/v1/images/", std::string(300, 'x')).status, 401U);
  EXPECT_EQ(accounts.asked_for_tokens, 2) << "no token is that long";
  for (std::size_t i = 0; i < Identity::kMost; ++i) {
    get("/v1/images/", std::to_string(i));
  }
  get("/v1/images/", "good");
  EXPECT_EQ(accounts.asked_for_tokens, 3 + static_cast<int>(Identity::kMost)) << "it is bounded";
}

TEST_F(AccountsTest, ARevokedApplicationIsRefusedAndAStoreThatIsAwayIsSaid) {
  accounts.have({.client_id = "c", .name = "n", .is_revoked = true, .privileges = {}}, "gone");
  const Reply reply = get("/v1/images/", "gone");
  EXPECT_EQ(reply.status, 403U);
  EXPECT_EQ(reply.body, R"({"detail":"You do not have permission to perform this action."})");
  EXPECT_EQ(ask("POST", "/v1/auth_tokens/token/", kForm,
                "grant_type=client_credentials&client_id=c&client_secret=secret")
                .status,
            401U);
  accounts.fault = Error{Errc::unreachable, Retry::after_backoff, "no server"};
  EXPECT_EQ(get("/v1/images/", "other").status, 503U);
  EXPECT_EQ(ask("GET", "/v1/images/").status, 200U) << "whoever has no token does not need it";
}

TEST_F(AccountsTest, RateLimitTellsWhatWasUsed) {
  accounts.have({.client_id = "c", .name = "n", .is_verified = true, .privileges = {}}, "good");
  accounts.have({.client_id = "e",
                 .name = "m",
                 .model = RateModel::exempt,
                 .is_verified = true,
                 .privileges = {}},
                "free");
  get("/v1/images/", "good");
  get("/v1/images/stats/", "good");
  const Reply reply = get("/v1/rate_limit/", "good");
  EXPECT_EQ(reply.body, R"({"requests_this_minute":2,"requests_today":2,)"
                        R"("rate_limit_model":"standard","verified":true})");
  EXPECT_EQ(get("/v1/rate_limit/", "free").body,
            R"({"requests_this_minute":null,"requests_today":null,)"
            R"("rate_limit_model":"exempt","verified":true})");
  EXPECT_EQ(header_of(get("/v1/images/", "free"), "X-RateLimit-Limit-anon_burst"), "");
  const Reply anonymous = ask("GET", "/v1/rate_limit/");
  EXPECT_EQ(anonymous.status, 403U);
  EXPECT_EQ(anonymous.body, R"({"detail":"Forbidden"})");
  EXPECT_EQ(ask("GET", "/v1/rate_limit/").status, 429U) << "once a second";
  EXPECT_EQ(get("/v1/rate_limit/", "bad").status, 401U);
}

TEST_F(AccountsTest, AReportIsStoredAndSaidBack) {
  const Reply reply =
      ask("POST", kWork + "report/", kJson, R"({"reason":"sensitive","description":"look"})");
  EXPECT_EQ(reply.status, 201U);
  EXPECT_EQ(reply.body, R"({"identifier":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11",)"
                        R"("reason":"mature","description":"look"})");
  ASSERT_EQ(reports.reports.size(), 1U);
  EXPECT_EQ(reports.reports[0].reason, "mature");
  EXPECT_EQ(ask("POST", kWork + "report/", kForm, "reason=dmca&description=").status, 201U);
  EXPECT_THAT(ask("POST", kWork + "report/", kJson, R"({"reason":"dmca"})").body,
              HasSubstr(R"("description":null)"));
  EXPECT_EQ(ask("GET", kWork + "report/").status, 405U);
}

TEST_F(AccountsTest, FaultsOfAReportAreThoseOfTheWire) {
  const std::string zzz = "zzz";
  for (
      const auto& [body, answer] : std::vector<Faulty>{
          {R"({"reason":"zzz"})", R"({"detail":{"reason":["\"zzz\" is not a valid choice."]}})"},
          {"{}", R"({"detail":{"reason":["This field may not be null."]}})"},
          {R"({"reason":null})", R"({"detail":{"reason":["This field may not be null."]}})"},
          {R"({"reason":"other"})",
           R"({"detail":{"non_field_errors":["Description must be at least be 20 characters long"]}})"},
          {R"({"reason":"other","description":"too short"})",
           R"({"detail":{"non_field_errors":["Description must be at least be 20 characters long"]}})"},
          {R"({"reason":"dmca","description":")" + std::string(501, 'x') + "\"}",
           R"({"detail":{"description":["Ensure this field has no more than 500 characters."]}})"}}) {
    const Reply reply = ask("POST", kWork + "report/", kJson, body);
    EXPECT_EQ(reply.status, 400U) << body;
    EXPECT_EQ(reply.body, answer) << body;
  }
  EXPECT_TRUE(reports.reports.empty());
  reports.is_known = false;
  const Reply unknown = ask("POST", kWork + "report/", kJson, R"({"reason":"dmca"})");
  EXPECT_EQ(unknown.status, 400U);
  EXPECT_THAT(unknown.body, HasSubstr(R"({"detail":{"identifier":[)"));
  EXPECT_EQ(ask("POST", kWork + "report/", kJson, "{").status, 400U);
  EXPECT_THAT(ask("POST", kWork + "report/", kJson, "{").body, HasSubstr("JSON parse error - "));
  EXPECT_EQ(ask("POST", kWork + "report/", "text/plain", "reason=dmca").status, 415U);
}

TEST(Limits, RefuseWhatIsTooMuchAndSaySoInHeaders) {
  FakeServices services;
  LocalLimiter limiter{Rates{"anon_burst=2/min"}};
  Dispatcher dispatcher{services.with(limiter), services.router};
  const auto get = [&](const std::string& path, const std::string& address) {
    Request request;
    request.method = "GET";
    request.path = path;
    request.client_address = address;
    return api::ask(dispatcher, std::move(request));
  };
  const Reply first = get("/v1/images/", "192.0.2.1");
  EXPECT_EQ(header_of(first, "X-RateLimit-Limit-anon_burst"), "2/min");
  EXPECT_EQ(header_of(first, "X-RateLimit-Available-anon_burst"), "1");
  EXPECT_EQ(header_of(first, "X-RateLimit-Available-anon_sustained"), "199");
  EXPECT_EQ(header_of(get("/v1/audio/", "192.0.2.1"), "X-RateLimit-Available-anon_burst"), "0");
  const Reply refused = get("/v1/images/stats/", "192.0.2.1");
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(header_of(refused, "X-RateLimit-Available-anon_burst"), "0");
  EXPECT_EQ(header_of(refused, "X-RateLimit-Available-anon_sustained"), "197");
  EXPECT_EQ(header_of(refused, "Retry-After"), "60");
  EXPECT_EQ(header_of(refused, "Cache-Control"), "");
  EXPECT_EQ(header_of(refused, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(get("/v1/images/", "192.0.2.2").status, 200U);
  EXPECT_EQ(get("/v1/", "192.0.2.1").status, 200U) << "pages for people are not limited";
  EXPECT_EQ(get("/nowhere/", "192.0.2.1").status, 404U);
}

TEST(Secrets, AreRandomAndOfTheirLength) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(random_secret(30).size(), 30U);
    EXPECT_TRUE(seen.insert(random_secret(30)).second);
    EXPECT_EQ(random_code().size(), 86U);
  }
  EXPECT_TRUE(has_digest("x", digest_of("x")));
  EXPECT_FALSE(has_digest("y", digest_of("x")));
  EXPECT_FALSE(has_digest("x", ""));
}

TEST(MailText, IsAMailOfPlainText) {
  EXPECT_EQ(mail_text({"a@b.org", "Hello", "one\ntwo\n"}, "us@example.org", "now", "1@freshet"),
            "From: Freshet <us@example.org>\r\nTo: <a@b.org>\r\nSubject: Hello\r\nDate: now\r\n"
            "Message-ID: <1@freshet>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
            "Auto-Submitted: auto-generated\r\n\r\none\r\ntwo\r\n");
}

}  // namespace
}  // namespace freshet::api
