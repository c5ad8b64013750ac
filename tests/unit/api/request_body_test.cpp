#include "api/request_body.hpp"

#include <gtest/gtest.h>

namespace freshet::api {
namespace {

const BodyRule kAll{{BodyForm::json, BodyForm::form, BodyForm::multipart}, 1000};

/// The content, or the refusal: `400 {"detail":…}`.
std::string read(const std::string& type, const std::string& body) {
  Request request;
  request.content_type = type;
  request.has_body = true;
  request.body = body;
  const auto parsed = parse_body(request, kAll);
  if (const Reply* refusal = std::get_if<Reply>(&parsed)) {
    return std::to_string(refusal->status) + " " + refusal->body;
  }
  return to_json(std::get<Body>(parsed).content);
}

TEST(ParseBody, WithoutABodyThereAreNoFields) {
  const auto parsed = parse_body({}, kAll);
  const Body& body = std::get<Body>(parsed);
  EXPECT_FALSE(body.form);
  EXPECT_EQ(to_json(body.content), "{}");
}

TEST(ParseBody, JsonIsWhatItSays) {
  EXPECT_EQ(read("application/json", R"({"a":1.0,"b":[null]})"), R"({"a":1.0,"b":[null]})");
  EXPECT_EQ(read("Application/JSON ; charset=utf-8", "[1]"), "[1]");
  for (const char* broken : {"", "{", "{}x", "{\"a\":\"\xFF\"}", "{'a':1}"}) {
    const std::string answer = read("application/json", broken);
    EXPECT_TRUE(answer.starts_with(R"(400 {"detail":"JSON parse error - )")) << answer;
  }
}

TEST(ParseBody, AFormIsAnObjectOfTexts) {
  EXPECT_EQ(read("application/x-www-form-urlencoded", "a=1&b=x+%C3%A9&a=2&c&=d"),
            R"({"a":"2","b":"x é","c":"","":"d"})");
  EXPECT_EQ(read("application/x-www-form-urlencoded", "a=%FF"), "{\"a\":\"\uFFFD\"}");
}

TEST(ParseBody, TypesThatTheRouteDoesNotTakeAreNamedAsSent) {
  EXPECT_EQ(read("text/plain; x", "a"),
            R"(415 {"detail":"Unsupported media type \"text/plain; x\" in request."})");
  EXPECT_EQ(read("", "a"), R"(415 {"detail":"Unsupported media type \"\" in request."})");
}

constexpr const char* kMultipart = "multipart/form-data; boundary=\"b d\"";

TEST(ParseBody, MultipartGivesItsTexts) {
  EXPECT_EQ(read(kMultipart,
                 "ignored\r\n--b d\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\n"
                 "client\r\ncredentials\r\n"
                 "--b d\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: form-data; name=id\r\n"
                 "\r\n\r\n"
                 "--b d\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n"
                 "\r\nbytes\r\n"
                 "--b d\r\nContent-Disposition: form-data; name=\"a\\\"b;c\"\r\n\r\n--b\r\n"
                 "--b d--\r\nignored"),
            "{\"grant_type\":\"client\\r\\ncredentials\",\"id\":\"\",\"a\\\"b;c\":\"--b\"}");
  EXPECT_EQ(read(kMultipart, "--b d--\r\n"), "{}");
}

TEST(ParseBody, BrokenMultipartIsRefused) {
  for (const char* broken :
       {"", "x", "--b d", "--b d\r\n", "--b d\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        "--b d\r\nContent-Disposition: form-data; name=a\r\nx\r\n--b d--",
        "--b d\r\n\r\nx\r\n--b d"}) {
    EXPECT_TRUE(read(kMultipart, broken).starts_with("400 ")) << broken;
  }
  EXPECT_EQ(read("multipart/form-data", "--x--"),
            R"(400 {"detail":"Multipart form parse error - Invalid boundary."})");
}

}  // namespace
}  // namespace freshet::api
