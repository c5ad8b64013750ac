#include "operate/service_check.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

#include "core/check.hpp"
#include "core/http/elasticsearch.hpp"
#include "core/json.hpp"
#include "core/kafka/admin.hpp"
#include "core/postgres/connection.hpp"
#include "core/redis_url.hpp"
#include "operate/one_line.hpp"

namespace freshet {
namespace {

constexpr std::chrono::seconds kTimeout{5};

ServiceCheck check_kafka(const Config::Kafka& config) {
  ServiceCheck check{"kafka", config.brokers, "answers", std::nullopt};
  const auto reached = kafka::Admin{config}.reachable(kTimeout);
  if (!reached) {
    check.fault = reached.error().message();
  }
  return check;
}

ServiceCheck check_postgres(const Config::Postgres& config) {
  ServiceCheck check{"postgres", "", "", std::nullopt};
  postgres::Connection connection{{.dsn = config.dsn, .application = "freshet config check"}};
  const auto version = connection.run(Deadline::in(kTimeout), {}, [&](pqxx::connection_base& open) {
    check.address = fmt::format("{}:{}/{}", open.hostname(), open.port(), open.dbname());
    return open.server_version();
  });
  if (!version) {
    check.fault = version.error().message();
    return check;
  }
  check.answer = fmt::format("PostgreSQL {}.{}", *version / 10000, *version % 10000);
  return check;
}

ServiceCheck check_elasticsearch(const Config& config) {
  ServiceCheck check{"elasticsearch", config.elasticsearch.url, "", std::nullopt};
  http::CurlClient client{http::elasticsearch_options(config, {}, kTimeout)};
  http::Request request;
  request.url = config.elasticsearch.url;
  request.timeout = kTimeout;
  const auto response = client.send(request);
  if (!response) {
    check.fault = response.error().message();
    return check;
  }
  if (response->status == 401 || response->status == 403) {
    check.fault = http::refused_access(config.elasticsearch.url, *response);
    return check;
  }
  if (response->status != 200) {
    check.fault = fmt::format("HTTP {}", response->status);
    return check;
  }
  const auto root = parse_json(response->body);
  const auto number = root ? text_at(*root, "/version/number") : std::nullopt;
  if (!number) {
    check.fault = "answers, but not as Elasticsearch or OpenSearch does";
    return check;
  }
  check.answer = fmt::format(
      "{} {}", text_at(*root, "/version/distribution").value_or("elasticsearch"), *number);
  return check;
}

/// Asks PING. An error reply (such as NOAUTH) is an answer, and the fault to report.
ServiceCheck check_redis(const std::string& url) {
  const auto place = parse_redis_url(url);
  FRESHET_CHECK(place.has_value());  // the settings know no other
  ServiceCheck check{"redis", place->authority(), "", std::nullopt};

  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::resolver resolver{io};
  asio::ip::tcp::socket socket{io};
  std::string ask;
  if (!place->password.empty()) {
    ask = fmt::format("*2\r\n$4\r\nAUTH\r\n${}\r\n{}\r\n", place->password.size(), place->password);
  }
  ask += "PING\r\n";
  std::string answer;
  boost::system::error_code fault = asio::error::timed_out;
  const auto done = [&](const boost::system::error_code& code, std::size_t) { fault = code; };
  resolver.async_resolve(
      place->host, place->port, [&](const auto& unresolved, const auto& endpoints) {
        if (unresolved) {
          fault = unresolved;
          return;
        }
        asio::async_connect(socket, endpoints, [&](const auto& refused, const auto&) {
          if (refused) {
            fault = refused;
            return;
          }
          asio::async_write(socket, asio::buffer(ask), [&](const auto& unsent, std::size_t) {
            if (unsent) {
              fault = unsent;
              return;
            }
            asio::async_read_until(socket, asio::dynamic_buffer(answer, 4096), "\r\n", done);
          });
        });
      });
  io.run_for(kTimeout);
  if (fault) {
    check.fault = fault.message();
  } else if (answer.front() == '-') {
    check.fault = one_line(answer.substr(1, answer.find('\r') - 1));
  } else {
    check.answer = "answers";
  }
  return check;
}

}  // namespace

std::vector<ServiceCheck> check_services(const Config& config) {
  std::vector<ServiceCheck> checks;
  checks.push_back(check_kafka(config.kafka));
  checks.push_back(check_postgres(config.postgres));
  checks.push_back(check_elasticsearch(config));
  if (!config.redis.url.empty()) {
    checks.push_back(check_redis(config.redis.url));
  }
  return checks;
}

}  // namespace freshet
