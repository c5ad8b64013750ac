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
#include "api/lag_freshness.hpp"
#include "api/local_limiter.hpp"
#include "api/postgres_accounts.hpp"
#include "api/postgres_changes.hpp"
#include "api/postgres_peaks.hpp"
#include "api/postgres_store.hpp"
#include "api/redis_limiter.hpp"
#include "api/redis_link_memory.hpp"
#include "api/report_relay.hpp"
#include "api/server.hpp"
#include "api/thumbnail_client.hpp"
#include "api/usage/kafka_usage_log.hpp"
#include "api/watcher.hpp"
#include "api/web/front.hpp"
#include "core/check.hpp"
#include "core/http/curl_client.hpp"
#include "core/log.hpp"
#include "core/resources.hpp"
#include "core/stop.hpp"
#include "core/time.hpp"

namespace freshet {
namespace {

using namespace api;

constexpr int kPostgresConnections = 8;
constexpr int kAccountConnections = 2;
constexpr int kChangeConnections = 4;
constexpr int kPeaksConnections = 2;
constexpr int kLinkThreads = 16;
constexpr int kFileThreads = 4;
constexpr std::size_t kMostFileReads = 1'024;     // that wait; each is one of a connection
constexpr std::size_t kMostLinksKnown = 200'000;  // about 200 bytes each
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
  Thumbnails& thumbnails;
  PeaksStore& peaks;
  Links& links;
  UsageLog& usage;
  ChangeFeed& changes;
  Freshness& freshness;
  SideThreads& files;
  const Router& router;
  const web::SiteShelf* sites;  ///< null: no pages
  web::OpsPage* ops;            ///< the same
};

/// A thread's own connections to the index and what uses them.
class ThreadHandler final : public RequestHandler {
 public:
  ThreadHandler(const Config& config, const Shared& shared)
      : index_{config.elasticsearch}, dispatcher_{services(config, shared), shared.router} {
    if (shared.sites != nullptr) {
      front_.emplace(config.web, *shared.sites, clock_, services(config, shared), shared.router,
                     dispatcher_, shared.ops);
      first_ = &*front_;
    }
  }

  std::optional<std::uint64_t> body_limit(const Request& head) const override {
    return first_->body_limit(head);
  }
  Task<Reply> handle(Request request) override { return first_->handle(std::move(request)); }

 private:
  Services services(const Config& config, const Shared& shared) {
    return {index_,
            shared.store,
            shared.sources,
            shared.metrics,
            shared.accounts,
            shared.accounts,
            shared.limiter,
            shared.mailer,
            shared.thumbnails,
            shared.peaks,
            shared.links,
            config.api.environment,
            shared.usage,
            shared.changes,
            shared.freshness,
            config.api.dump_dir,
            shared.files};
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
  Rates rates{config.api.rates, config.api.limits == "cost" ? LimitBy::cost : LimitBy::requests};
  if (config.api.limits == "off") {
    return std::make_unique<NoLimiter>();
  }
  auto local = std::make_unique<LocalLimiter>(std::move(rates));
  if (auto url = parse_redis_url(config.redis.url)) {
    return std::make_unique<RedisLimiter>(std::move(*url), std::move(local));
  }
  return local;
}

std::unique_ptr<UsageLog> make_usage_log(const Context& context) {
  if (!context.config.usage.enabled) {
    return std::make_unique<NoUsageLog>();
  }
  return std::make_unique<KafkaUsageLog>(context.config.kafka, context.metrics);
}
/// What looks after links, in the order in which it may be torn down: what is asked for is stored.
struct LinkParts {
  explicit LinkParts(const Context& context)
      : guard{parse_ip_networks(context.config.http.allowed_networks)
                  .value_or(std::vector<IpNetwork>{})} {
    const Config& config = context.config;
    // Behind a mirror there is nothing at the works' own addresses.
    if (!config.api.link_checks || !config.http.mirror.empty()) {
      links = std::make_unique<NoLinks>();
      return;
    }
    if (auto url = parse_redis_url(config.redis.url)) {
      memory = std::make_unique<RedisLinkMemory>(std::move(*url), kMostLinksKnown);
    } else {
      memory = std::make_unique<LocalLinkMemory>(kMostLinksKnown);
    }
    checker = std::make_unique<LinkChecker>(
        [this, &config, stop = context.stop] {
          return std::make_unique<http::CurlClient>(
              http::CurlOptions{.user_agent = config.http.user_agent + " LinkValidation",
                                .connect_timeout = LinkChecker::kTimeout,
                                .stop = stop,
                                .guard = &guard});
        },
        kLinkThreads, context.metrics);
    log = std::make_unique<KafkaLinkLog>(config.kafka, context.metrics);
    links = std::make_unique<CheckedLinks>(*memory, *checker, *log,
                                           std::chrono::milliseconds{config.api.link_wait_ms},
                                           config.api.filter_dead);
  }

