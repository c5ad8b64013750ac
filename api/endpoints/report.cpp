#include "api/lookups.hpp"
#include "api/parameter_fields.hpp"
#include "core/json_writer.hpp"
#include "core/utf8.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::size_t kLeastWords = 20;  // of what is none of the named reasons

constexpr std::string_view kReasons[] = {"mature", "sensitive", "dmca", "other"};
constexpr Parameter kFields[] = {{.name = "reason",
                                  .type = Parameter::Type::choice,
                                  .meaning = "what is wrong; sensitive is the same as mature",
                                  .values = kReasons,
                                  .is_required = true,
                                  .example = "mature"},
                                 {.name = "description",
                                  .meaning = "in your words; of other, 20 characters or more",
                                  .longest = 500}};

/// The reason as it is kept; a fault where it is none.
std::string read_reason(BodyFields& fields) {
  const json::value* const given = fields.find("reason");
  if (given == nullptr || given->is_null()) {
    fields.fail("reason", "This field may not be null.");
    return "";
  }
  const std::string text =
      given->is_string() ? std::string{std::string_view{given->get_string()}} : to_json(*given);
  for (const std::string_view reason : kReasons) {
    if (text == reason) {
      return text == "sensitive" ? "mature" : text;
    }
  }
  fields.fail("reason", "\"" + text + "\" is not a valid choice.");
  return "";
}

/// An empty one is one: forms send what was not filled in.
std::optional<std::string> read_description(BodyFields& fields) {
  const json::value* const given = fields.find("description");
  if (given != nullptr && given->is_string() && given->get_string().empty()) {
    return "";
  }
  return fields.text(kFields[1]);
}

Task<Reply> answer(Services services, Call call) {
  BodyFields fields{call.body};
  Report report;
  report.media = call.media;
  report.identifier = call.identifier;
  report.reason = read_reason(fields);
  report.description = read_description(fields);
  if (fields.errors().empty() && report.reason == "other" &&
      count_code_points(report.description.value_or("")) < kLeastWords) {
    fields.fail("non_field_errors", "Description must be at least be 20 characters long");
  }
  if (!fields.errors().empty()) {
    co_return field_error_reply(fields.errors());
  }
  const auto added = co_await services.reports.add(report, call.deadline);
  if (!added) {
    co_return store_failed(services.metrics, "postgres", added.error());
  }
  if (!*added) {
    co_return field_error_reply(
        {{"identifier", {"Object with identifier=" + call.identifier + " does not exist."}}});
  }
  Reply reply = json_reply("");
  reply.status = 201;
  ObjectWriter object{reply.body};
  object.text("identifier", call.identifier);
  object.text("reason", report.reason);
  object.text_or_null("description", report.description);
  object.close();
  co_return reply;
}

constexpr Outcome kOutcomes[] = {
    {.status = 201, .meaning = "it was taken down for the moderators", .schema = "Report"}};

}  // namespace

Endpoint report() {
  return {.name = "report",
          .method = Method::post,
          .path = "/v1/{media}/{id}/report/",
          .summary = "tell the moderators about a work",
          .fields = kFields,
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .body = {{BodyForm::json, BodyForm::form, BodyForm::multipart}},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
