#include "api/dispatcher.hpp"

#include <gtest/gtest.h>

#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/test_table.hpp"

namespace freshet::api {
namespace {

constexpr const char* kEcho = "/v1/audio/0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11/echo/";

class DispatcherTest : public testing::Test {
 protected:
  Reply ask(Request request) { return api::ask(dispatcher, std::move(request)); }
  Reply ask(const std::string& method, const std::string& path, const std::string& type = "",
            const std::string& body = "") {
    Request request;
    request.method = method;
    request.path = path;
    request.content_type = type;
    request.has_body = !body.empty();
    request.body = body;
    return ask(std::move(request));
  }

  TestServices test;
  Dispatcher dispatcher{test.services(), test.router};
};

TEST_F(DispatcherTest, HandsOverBodyAndPath) {
  const Reply reply = ask("POST", kEcho, "application/json", R"({"a":[1,"é"]})");
  EXPECT_EQ(reply.status, 201U);
  EXPECT_EQ(reply.body,
            R"({"identifier":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","text":"","media":"audio",)"
            R"("has_body":true,"content":{"a":[1,"é"]}})");
  EXPECT_EQ(header_of(reply, "Allow"), "POST, OPTIONS");
  EXPECT_EQ(header_of(reply, "Cache-Control"), "");
  EXPECT_EQ(ask("GET", "/v1/audio/code/a%20b/").body,
            R"({"identifier":"","text":"a%20b","media":"audio","has_body":false,"content":{}})");
}

TEST_F(DispatcherTest, OnePathHasARowForEachMethod) {
  EXPECT_EQ(ask("GET", "/v1/both/").body, R"({"hello":"you"})");
  EXPECT_EQ(ask("HEAD", "/v1/both/").status, 200U);
  EXPECT_EQ(header_of(ask("GET", "/v1/both/"), "Cache-Control"), "max-age=7, public");
  EXPECT_EQ(ask("POST", "/v1/both/", "application/x-www-form-urlencoded", "a=b").status, 201U);
  const Reply refused = ask("PATCH", "/v1/both/");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.body, R"({"detail":"Method \"PATCH\" not allowed."})");
  EXPECT_EQ(header_of(refused, "Allow"), "GET, HEAD, POST, OPTIONS");
  const Reply options = ask("OPTIONS", "/v1/both/");
  EXPECT_EQ(options.body, R"({"name":"both","renders":["application/json"]})");
  EXPECT_EQ(header_of(options, "Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(DispatcherTest, WithoutGetThereIsNoHead) {
  EXPECT_EQ(ask("GET", kEcho).status, 405U);
  EXPECT_EQ(ask("HEAD", kEcho).status, 405U);
  EXPECT_EQ(ask("OPTIONS", kEcho).status, 200U);
}

TEST_F(DispatcherTest, RefusesAFormThatTheRouteDoesNotTake) {
  const Reply refused = ask("POST", "/v1/both/", "application/json", "{}");
  EXPECT_EQ(refused.status, 415U);
  EXPECT_EQ(refused.body,
            R"({"detail":"Unsupported media type \"application/json\" in request."})");
  EXPECT_EQ(ask("POST", kEcho, "", "{}").status, 415U);
  EXPECT_EQ(ask("POST", kEcho, "application/json", "{").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/both/", "text/plain", "x").status, 200U)
      << "a body that no route wants is not looked at";
}

TEST_F(DispatcherTest, TellsTheServerWhichBodiesAreWanted) {
  const auto limit = [&](const std::string& method, const std::string& path,
                         const std::string& type) {
    Request head;
    head.method = method;
    head.path = path;
    head.content_type = type;
    return dispatcher.body_limit(head);
  };
  EXPECT_EQ(limit("POST", kEcho, "application/json"), 1000U);
  EXPECT_EQ(limit("POST", "/v1/both/", "application/x-www-form-urlencoded; charset=utf-8"), 100U);
  EXPECT_EQ(limit("POST", "/v1/both/", "application/json"), std::nullopt);
  EXPECT_EQ(limit("GET", "/v1/both/", "application/x-www-form-urlencoded"), std::nullopt);
  EXPECT_EQ(limit("DELETE", "/v1/both/", "application/json"), std::nullopt);
  EXPECT_EQ(limit("POST", "/nowhere/", "application/json"), std::nullopt);
  EXPECT_EQ(limit("POST", "/v1/both", "application/x-www-form-urlencoded"), std::nullopt);
}

TEST_F(DispatcherTest, AskingWhoeverIsAnonymousToStayOut) {
  const Reply reply = ask("GET", "/v1/mine/");
  EXPECT_EQ(reply.status, 403U);
  EXPECT_EQ(reply.body, R"({"detail":"Forbidden"})");
}

TEST_F(DispatcherTest, AHandlerThatThrowsIsA500) {
  const Reply reply = ask("GET", "/v1/falls/");
  EXPECT_EQ(reply.status, 500U);
  EXPECT_EQ(reply.body, R"({"detail":"An internal server error occurred."})");
  EXPECT_EQ(header_of(reply, "Cache-Control"), "");
}

struct Filled {
  std::string name;
  std::string body;
  std::string answer;
};

TEST_F(DispatcherTest, FieldsOfABodyHaveTheFaultsOfTheWire) {
  const std::vector<Filled> rows{
      {"Good", R"({"reason":" other ","note":"x"})", R"(["other","x"])"},
      {"OptionalAbsent", R"({"reason":"other"})", R"(["other","-"])"},
      {"OptionalNull", R"({"reason":"other","note":null})", R"(["other","-"])"},
      {"Number", R"({"reason":1.0,"note":7})", R"(["1.0","7"])"},
      {"Absent", "{}", R"({"detail":{"reason":["This field is required."]}})"},
      {"Null", R"({"reason":null})", R"({"detail":{"reason":["This field may not be null."]}})"},
      {"Blank", R"({"reason":"\u00a0"})",
       R"({"detail":{"reason":["This field may not be blank."]}})"},
      {"NoText", R"({"reason":true})", R"({"detail":{"reason":["Not a valid string."]}})"},
      {"Nul", R"({"reason":"a\u0000"})",
       R"({"detail":{"reason":["Null characters are not allowed."]}})"},
      {"BothAtOnce", R"({"note":"éééééé"})",
       R"({"detail":{"reason":["This field is required."],)"
       R"("note":["Ensure this field has no more than 5 characters."]}})"},
      {"NoObject", "[1]",
       R"({"detail":{"non_field_errors":["Invalid data. Expected a dictionary."]}})"}};
  for (const auto& [name, body, answer] : rows) {
    EXPECT_EQ(ask("PUT", "/v1/fields/", "application/json", body).body, answer) << name;
  }
  EXPECT_EQ(
      ask("PUT", "/v1/fields/", "application/x-www-form-urlencoded", "reason=a+b&note=%C3%A9").body,
      R"(["a b","é"])");
  EXPECT_EQ(ask("PUT", "/v1/fields/").body, R"({"detail":{"reason":["This field is required."]}})");
}

}  // namespace
}  // namespace freshet::api
