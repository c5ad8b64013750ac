#include "api/lookups.hpp"
#include "core/log.hpp"
#include "core/usage/event.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::size_t kMostEvents = 50;
constexpr std::uint64_t kMostBytes = std::uint64_t{512} << 10U;

constexpr Parameter kFields[] = {
    {.name = "events",
     .type = Parameter::Type::objects,
     .meaning = "up to 50 events of a web page, as schemas/records/usage-event.schema.json has "
                "them, without received_at, agent and origin; a text/plain body is read as JSON",
     .is_required = true}};

/// Reads all of them, or says what is wrong with each.
std::variant<std::vector<usage::Event>, FieldErrors> read_events(const Body& body, UtcTime now,
                                                                 const Request& request) {
  BodyFields fields{body};
  if (!fields.errors().empty()) {
    return fields.errors();
  }
  const json::value* const given = fields.find("events");
  const json::array* const list = given == nullptr ? nullptr : given->if_array();
  if (list == nullptr) {
    return FieldErrors{
        {"events", {given == nullptr ? "This field is required." : "Expected a list of items."}}};
  }
  if (list->empty() || list->size() > kMostEvents) {
    return FieldErrors{{"events", {"Must hold 1 to 50 events."}}};
  }
  std::vector<usage::Event> events;
  FieldErrors errors;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto event = usage::read_sent_event((*list)[i], now);
    if (!event) {
      const Error fault = event.error();
      const std::string field = fault.field().empty() ? "" : "." + fault.field();
      errors.push_back({"events[" + std::to_string(i) + "]" + field, {fault.rule()}});
      continue;
    }
    event->agent = request.page.agent;
    events.push_back(std::move(*event));
  }
  if (!errors.empty()) {
    return errors;
  }
  return events;
}

Reply nothing_kept() { return {.status = 204, .body = "", .content_type = ""}; }

Task<Reply> answer(Services services, Call call) {
  auto read = read_events(call.body, SystemClock{}.now(), call.request);
  if (const FieldErrors* errors = std::get_if<FieldErrors>(&read)) {
    co_return field_error_reply(*errors);
  }
  if (!services.usage.is_enabled() || call.request.page.opts_out) {
    co_return nothing_kept();
  }
  auto& events = std::get<std::vector<usage::Event>>(read);
  const std::size_t count = events.size();
  const auto sent = co_await services.usage.send(std::move(events), call.deadline);
  if (!sent) {
    services.metrics.count_failure("kafka", to_string(sent.error().errc()));
    Reply reply = error_reply(503, "The events were not taken. Send them again.");
    reply.headers.emplace_back("Retry-After", "5");
    co_return reply;
  }
  Reply reply = json_reply("{\"accepted\":" + std::to_string(count) + "}");
  reply.status = 202;
  co_return reply;
}

constexpr Outcome kOutcomes[] = {
    {.status = 202, .meaning = "the broker has them", .schema = "AcceptedEvents"},
    {.status = 204, .meaning = "nothing is kept: the reader or the installation opted out"}};

}  // namespace

Endpoint events() {
  return {.name = "events",
          .method = Method::post,
          .path = "/v1/events/",
          .summary = "say how the pages are used",
          .fields = kFields,
          .outcomes = kOutcomes,
          .limits = Limits::events,
          .body = {{BodyForm::json, BodyForm::plain}, kMostBytes},
          .answer = answer};
}

}  // namespace freshet::api::endpoint
