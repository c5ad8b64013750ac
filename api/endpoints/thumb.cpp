#include <algorithm>
#include <vector>

#include "api/lookups.hpp"
#include "api/parameter_fields.hpp"
#include "api/thumbnails.hpp"
#include "api/usage/notes.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/log.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr int kWidth = 600;
constexpr int kCompressed = 80;
constexpr int kUncompressed = 92;
constexpr std::chrono::seconds kLimit{20};  // a source that is far away takes seconds

constexpr Parameter kParameters[] = {
    {.name = "full_size",
     .type = Parameter::Type::boolean,
     .meaning = "as wide as the original; else at most 600 pixels wide",
     .fallback = "false"},
    {.name = "compressed",
     .type = Parameter::Type::boolean,
     .meaning = "smaller, and a little less sharp; where it is not given, what is not of full size "
                "is"}};

struct Wish {
  bool is_full = false;
  bool is_compressed = true;
};

std::variant<Wish, Reply> read_wish(const Query& query) {
  FieldReader reader{query};
  const auto read = [&](const Parameter& parameter) -> std::optional<bool> {
    const std::string* const text = query.find_filled(std::string{parameter.name});
    // What clients in JavaScript make of a value that they do not have.
    return text != nullptr && *text == "null" ? std::nullopt : reader.boolean(parameter);
  };
  Wish wish;
  wish.is_full = read(kParameters[0]).value_or(false);
  wish.is_compressed = read(kParameters[1]).value_or(!wish.is_full);
  if (!reader.errors().empty()) {
    return field_error_reply(reader.errors());
  }
  return wish;
}

/// Where the picture of a work may be found, the best place first.
std::vector<std::string> places_of(const WorkRow& row, Media media) {
  std::vector<std::string> places;
  const auto add = [&](std::string_view found) {
    std::string whole = with_scheme(found);
    if (!whole.empty() && std::ranges::find(places, whole) == places.end()) {
      places.push_back(std::move(whole));
    }
  };
  if (media == Media::audio) {
    add(row.text<Field::thumbnail>().value_or(""));
    const Result<json::value> set = parse_json(row.audio_set.value_or("null"));
    if (places.empty() && set) {
      add(text_at(*set, "/thumbnail").value_or(""));
      add(text_at(*set, "/url").value_or(""));
    }
    return places;
  }
  const std::string url = row.text<Field::url>().value_or("");
  // Its originals are served by a program that takes minutes for some.
  if (url.find("//iip.smk.dk/") == url.npos || !row.text<Field::thumbnail>()) {
    add(url);
  }
  add(row.text<Field::thumbnail>().value_or(""));  // smaller than an original that is too large
  return places;
}

Reply away(ApiMetrics& metrics, const Error& error) {
  metrics.count_failure("thumbnails", to_string(error.errc()));
  log::warn("thumbnails_failed", {{"errc", to_string(error.errc())}, {"reason", error.message()}});
  Reply reply = error_reply(503, "Thumbnails unavailable: try again in a few seconds.");
  reply.headers.emplace_back("Retry-After", "5");
  return reply;
}

Reply as_reply(Made made, const Request& request) {
  if (made.status == 503) {
    Reply reply = error_reply(503, made.bytes);
    reply.headers.emplace_back("Retry-After", "5");
    return reply;
  }
  if (made.status == 415) {
    return error_reply(415, "Unsupported media type \"" + made.bytes + "\" in request.");
  }
  if (made.status != 200) {
    return error_reply(424, made.bytes);
  }
  const std::string tag = "\"" + to_hex(xxh3(made.bytes)) + "\"";
  const bool is_known = request.page.if_none_match.find(tag) != std::string::npos;
  Reply reply{.status = is_known ? 304U : 200U,
              .body = is_known ? "" : std::move(made.bytes),
              .content_type = std::move(made.type)};
  reply.headers.emplace_back("ETag", tag);
  // Who has seen it may keep it for a while; caches for others ask each time whether the work is
  // still there.
  reply.headers.emplace_back("Cache-Control", "public, max-age=3600, s-maxage=10");
  reply.headers.emplace_back("Vary", "Accept");
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return reply;
}

Task<Reply> answer(Services services, Call call) {
  const auto read = read_wish(call.request.query);
  if (const Reply* refusal = std::get_if<Reply>(&read)) {
    co_return *refusal;
  }
  const Wish wish = std::get<Wish>(read);
  auto found = co_await find_work(services, call);
  if (Reply* failure = std::get_if<Reply>(&found)) {
    co_return std::move(*failure);
  }
  const auto& row = std::get<std::optional<WorkRow>>(found);
  if (!row) {
    co_return not_found_reply();
  }
  const std::vector<std::string> places = places_of(*row, call.media);
  if (places.empty()) {
    co_return error_reply(404, "Could not find artwork.");
  }
  std::optional<Reply> first_refusal;
  for (const std::string& place : places) {
    PictureAsk asked{.url = place,
                     .width = wish.is_full ? 0 : kWidth,
                     .quality = wish.is_compressed ? kCompressed : kUncompressed,
                     .format = picture_format(call.request.accept)};
    const auto made = co_await services.thumbnails.picture(std::move(asked), call.deadline);
    if (!made) {
      co_return first_refusal ? std::move(*first_refusal) : away(services.metrics, made.error());
    }
    Reply reply = as_reply(*made, call.request);
    if (made->status == 200) {
      co_await note_embedding(services, call.request, row->identifier);
    }
    if (made->status == 200 || made->status == 503) {
      co_return reply;
    }
    if (!first_refusal) {
      first_refusal = std::move(reply);
    }
  }
  co_return std::move(*first_refusal);
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "the picture; WebP or AVIF where Accept names them", .content_type = "image/jpeg"},
    {.meaning = "the same", .content_type = "image/png"},
    {.meaning = "the same", .content_type = "image/webp"},
    {.meaning = "the same", .content_type = "image/avif"},
    {.status = 304, .meaning = "the picture of If-None-Match", .content_type = "image/jpeg"},
    {.status = 404, .meaning = "no such work, or it has no picture", .schema = "Error"},
    {.status = 415, .meaning = "a kind of picture that is not read", .schema = "Error"},
    {.status = 424, .meaning = "its source does not give the picture", .schema = "Error"}};

}  // namespace

Endpoint thumb() {
  return {.name = "thumb",
          .path = "/v1/{media}/{id}/thumb/",
          .summary = "the picture of a work, at most 600 pixels wide",
          .parameters = kParameters,
          .outcomes = kOutcomes,
          .limits = Limits::pictures,
          .limit = kLimit,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
