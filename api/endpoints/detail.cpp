#include "api/lookups.hpp"
#include "api/parameters.hpp"
#include "api/search_parameters.hpp"
#include "api/usage/notes.hpp"

namespace freshet::api::endpoint {
namespace {

Task<Reply> answer(Services services, Call call) {
  const auto peaks = parse_peaks(call.request.query, call.media);
  if (const Reply* refusal = std::get_if<Reply>(&peaks)) {
    co_return *refusal;
  }
  auto found = co_await find_work(services, call);
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const auto& row = std::get<std::optional<WorkRow>>(found);
  if (!row) {
    co_return error_reply(404, call.media == Media::image ? "No Image matches the given query."
                                                          : "No Audio matches the given query.");
  }
  note_detail(services, call, row->identifier, row->text<Field::source>().value_or(""));
  Reply reply = json_reply("");
  std::vector<std::string> wanted{row->identifier};
  const Peaks points =
      co_await find_peaks(services, call, std::get<bool>(peaks), std::move(wanted));
  append_item(reply.body, *row, {},
              {call.media, call.request.base_url, std::get<bool>(peaks), &points});
  co_return reply;
}

constexpr Outcome kOutcomes[] = {{.meaning = "the work", .schema = "{Media}"},
                                 {.status = 404, .meaning = "no such work", .schema = "Error"}};

}  // namespace

Endpoint detail() {
  return {.name = "detail",
          .path = "/v1/{media}/{id}/",
          .summary = "one work",
          .parameters = work_parameters(),
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .cache = kWorksCache,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
