#include "operate/service_check.hpp"

#include <libpq-fe.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>

#include "core/http/curl_client.hpp"
#include "core/json.hpp"
#include "core/kafka/admin.hpp"
#include "operate/one_line.hpp"

namespace freshet {
namespace {

constexpr std::chrono::seconds kTimeout{5};

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

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
  // The keyword that comes last wins in libpq: the DSN is expanded in the place of dbname.
  const char* const keywords[] = {"connect_timeout", "dbname", nullptr};
  const std::string timeout = std::to_string(kTimeout.count());
  const char* const values[] = {timeout.c_str(), config.dsn.c_str(), nullptr};
  const std::unique_ptr<PGconn, CloseConnection> connection{PQconnectdbParams(keywords, values, 1)};
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    check.fault = one_line(PQerrorMessage(connection.get()));
    return check;
  }
  check.address = fmt::format("{}:{}/{}", PQhost(connection.get()), PQport(connection.get()),
                              PQdb(connection.get()));
  const int version = PQserverVersion(connection.get());
  check.answer = fmt::format("PostgreSQL {}.{}", version / 10000, version % 10000);
  return check;
}

ServiceCheck check_elasticsearch(const Config::Elasticsearch& config) {
  ServiceCheck check{"elasticsearch", config.url, "", std::nullopt};
  http::CurlOptions options;
  options.ca_file = config.ca_file;
  options.username = config.username;
  options.password = config.password;
  options.connect_timeout = kTimeout;
  http::CurlClient client{std::move(options)};
  http::Request request;
  request.url = config.url;
  request.timeout = kTimeout;
  const auto response = client.send(request);
  if (!response) {
    check.fault = response.error().message();
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
  std::string authority = url.substr(url.find("://") + 3);
  authority = authority.substr(0, authority.find('/'));
  std::string password;
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) {
    const std::string user = authority.substr(0, at);
    password = user.substr(std::min(user.find(':'), user.size() - 1) + 1);
    authority = authority.substr(at + 1);
  }
  ServiceCheck check{"redis", authority, "", std::nullopt};
  const std::size_t colon = authority.rfind(':');
  const std::string host = authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? "6379" : authority.substr(colon + 1);

  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::resolver resolver{io};
  asio::ip::tcp::socket socket{io};
  std::string ask;
  if (!password.empty()) {
    ask = fmt::format("*2\r\n$4\r\nAUTH\r\n${}\r\n{}\r\n", password.size(), password);
  }
  ask += "PING\r\n";
  std::string answer;
  boost::system::error_code fault = asio::error::timed_out;
  const auto done = [&](const boost::system::error_code& code, std::size_t) { fault = code; };
  resolver.async_resolve(host, port, [&](const auto& unresolved, const auto& endpoints) {
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
  checks.push_back(check_elasticsearch(config.elasticsearch));
  if (!config.redis.url.empty()) {
    checks.push_back(check_redis(config.redis.url));
  }
  return checks;
}

}  // namespace freshet
