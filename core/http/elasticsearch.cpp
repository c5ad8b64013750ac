#include "core/http/elasticsearch.hpp"

#include <utility>

namespace freshet::http {

CurlOptions elasticsearch_options(const Config& config, std::stop_token stop,
                                  std::chrono::milliseconds connect_timeout) {
  CurlOptions options;
  options.user_agent = config.http.user_agent;
  options.ca_file = config.elasticsearch.ca_file;
  options.username = config.elasticsearch.username;
  options.password = config.elasticsearch.password;
  options.connect_timeout = connect_timeout;
  options.stop = std::move(stop);
  return options;
}

std::string refused_access(const std::string& url, const Response& response) {
  return response.status == 401
             ? "Elasticsearch at " + url +
                   " refuses the user or the password (elasticsearch.username, "
                   "elasticsearch.password): HTTP 401"
             : "Elasticsearch at " + url +
                   " does not let the user of elasticsearch.username do this: HTTP 403";
}

std::string elasticsearch_base(std::string url) {
  while (url.ends_with('/')) {
    url.pop_back();
  }
  return url;
}

}  // namespace freshet::http
