#include "api/lookups.hpp"
#include "api/thumbnails.hpp"
#include "api/usage/notes.hpp"
#include "core/json.hpp"
#include "core/json_writer.hpp"
#include "core/log.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::chrono::seconds kLimit{90};  // a recording of an hour is fetched and decoded whole
constexpr std::chrono::seconds kStoreLimit{5};

Reply waveform_reply(const std::string& peaks, std::size_t count) {
  Reply reply = json_reply("");
  ObjectWriter object{reply.body};
  object.integer("len", static_cast<std::int64_t>(count));
  object.raw("points", peaks);
  object.close();
  // As a thumbnail's: caches for others ask each time whether the work is still there.
  reply.headers.emplace_back("Cache-Control", "public, max-age=3600, s-maxage=10");
  return reply;
}

Task<Reply> answer(Services services, Call call) {
  auto found = co_await find_work(services, call);
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const auto& row = std::get<std::optional<WorkRow>>(found);
  if (!row) {
    co_return not_found_reply();
  }
  std::vector<std::string> wanted{row->identifier};
  const auto stored = co_await services.peaks.find(std::move(wanted), store_deadline(call));
  if (stored && !stored->empty()) {
    const std::string& peaks = stored->begin()->second;
    const auto points = read_peaks(peaks);
    co_await note_embedding(services, call.request, row->identifier);
    co_return waveform_reply(peaks, points ? points->size() : 0);
  }
  const std::string url = row->text<Field::url>().value_or("");
  auto made = co_await services.thumbnails.peaks(with_scheme(url), call.deadline);
  if (!made || made->status == 503) {
    if (!made) {
      services.metrics.count_failure("thumbnails", to_string(made.error().errc()));
      log::warn("thumbnails_failed", {{"reason", made.error().message()}});
    }
    Reply reply = error_reply(503, "Waveforms unavailable: try again in a few seconds.");
    reply.headers.emplace_back("Retry-After", "5");
    co_return reply;
  }
  const auto points = made->status == 200 ? read_peaks(made->bytes) : std::nullopt;
  if (!points) {
    co_return error_reply(424, "Failed to generate the waveform.");
  }
  // Not kept, it is made again the next time.
  const auto kept =
      co_await services.peaks.add(row->identifier, url, made->bytes, Deadline::in(kStoreLimit));
  if (!kept) {
    static_cast<void>(store_failed(services.metrics, "postgres", kept.error()));
  }
  co_await note_embedding(services, call.request, row->identifier);
  co_return waveform_reply(made->bytes, points->size());
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "up to a thousand points, from the first moment to the last", .schema = "Waveform"},
    {.status = 404, .meaning = "no such work", .schema = "Error"},
    {.status = 424, .meaning = "its source does not give the recording", .schema = "Error"}};

}  // namespace

Endpoint waveform() {
  return {.name = "waveform",
          .path = "/v1/audio/{id}/waveform/",
          .summary = "how loud a recording is, moment by moment",
          .outcomes = kOutcomes,
          .limits = Limits::pictures,
          .limit = kLimit,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
