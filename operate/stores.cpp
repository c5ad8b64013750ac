#include "operate/stores.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <memory>

#include "core/http/elasticsearch.hpp"
#include "core/json.hpp"
#include "core/postgres/connection.hpp"
#include "core/record/status.hpp"

namespace freshet {
namespace {

constexpr std::array<const char*, 2> kMediaTypes{"image", "audio"};
// The original has some fifty sources; a terms aggregation must name a bound.
constexpr int kMostProviders = 10'000;
constexpr std::chrono::seconds kOffsetsLimit{30};
constexpr std::chrono::seconds kRowLimit{30};

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

std::string index_url(const Config::Elasticsearch& config, std::string_view media_type) {
  return fmt::format("{}/{}{}", http::elasticsearch_base(config.url), config.index_prefix,
                     media_type);
}

}  // namespace

Result<LiveCounts> count_postgres(const std::string& dsn, const std::stop_token& stop,
                                  std::chrono::seconds limit) {
  // A server that is frozen is noticed while connecting.
  postgres::Connection connection{
      {.dsn = dsn,
       .application = "freshet stats",
       .setup = {fmt::format("SET statement_timeout = '{}s'", limit.count())}}};
  auto counted = connection.run(Deadline::in(limit), stop, [](pqxx::connection_base& open) {
    LiveCounts counts;
    pqxx::read_transaction work{open};
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
  if (!counted && counted.error().errc() == Errc::timed_out) {
    return Error{Errc::timed_out, Retry::after_backoff,
                 fmt::format("PostgreSQL: not counted, it takes longer than {} s", limit.count())};
  }
  return counted;
}

Result<LiveCounts> count_elasticsearch(http::HttpClient& client,
                                       const Config::Elasticsearch& config, Refresh refresh) {
  LiveCounts counts;
  for (const char* media_type : kMediaTypes) {
    const std::string url = index_url(config, media_type);
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

std::vector<StoreCounter> store_counters(const Context& context, std::chrono::seconds limit) {
  const auto client = std::make_shared<http::CurlClient>(
      http::elasticsearch_options(context.config, context.stop, std::chrono::milliseconds{5'000}));
  return {
      {"sink.postgres", "PostgreSQL",
       [&context, limit](Refresh /*refresh*/) {
         return count_postgres(context.config.postgres.dsn, context.stop, limit);
       }},
      {"sink.elasticsearch", "Elasticsearch",
       [&context, client](Refresh refresh) {
         return count_elasticsearch(*client, context.config.elasticsearch, refresh);
       }},
  };
}

Result<std::optional<StoredLine>> find_row(const std::string& dsn, const WorkKeyView& key,
                                           const std::stop_token& stop) {
  postgres::Connection connection{{.dsn = dsn, .application = "freshet explain"}};
  return connection.run(Deadline::in(kRowLimit), stop, [&](pqxx::connection_base& open) {
    std::optional<StoredLine> line;
    pqxx::read_transaction work{open};
    const auto rows = work.exec_params(
        fmt::format("SELECT revision, status FROM {} WHERE provider = $1 AND "
                    "md5(foreign_identifier) = md5($2) AND foreign_identifier = $2",
                    to_string(key.media_type)),
        std::string{key.provider}, std::string{key.foreign_identifier});
    if (!rows.empty()) {
      line = StoredLine{rows[0][0].as<std::int64_t>(), rows[0][1].as<std::string>()};
    }
    return line;
  });
}

Result<std::optional<StoredLine>> find_document(http::HttpClient& client,
                                                const Config::Elasticsearch& config,
                                                MediaType media_type,
                                                const std::string& identifier) {
  // By id a document is read in real time, and an alias's filter does not hide it.
  const auto reply = ask_elasticsearch(
      client, index_url(config, to_string(media_type)) + "/_mget?_source_includes=status",
      to_json(json::object{{"ids", json::array{json::value(identifier)}}}));
  if (!reply) {
    return reply.error();
  }
  const json::value& document = value_at(*reply, "/docs/0");
  const json::value& version = value_at(document, "/_version");
  if (!version.is_int64()) {
    return std::optional<StoredLine>{};
  }
  return std::optional{StoredLine{
      version.as_int64(),
      std::string{text_at(document, "/_source/status").value_or(to_string(Status::live))}}};
}

Result<std::map<std::int32_t, std::int64_t>> read_postgres_offsets(const std::string& dsn,
                                                                   const std::string& group,
                                                                   const std::string& topic) {
  postgres::Connection connection{{.dsn = dsn, .application = "freshet replay"}};
  return connection.run(Deadline::in(kOffsetsLimit), {}, [&](pqxx::connection_base& open) {
    std::map<std::int32_t, std::int64_t> offsets;
    pqxx::read_transaction work{open};
    for (const auto& row : work.exec_params(
             "SELECT partition, next_offset FROM sink_offsets WHERE sink = $1 AND topic = $2",
             group, topic)) {
      offsets[row[0].as<std::int32_t>()] = row[1].as<std::int64_t>();
    }
    return offsets;
  });
}

Result<void> set_postgres_offsets(const std::string& dsn, const std::string& group,
                                  const std::string& topic,
                                  const std::map<std::int32_t, std::int64_t>& next_offsets) {
  postgres::Connection connection{{.dsn = dsn, .application = "freshet replay"}};
  const auto done =
      connection.run(Deadline::in(kOffsetsLimit), {}, [&](pqxx::connection_base& open) {
        pqxx::work work{open};
        for (const auto& [partition, next_offset] : next_offsets) {
          work.exec_params(
              "INSERT INTO sink_offsets (sink, topic, partition, next_offset) VALUES ($1, $2, $3, "
              "$4) "
              "ON CONFLICT (sink, topic, partition) DO UPDATE SET next_offset = "
              "excluded.next_offset",
              group, topic, partition, next_offset);
        }
        work.commit();
        return true;
      });
  return done ? Result<void>{} : done.error();
}

}  // namespace freshet
