#include "api/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

#include "api/dispatcher.hpp"
#include "api/elasticsearch_client.hpp"
#include "api/endpoints.hpp"
#include "api/local_limiter.hpp"
#include "api/postgres_accounts.hpp"
#include "api/postgres_store.hpp"
#include "api/redis_limiter.hpp"
#include "api/report_relay.hpp"
#include "api/server.hpp"
#include "api/watcher.hpp"
#include "api/web/front.hpp"
#include "core/check.hpp"
#include "core/log.hpp"
#include "core/resources.hpp"
#include "core/stop.hpp"
#include "core/time.hpp"

namespace freshet {
namespace {

using namespace api;

constexpr int kPostgresConnections = 8;
constexpr int kAccountConnections = 2;
constexpr std::chrono::seconds kDrain{10};
constexpr std::chrono::seconds kReachTimeout{10};

/// What all threads share, but for the connections to the index.
struct Shared {
  WorkStore& store;
  SourceDirectory& sources;
  ApiMetrics& metrics;
  PostgresAccounts& accounts;
  Limiter& limiter;
  Mailer& mailer;
  const Router& router;
  const web::SiteShelf* sites;  ///< null: no pages
};

/// A thread's own connections to the index and what uses them.
class ThreadHandler final : public RequestHandler {
 public:
  ThreadHandler(const Config& config, const Shared& shared)
      : index_{config.elasticsearch}, dispatcher_{services(config, shared), shared.router} {
    if (shared.sites != nullptr) {
      front_.emplace(config.web, *shared.sites, clock_, services(config, shared), shared.router,
                     dispatcher_);
      first_ = &*front_;
    }
  }

  std::optional<std::uint64_t> body_limit(const Request& head) const override {
    return first_->body_limit(head);
  }
  Task<Reply> handle(Request request) override { return first_->handle(std::move(request)); }

 private:
  Services services(const Config& config, const Shared& shared) {
    return {index_,          shared.store,   shared.sources, shared.metrics,        shared.accounts,
            shared.accounts, shared.limiter, shared.mailer,  config.api.environment};
  }

  ElasticsearchIndex index_;
  Dispatcher dispatcher_;
  SystemClock clock_;
  std::optional<web::Front> front_;
  RequestHandler* first_ = &dispatcher_;  // whoever looks at a request before the others
};

/// @error StartupError when nothing answers there; an index that is missing is waited for.
void check_reachable(const Config& config) {
  boost::asio::io_context loop;  // outlives the connections that the index keeps
  ElasticsearchIndex index{config.elasticsearch};
  Result<std::string> health = std::string{};
  boost::asio::co_spawn(
      loop, [&]() -> Task<void> { health = co_await index.health(Deadline::in(kReachTimeout)); },
      [](const std::exception_ptr& thrown) {
        if (thrown) {
          std::rethrow_exception(thrown);  // out of `run`
        }
      });
  loop.run();
  // Never: a password or a right is wrong, which no waiting mends.
  if (!health &&
      (health.error().errc() != Errc::store_refused || health.error().retry() == Retry::never)) {
    throw StartupError{"elasticsearch.url: " + config.elasticsearch.url + ": " +
                       health.error().message()};
  }
}

std::unique_ptr<Limiter> make_limiter(const Config& config) {
  Rates rates{config.api.rates};
  if (config.api.limits == "off") {
    return std::make_unique<NoLimiter>();
  }
  auto local = std::make_unique<LocalLimiter>(std::move(rates));
  if (auto url = parse_redis_url(config.redis.url)) {
    return std::make_unique<RedisLimiter>(std::move(*url), std::move(local));
  }
  return local;
}

Surroundings surroundings_of(const Config::Api& config) {
  return {.trusted_proxies =
              parse_ip_networks(config.trusted_proxies).value_or(std::vector<IpNetwork>{}),
          .public_url = config.public_url};
}

int thread_count() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U));
}

}  // namespace

int run_api(const Context& context, MetricsServer& metrics_server) {
  ApiMetrics metrics{context.metrics};
  const Router router{endpoints()};
  const std::optional<web::SiteShelf> sites =
      context.config.web.enabled ? std::optional<web::SiteShelf>{context.config.web.dir}
                                 : std::nullopt;
  SourceDirectory sources{read_source_registry(resource("sources.json"))};
  // Built up and torn down in an order that matters: the server's event loops hold coroutines that
  // wait for the store, and the index keeps connections that lie on a loop, so these go before the
  // loops, once no thread runs them; the loops go last but for what coroutines refer to.
  auto watched_index = std::make_unique<ElasticsearchIndex>(context.config.elasticsearch);
  std::unique_ptr<PostgresStore> store =
      std::make_unique<PostgresStore>(context.config.postgres.dsn, kPostgresConnections);
  store->check_reachable();
  check_reachable(context.config);
  auto accounts =
      std::make_unique<PostgresAccounts>(context.config.postgres.dsn, kAccountConnections);
  std::unique_ptr<Limiter> limiter = make_limiter(context.config);
  const std::unique_ptr<Mailer> mailer = make_mailer(context.config.api);
  const Shared shared{*store,   sources, metrics, *accounts,
                      *limiter, *mailer, router,  sites ? &*sites : nullptr};
  // Shared with the metrics server, which may ask once more when all else here is gone.
  const auto watcher = std::make_shared<Watcher>(*watched_index, *store, sources);
  Server server{thread_count(),
                [&] { return std::make_unique<ThreadHandler>(context.config, shared); }, metrics,
                surroundings_of(context.config.api)};
  server.listen(context.config.api.listen);
  const ReportRelay relay{context.config};
  server.spawn("watcher", [&]() -> Task<void> { return watcher->run(context.stop); });
  metrics_server.add_component("api", [watcher] { return watcher->not_ready(); });
  log::info("api_started", {{"address", server.address()}});
  while (!wait_for_stop(context.stop, std::chrono::hours{1})) {
  }
  server.stop(kDrain);
  watched_index.reset();
  limiter.reset();
  accounts.reset();
  store.reset();
  log::info("api_stopped");
  return ExitCode::done;
}

void add_api_commands(CLI::App& root, Commands& commands) {
  CLI::App* const command = root.add_subcommand(
      "api", "Serve the REST API over Elasticsearch and Postgres until stopped");
  command->footer(
      "Example:\n  freshet api --api-listen 127.0.0.1:8080\n"
      "  curl 'http://127.0.0.1:8080/v1/images/?q=harbour&license=cc0'");
  commands.on_run(command, [](const Context& context) {
    MetricsServer metrics_server{context.metrics, context.config.metrics.listen};
    log::info("metrics_served", {{"address", metrics_server.address()}});
    return run_api(context, metrics_server);
  });
}

}  // namespace freshet
