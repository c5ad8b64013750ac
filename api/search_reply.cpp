#include "api/search_reply.hpp"

#include "core/json.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

Error malformed(std::string what) {
  return {Errc::malformed_payload, Retry::never, "search reply: " + std::move(what)};
}

std::optional<Error> check_shards(const json::value& reply) {
  const json::value& failed = value_at(reply, "/_shards/failed");
  if (failed.is_number() && failed.to_number<double>() > 0) {
    return Error{Errc::store_refused, Retry::after_backoff, "a part of the index did not answer"};
  }
  const json::value& timed_out = value_at(reply, "/timed_out");
  if (timed_out.is_bool() && timed_out.get_bool()) {
    return Error{Errc::timed_out, Retry::after_backoff, "the search took too long"};
  }
  return std::nullopt;
}

}  // namespace

Result<Hits> read_hits(std::string_view body) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::value& reply = *parsed;
  if (auto fault = check_shards(reply)) {
    return *fault;
  }
  const json::value& list = value_at(reply, "/hits/hits");
  if (!list.is_array()) {
    return malformed("no hits");
  }
  Hits hits;
  const json::value& total = value_at(reply, "/hits/total");
  const json::value& count = total.is_object() ? value_at(total, "/value") : total;
  if (count.is_int64()) {
    hits.total = count.get_int64();
  }
  for (const json::value& item : list.get_array()) {
    const auto id = text_at(item, "/_id");
    if (!id) {
      return malformed("a hit without _id");
    }
    Hit hit{std::string{*id}, {}};
    const json::value& highlight = value_at(item, "/highlight");
    if (highlight.is_object()) {
      for (const auto& member : highlight.get_object()) {
        hit.fields_matched.emplace_back(member.key());
      }
    }
    hits.hits.push_back(std::move(hit));
  }
  return hits;
}

Result<std::map<std::string, std::int64_t>> read_source_counts(std::string_view body) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) {
    return parsed.error();
  }
  const json::value& reply = *parsed;
  if (auto fault = check_shards(reply)) {
    return *fault;
  }
  const json::value& buckets = value_at(reply, "/aggregations/sources/buckets");
  if (!buckets.is_array()) {
    return malformed("no buckets");
  }
  std::map<std::string, std::int64_t> counts;
  for (const json::value& bucket : buckets.get_array()) {
    const auto key = text_at(bucket, "/key");
    const json::value& count = value_at(bucket, "/doc_count");
    if (!key || !count.is_int64()) {
      return malformed("a bucket without key or count");
    }
    counts.emplace(*key, count.get_int64());
  }
  return counts;
}

std::string read_search_error(std::string_view body) {
  if (const Result<json::value> parsed = parse_json(body)) {
    for (const char* place : {"/error/root_cause/0", "/error"}) {
      const json::value& error = value_at(*parsed, place);
      const auto type = text_at(error, "/type");
      const auto reason = text_at(error, "/reason");
      if (type && reason) {
        return std::string{*type} + ": " + std::string{*reason};
      }
    }
  }
  constexpr std::size_t kEnough = 300;
  if (body.empty() || !is_utf8(body)) {
    return "the index gave no reason";
  }
  return std::string{first_code_points(body, kEnough)};
}

}  // namespace freshet::api
