#include "api/elasticsearch_client.hpp"
#include "api/search_reply.hpp"
#include "core/json.hpp"

namespace freshet::api {

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
  const Result<HttpAnswer> answer = co_await client_.send(
      "POST", ElasticsearchClient::Effect::reads, std::move(target), std::move(request), deadline);
  if (!answer) {
    co_return answer.error();
  }
  if (answer->status == 429 || answer->status == 503) {
    co_return Error{Errc::throttled, Retry::after_backoff, read_search_error(answer->body)};
  }
  if (answer->status != 200) {
    // An index that is not there may come; what was asked of it is not at fault.
    const Retry retry = answer->status == 404 ? Retry::after_backoff : Retry::never;
    co_return Error{Errc::store_refused, retry, read_search_error(answer->body)};
  }
  co_return answer->body;
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
