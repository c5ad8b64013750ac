#include "api/endpoints.hpp"
#include "api/openapi.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::string_view kJsonType = "application/vnd.oai.openapi+json";
constexpr std::string_view kYamlType = "application/vnd.oai.openapi";

bool wants_json(const Request& request) {
  if (const std::string* const format = request.query.find_filled("format")) {
    return *format == "json";
  }
  return request.accept.find("json") != request.accept.npos &&
         request.accept.find("yaml") == request.accept.npos &&
         request.accept.find("html") == request.accept.npos;
}

Task<Reply> answer(Services, Call call) {
  static const json::object document = openapi_document(endpoints());
  static const std::string as_json = to_json(document);
  static const std::string as_yaml = to_yaml(document);
  const bool is_json = wants_json(call.request);
  Reply reply = json_reply(is_json ? as_json : as_yaml);
  reply.content_type = is_json ? kJsonType : kYamlType;
  co_return reply;
}

constexpr std::string_view kForms[] = {"yaml", "json"};
constexpr Parameter kParameters[] = {{.name = "format",
                                      .type = Parameter::Type::choice,
                                      .meaning = "how it is written",
                                      .values = kForms,
                                      .fallback = "yaml"}};
constexpr Outcome kOutcomes[] = {{.meaning = "this document", .content_type = kYamlType},
                                 {.meaning = "this document", .content_type = kJsonType}};

}  // namespace

Endpoint schema() {
  return {.name = "schema",
          .path = "/v1/schema/",
          .summary = "all of this for programs: OpenAPI 3.1",
          .parameters = kParameters,
          .outcomes = kOutcomes,
          .formats = Formats::json_or_yaml,
          .cache = std::chrono::seconds{60},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
