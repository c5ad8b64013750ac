#pragma once

#include <memory>
#include <string>

#include "core/http/http_client.hpp"
#include "sinks/sink.hpp"

namespace freshet {

struct ElasticsearchOptions {
  std::string url;
  std::string index_prefix;
};

/// Documents behind the write aliases `<prefix>image-write` and `<prefix>audio-write`, by bulk
/// requests with external versions (sinks/targets/bulk.hpp). Works with Elasticsearch from 7.17 and
/// OpenSearch from 2: nothing here differs between them.
std::unique_ptr<Sink> make_elasticsearch_sink(std::unique_ptr<http::HttpClient> client,
                                              ElasticsearchOptions options);

}  // namespace freshet
