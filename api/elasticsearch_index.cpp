#include "api/elasticsearch_client.hpp"
#include "api/search_reply.hpp"
#include "core/json.hpp"

namespace freshet::api {
namespace {

constexpr std::chrono::seconds kSearchTimeout{10};

}  // namespace

ElasticsearchIndex::ElasticsearchIndex(const Config::Elasticsearch& config)
    : client_{config}, prefix_{config.index_prefix} {}

Task<Result<std::string>> ElasticsearchIndex::search(Media media, std::string request,
                                                     std::string preference) {
  std::string target = "/" + prefix_ + std::string{store_name(media)} + "/_search";
  if (!preference.empty()) {
    target += "?preference=" + preference;
  }
  const Result<HttpAnswer> answer =
      co_await client_.send("POST", std::move(target), std::move(request), kSearchTimeout);
  if (!answer) {
    co_return answer.error();
  }
  if (answer->status == 429 || answer->status == 503) {
    co_return Error{Errc::throttled, Retry::after_backoff, read_search_error(answer->body)};
  }
  if (answer->status != 200) {
    co_return Error{Errc::store_refused, Retry::never, read_search_error(answer->body)};
  }
  co_return answer->body;
}

Task<Result<std::string>> ElasticsearchIndex::health(std::chrono::milliseconds timeout) {
  const Result<HttpAnswer> answer = co_await client_.send("GET", "/_cluster/health", "", timeout);
  if (!answer) {
    co_return answer.error();
  }
  const Result<json::value> body = parse_json(answer->body);
  if (answer->status != 200 || !body) {
    co_return Error{Errc::store_refused, Retry::after_backoff, read_search_error(answer->body)};
  }
  co_return std::string{text_at(*body, "/status").value_or("unknown")};
}

}  // namespace freshet::api
