#include "sinks/registry.hpp"

#include "core/http/curl_client.hpp"
#include "core/topics.hpp"
#include "sinks/targets/elasticsearch.hpp"
#include "sinks/targets/postgres.hpp"
#include "sinks/targets/source_visibility.hpp"

namespace freshet {
namespace {

std::unique_ptr<Sink> postgres(const Config& config, const std::string& group,
                               std::stop_token stop) {
  return make_postgres_sink(
      {config.postgres.dsn, group, config.kafka.prefixed(topics::kCatalog), std::move(stop)});
}

std::unique_ptr<Sink> elasticsearch(const Config& config, const std::string& /*group*/,
                                    std::stop_token stop) {
  const Config::Elasticsearch& settings = config.elasticsearch;
  http::CurlOptions options;
  options.user_agent = config.http.user_agent;
  options.ca_file = settings.ca_file;
  options.username = settings.username;
  options.password = settings.password;
  options.stop = std::move(stop);
  return make_elasticsearch_sink(std::make_unique<http::CurlClient>(std::move(options)),
                                 {settings.url, settings.index_prefix});
}

}  // namespace

const std::vector<SinkSpec>& sinks() {
  static const std::vector<SinkSpec> list{
      {"postgres", "Rows of the catalogue: detail pages, statistics, analysis", 1, postgres,
       make_source_visibility},
      // The node is the slow part: two requests under way keep it busy while we encode a third.
      {"elasticsearch", "Documents of the catalogue: search", 3, elasticsearch, {}},
  };
  return list;
}

}  // namespace freshet
