#include "operate/stores.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <pqxx/pqxx>

#include "core/json.hpp"
#include "operate/one_line.hpp"

namespace freshet {
namespace {

constexpr std::array<const char*, 2> kMediaTypes{"image", "audio"};
// The original has some fifty sources; a terms aggregation must name a bound.
constexpr int kMostProviders = 10'000;

template <class Use>
auto with_postgres(const std::string& dsn, Use&& use)
    -> decltype(use(std::declval<pqxx::connection&>())) {
  try {
    // A connection URI names its own time-out.
    const bool is_uri = dsn.find("://") != std::string::npos;
    pqxx::connection connection{is_uri ? dsn : "connect_timeout=5 " + dsn};
    return use(connection);
  } catch (const pqxx::sql_error& error) {
    return Error{Errc::store_refused, Retry::never, "PostgreSQL: " + one_line(error.what())};
  } catch (const pqxx::broken_connection& error) {
    return Error{Errc::unreachable, Retry::after_backoff, "PostgreSQL: " + one_line(error.what())};
  }
}

Result<json::value> ask_elasticsearch(http::HttpClient& client, std::string url, std::string body) {
  http::Request request;
  request.method = http::Method::post;
  request.url = std::move(url);
  request.headers = {{"content-type", "application/json"}};
  request.timeout = std::chrono::seconds{30};
  request.body = std::move(body);
  const auto response = client.send(request);
  if (!response) {
    const auto error = response.error();
    return Error{error.errc(), error.retry(), "Elasticsearch: " + error.message()};
  }
  if (response->status != 200) {
    return Error{Errc::http_status, Retry::never,
                 fmt::format("Elasticsearch: HTTP {} for {}", response->status, request.url)};
  }
  return parse_json(response->body);
}

}  // namespace

Result<LiveCounts> count_postgres(const std::string& dsn) {
  return with_postgres(dsn, [](pqxx::connection& connection) -> Result<LiveCounts> {
    LiveCounts counts;
    pqxx::read_transaction work{connection};
    for (const char* media_type : kMediaTypes) {
      std::int64_t& sum = counts.by_media_type[media_type];
      for (const auto& row : work.exec(fmt::format(
               "SELECT provider, count(*) FROM {}_live GROUP BY provider", media_type))) {
        const auto count = row[1].as<std::int64_t>();
        counts.by_provider[row[0].as<std::string>()] += count;
        sum += count;
      }
    }
    return counts;
  });
}

Result<LiveCounts> count_elasticsearch(http::HttpClient& client,
                                       const Config::Elasticsearch& config, Refresh refresh) {
  std::string base = config.url;
  while (base.ends_with('/')) {
    base.pop_back();
  }
  LiveCounts counts;
  for (const char* media_type : kMediaTypes) {
    const std::string url = base + "/" + config.index_prefix + media_type;
    if (refresh == Refresh::yes) {
      if (const auto refreshed = ask_elasticsearch(client, url + "/_refresh", ""); !refreshed) {
        return refreshed.error();
      }
    }
    const auto body = ask_elasticsearch(
        client, url + "/_search",
        fmt::format(
            R"({{"size":0,"track_total_hits":true,"aggs":{{"providers":{{"terms":{{"field":"provider","size":{}}}}}}}}})",
            kMostProviders));
    if (!body) {
      return body.error();
    }
    const json::value& total = value_at(*body, "/hits/total/value");
    const json::value& buckets = value_at(*body, "/aggregations/providers/buckets");
    if (!total.is_int64() || !buckets.is_array()) {
      return Error{Errc::malformed_payload, Retry::never,
                   "Elasticsearch: a search reply without hits.total.value or buckets"};
    }
    counts.by_media_type[media_type] = total.as_int64();
    for (const json::value& bucket : buckets.as_array()) {
      const auto provider = text_at(bucket, "/key");
      const json::value& count = value_at(bucket, "/doc_count");
      if (provider && count.is_int64()) {
        counts.by_provider[std::string{*provider}] += count.as_int64();
      }
    }
  }
  return counts;
}

Result<void> set_postgres_offsets(const std::string& dsn, const std::string& group,
                                  const std::string& topic,
                                  const std::map<std::int32_t, std::int64_t>& next_offsets) {
  return with_postgres(dsn, [&](pqxx::connection& connection) -> Result<void> {
    pqxx::work work{connection};
    for (const auto& [partition, next_offset] : next_offsets) {
      work.exec_params(
          "INSERT INTO sink_offsets (sink, topic, partition, next_offset) VALUES ($1, $2, $3, $4) "
          "ON CONFLICT (sink, topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
          group, topic, partition, next_offset);
    }
    work.commit();
    return {};
  });
}

}  // namespace freshet
