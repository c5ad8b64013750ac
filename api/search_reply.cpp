#include "api/search_reply.hpp"

#include <algorithm>
#include <array>

#include "core/json.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

Error malformed(std::string what) {
  return {Errc::malformed_payload, Retry::never, "search reply: " + std::move(what)};
}

constexpr std::array<std::string_view, 3> kToldFields = {"title", "description", "tags.name"};

// Parts of the names under which a cluster says that a shard is away, moving or busy. Whatever else
// a shard fails on, it has looked at its documents.
constexpr std::array<std::string_view, 14> kPassing = {
    "no_shard_available", "unavailable", "node_",  "transport",    "rejected",
    "circuit_breaking",   "cancelled",   "closed", "not_found",    "shard_state",
    "context_missing",    "timeout",     "i_o_",   "corrupt_index"};

bool is_passing(std::string_view type) {
  return std::ranges::any_of(
      kPassing, [type](std::string_view part) { return type.find(part) != type.npos; });
}

/// The reply to a search that was ended in time.
Result<json::value> read_reply(std::string_view body) {
  Result<json::value> reply = parse_json(body);
  if (reply) {
    const json::value& timed_out = value_at(*reply, "/timed_out");
    if (timed_out.is_bool() && timed_out.get_bool()) {
      return Error{Errc::timed_out, Retry::after_backoff, "the search took too long"};
    }
  }
  return reply;
}

bool has_failed_shards(const json::value& reply) {
  const json::value& failed = value_at(reply, "/_shards/failed");
  return failed.is_number() && failed.to_number<double>() > 0;
}

Error shards_away(std::string_view why = "") {
  std::string sentence = "a part of the index did not answer";
  if (!why.empty()) {
    sentence.append(": ").append(why);
  }
  return {Errc::unreachable, Retry::after_backoff, std::move(sentence)};
}

/// What the failed shards failed on, when it is their documents; a shard that is away is not
/// always listed.
Result<std::string> read_shard_failures(const json::value& reply) {
  const json::value& failures = value_at(reply, "/_shards/failures");
  if (!failures.is_array() || failures.get_array().empty()) {
    return shards_away();
  }
  std::string first;
  for (const json::value& failure : failures.get_array()) {
    for (const char* place : {"/reason", "/reason/caused_by", "/reason/caused_by/caused_by"}) {
      const json::value& reason = value_at(failure, place);
      const auto type = text_at(reason, "/type");
      if (!type) {
        continue;
      }
      const std::string sentence =
          std::string{*type} + ": " + std::string{text_at(reason, "/reason").value_or("")};
      if (is_passing(*type)) {
        return shards_away(sentence);
      }
      if (first.empty()) {
        first = sentence;
      }
    }
  }
  if (first.empty()) {
    return shards_away();
  }
  return first;
}

/// Of what hits are ordered by the last text; behind it a point in time has a number of its own.
/// `_id` where it was asked for.
std::optional<std::string_view> identifier_of(const json::value& hit) {
  std::optional<std::string_view> identifier;
  const json::value& sort = value_at(hit, "/sort");
  if (sort.is_array()) {
    for (const json::value& value : sort.get_array()) {
      if (value.is_string()) {
        identifier = std::string_view{value.get_string()};
      }
    }
  }
  return identifier ? identifier : text_at(hit, "/_id");
}

}  // namespace

Result<Hits> read_hits(std::string_view body) {
  const Result<json::value> read = read_reply(body);
  if (!read) {
    return read.error();
  }
  const json::value& reply = *read;
  Hits hits;
  if (has_failed_shards(reply)) {
    Result<std::string> lacking = read_shard_failures(reply);
    if (!lacking) {
      return lacking.error();
    }
    hits.lacking = std::move(*lacking);
  }
  const json::value& list = value_at(reply, "/hits/hits");
  if (!list.is_array()) {
    return malformed("no hits");
  }
  const json::value& total = value_at(reply, "/hits/total");
  const json::value& count = total.is_object() ? value_at(total, "/value") : total;
  if (count.is_int64()) {
    hits.total = count.get_int64();
  }
  for (const json::value& item : list.get_array()) {
    const auto id = identifier_of(item);
    if (!id) {
      return malformed("a hit without an identifier");
    }
    Hit hit{std::string{*id}, {}};
    const json::value& matched = value_at(item, "/matched_queries");
    if (matched.is_array()) {
      for (const std::string_view field : kToldFields) {
        const auto is_field = [field](const json::value& name) {
          return name.is_string() && std::string_view{name.get_string()} == field;
        };
        if (std::ranges::any_of(matched.get_array(), is_field)) {
          hit.fields_matched.emplace_back(field);
        }
      }
    }
    hits.hits.push_back(std::move(hit));
  }
  if (!list.get_array().empty()) {
    const json::value& sort = value_at(list.get_array().back(), "/sort");
    hits.last_sort = sort.is_array() ? to_json(sort) : "";
  }
  hits.point = text_at(reply, "/pit_id").value_or("");
  return hits;
}

Result<SourceCounts> read_source_counts(std::string_view body) {
  const Result<json::value> read = read_reply(body);
  if (!read) {
    return read.error();
  }
  const json::value& reply = *read;
  if (has_failed_shards(reply)) {
    return shards_away();
  }
  const json::value& buckets = value_at(reply, "/aggregations/sources/buckets");
  if (!buckets.is_array()) {
    return malformed("no buckets");
  }
  SourceCounts counts;
  for (const json::value& bucket : buckets.get_array()) {
    const auto key = text_at(bucket, "/key");
    const json::value& count = value_at(bucket, "/doc_count");
    if (!key || !count.is_int64()) {
      return malformed("a bucket without key or count");
    }
    counts.works.emplace(*key, count.get_int64());
    const json::value& newest = value_at(bucket, "/newest/value");
    if (newest.is_number()) {
      counts.newest.emplace(*key, static_cast<std::int64_t>(newest.to_number<double>()));
    }
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
