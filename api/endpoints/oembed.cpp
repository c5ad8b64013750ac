#include "api/oembed.hpp"

#include "api/lookups.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call call) {
  auto parsed = parse_oembed(call.request.query);
  if (Reply* refusal = std::get_if<Reply>(&parsed)) {
    co_return std::move(*refusal);
  }
  const OembedTarget& target = std::get<OembedTarget>(parsed);
  call.identifier = target.identifier;
  auto found = co_await find_work(services, call);
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const auto& row = std::get<std::optional<WorkRow>>(found);
  if (!row) {
    co_return oembed_error("Could not find image from the provided URL", target.url);
  }
  co_return json_reply(build_oembed(*row));
}

constexpr Parameter kParameters[] = {
    {.name = "url",
     .meaning = "of a page, on any host, whose last part is the id of an image",
     .is_required = true}};
constexpr Outcome kOutcomes[] = {{.meaning = "the image for oEmbed", .schema = "Oembed"}};

}  // namespace

Endpoint oembed() {
  return {.name = "oembed",
          .path = "/v1/images/oembed/",
          .summary = "oEmbed of an image",
          .parameters = kParameters,
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
