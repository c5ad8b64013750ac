#include "api/elasticsearch_client.hpp"
#include "api/search_reply.hpp"
#include "core/json.hpp"

namespace freshet::api {
namespace {

constexpr std::string_view kPointKept = "10m";

/// What an answer to a search says.
Result<std::string> judge(const Result<HttpAnswer>& answer) {
  if (!answer) {
    return answer.error();
  }
  if (answer->status == 429 || answer->status == 503) {
    return Error{Errc::throttled, Retry::after_backoff, read_search_error(answer->body)};
  }
  if (answer->status != 200) {
    // An index that is not there may come; what was asked of it is not at fault.
    const Retry retry = answer->status == 404 ? Retry::after_backoff : Retry::never;
    return Error{Errc::store_refused, retry, read_search_error(answer->body)};
  }
  return answer->body;
}

}  // namespace

ElasticsearchIndex::ElasticsearchIndex(const Config::Elasticsearch& config)
    : client_{config}, prefix_{config.index_prefix} {}

Task<Result<std::string>> ElasticsearchIndex::search(Media media, std::string request,
                                                     std::string preference, Deadline deadline) {
  std::string target = "/" + prefix_ + std::string{store_name(media)} + "/_search";
  // Said aloud: a cluster's own default may be to refuse a search of which a shard fails.
  target += "?allow_partial_search_results=true";
  if (!preference.empty()) {
    target += "&preference=" + preference;
  }
  co_return judge(co_await client_.send("POST", ElasticsearchClient::Effect::reads,
                                        std::move(target), std::move(request), deadline));
}

Task<Result<HttpAnswer>> ElasticsearchIndex::ask_for_point(Dialect dialect, Media media,
                                                           const std::string& preference,
                                                           Deadline deadline) {
  std::string target = "/" + prefix_ + std::string{store_name(media)};
  target += dialect == Dialect::opensearch ? "/_search/point_in_time" : "/_pit";
  target.append("?keep_alive=").append(kPointKept);
  if (!preference.empty()) {
    target += "&preference=" + preference;
  }
  // One point more does no harm: it is let go of by itself.
  co_return co_await client_.send("POST", ElasticsearchClient::Effect::reads, std::move(target), "",
                                  deadline);
}

Task<Result<std::string>> ElasticsearchIndex::open_point(Media media, std::string preference,
                                                         Deadline deadline) {
  const Dialect first = dialect_ == Dialect::unknown ? Dialect::elasticsearch : dialect_;
  Result<HttpAnswer> answer = co_await ask_for_point(first, media, preference, deadline);
  // A path that a cluster does not have: 400 or 405. Where the user lacks the right, the other path
  // says so, too.
  if (dialect_ == Dialect::unknown && answer && answer->status != 200 && answer->status != 404 &&
      answer->status != 429 && answer->status != 503) {
    Result<HttpAnswer> other =
        co_await ask_for_point(Dialect::opensearch, media, preference, deadline);
    if (other && other->status == 200) {
      dialect_ = Dialect::opensearch;
      answer = std::move(other);
    }
  } else if (answer && answer->status == 200) {
    dialect_ = first;
  }
  const Result<std::string> body = judge(answer);
  if (!body) {
    co_return body.error();
  }
  const Result<json::value> reply = parse_json(*body);
  if (reply) {
    for (const char* place : {"/id", "/pit_id"}) {
      if (const auto point = text_at(*reply, place)) {
        co_return std::string{*point};
      }
    }
  }
  co_return Error{Errc::malformed_payload, Retry::never, "the search index named no point in time"};
}

Task<Result<std::string>> ElasticsearchIndex::search_point(std::string request, Deadline deadline) {
  co_return judge(co_await client_.send("POST", ElasticsearchClient::Effect::reads,
                                        "/_search?allow_partial_search_results=true",
                                        std::move(request), deadline));
}

Task<Result<bool>> ElasticsearchIndex::close_point(std::string point, Deadline deadline) {
  const bool is_opensearch = dialect_ == Dialect::opensearch;
  json::object body;
  if (is_opensearch) {
    body["pit_id"] = json::array{json::string_view{point}};
  } else {
    body["id"] = point;
  }
  const Result<std::string> closed = judge(co_await client_.send(
      "DELETE", ElasticsearchClient::Effect::reads,
      is_opensearch ? "/_search/point_in_time" : "/_pit", to_json(body), deadline));
  if (!closed) {
    co_return closed.error();
  }
  co_return true;
}

Task<Result<std::string>> ElasticsearchIndex::health(Deadline deadline) {
  const Result<HttpAnswer> answer = co_await client_.send("GET", ElasticsearchClient::Effect::reads,
                                                          "/_cluster/health", "", deadline);
  if (!answer) {
    co_return answer.error();
  }
  if (answer->status == 401) {
    co_return Error{Errc::store_refused, Retry::never,
                    "refuses the user or the password (elasticsearch.username, "
                    "elasticsearch.password): HTTP 401"};
  }
  if (answer->status == 403) {
    co_return Error{Errc::store_refused, Retry::never,
                    "does not let the user of elasticsearch.username ask: HTTP 403"};
  }
  const Result<json::value> body = parse_json(answer->body);
  if (answer->status != 200 || !body) {
    co_return Error{Errc::store_refused, Retry::after_backoff, read_search_error(answer->body)};
  }
  co_return std::string{text_at(*body, "/status").value_or("unknown")};
}

}  // namespace freshet::api
