#include "operate/cluster.hpp"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <utility>

#include "core/check.hpp"
#include "core/http/elasticsearch.hpp"

namespace freshet {
namespace {

constexpr int kNotFound = 404;

json::value accept(const http::Response& response, const std::string& what) {
  if (response.status != 200) {
    throw WorkFailed{
        fmt::format("{}: HTTP {}: {}", what, response.status, response.body.substr(0, 500))};
  }
  auto body = parse_json(response.body);
  if (!body) {
    throw WorkFailed{what + ": " + body.error().message()};
  }
  return std::move(*body);
}

}  // namespace

Cluster::Cluster(http::HttpClient& client, const std::string& url)
    : client_{client}, url_{http::elasticsearch_base(url)} {}

std::optional<json::value> Cluster::get(const std::string& path) {
  const http::Response response = send(http::Method::get, path, "");
  if (response.status == kNotFound) {
    return std::nullopt;
  }
  return accept(response, "GET " + path);
}

json::value Cluster::put(const std::string& path, const json::value& body) {
  return accept(send(http::Method::put, path, to_json(body)), "PUT " + path);
}

json::value Cluster::post(const std::string& path, const json::value& body) {
  return accept(send(http::Method::post, path, body.is_null() ? "" : to_json(body)),
                "POST " + path);
}

void Cluster::erase(const std::string& path) {
  const http::Response response = send(http::Method::erase, path, "");
  if (response.status != kNotFound) {
    accept(response, "DELETE " + path);
  }
}

std::vector<std::string> Cluster::behind(const std::string& alias) {
  std::vector<std::string> names;
  // Of this index alone: a look at the aliases of all needs rights on all.
  if (const auto found = get("/" + alias + "/_alias/" + alias)) {
    for (const auto& [name, unused] : found->as_object()) {
      names.emplace_back(name);
    }
  }
  return names;
}

http::Response Cluster::send(http::Method method, const std::string& path, std::string body) {
  http::Request request;
  request.method = method;
  request.url = url_ + path;
  request.body = std::move(body);
  request.headers = {{"content-type", "application/json"}};
  // Elasticsearch itself gives a change of the cluster 30 s.
  request.timeout = std::chrono::seconds{method == http::Method::get ? 10 : 60};
  auto response = client_.send(request);
  if (!response) {
    throw StartupError{response.error().message()};
  }
  // A change is refused with 403 by a block on an index as well.
  if (response->status == 401 || (response->status == 403 && method == http::Method::get)) {
    throw StartupError{http::refused_access(url_, *response) + " (" + path + ")"};
  }
  return std::move(*response);
}

}  // namespace freshet