  /// Ends the threads that deliver to the server's loops; no request is under way any more.
  void end() {
    checker.reset();
    log.reset();
    memory.reset();
  }

  const http::AddressGuard guard;
  std::unique_ptr<LinkMemory> memory;
  std::unique_ptr<KafkaLinkLog> log;
  std::unique_ptr<LinkChecker> checker;
  std::unique_ptr<Links> links;
};

Surroundings surroundings_of(const Config::Api& config) {
  return {.trusted_proxies =
              parse_ip_networks(config.trusted_proxies).value_or(std::vector<IpNetwork>{}),
          .public_url = config.public_url};
}

int thread_count() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U));
}

}  // namespace

int run_api(const Context& context, MetricsServer& metrics_server, const MakeOpsView& make_ops) {
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
  auto usage = make_usage_log(context);
  auto changes = std::make_unique<PostgresChanges>(context.config.postgres.dsn, kChangeConnections);
  auto freshness = std::make_unique<LagFreshness>(context.config);
  const std::unique_ptr<OpsView> ops_view = sites && make_ops ? make_ops(context) : nullptr;
  std::optional<web::OpsPage> ops;
  if (ops_view != nullptr) {
    const Config::Api& api = context.config.api;
    ops.emplace(*ops_view, context.config.ops.password_hash,
                api.trusted_proxies.empty() && api.public_url.empty() ? web::OpsGate::Proxy::none
                                                                      : web::OpsGate::Proxy::there);
  }
  ThumbnailClient thumbnails{thumbnail_socket(context.config)};
  auto peaks = std::make_unique<PostgresPeaks>(context.config.postgres.dsn, kPeaksConnections);
  LinkParts links{context};
  SideThreads files{kFileThreads, kMostFileReads};
  const Shared shared{*store,
                      sources,
                      metrics,
                      *accounts,
                      *limiter,
                      *mailer,
                      thumbnails,
                      *peaks,
                      *links.links,
                      *usage,
                      *changes,
                      *freshness,
                      files,
                      router,
                      sites ? &*sites : nullptr,
                      ops ? &*ops : nullptr};
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
  if (ops) {
    ops->end();
  }
  files.end();
  usage.reset();
  watched_index.reset();
  limiter.reset();
  freshness.reset();
  changes.reset();
  accounts.reset();
  peaks.reset();
  links.end();
  store.reset();
  log::info("api_stopped");
  return ExitCode::done;
}

void add_api_commands(CLI::App& root, Commands& commands, MakeOpsView make_ops) {
  CLI::App* const command = root.add_subcommand(
      "api", "Serve the REST API over Elasticsearch and Postgres until stopped");
  command->footer(
      "Example:\n  freshet api --api-listen 127.0.0.1:8080\n"
      "  curl 'http://127.0.0.1:8080/v1/images/?q=harbour&license=cc0'");
  commands.on_run(command, [make_ops = std::move(make_ops)](const Context& context) {
    MetricsServer metrics_server{context.metrics, context.config.metrics.listen};
    log::info("metrics_served", {{"address", metrics_server.address()}});
    return run_api(context, metrics_server, make_ops);
  });
}

}  // namespace freshet
