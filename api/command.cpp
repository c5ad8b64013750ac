#include "api/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "api/elasticsearch_client.hpp"
#include "api/handlers.hpp"
#include "api/postgres_store.hpp"
#include "api/server.hpp"
#include "api/watcher.hpp"
#include "core/check.hpp"
#include "core/log.hpp"
#include "core/resources.hpp"
#include "core/stop.hpp"

namespace freshet {
namespace {

using namespace api;

constexpr int kPostgresConnections = 8;
constexpr std::chrono::seconds kDrain{10};
constexpr std::chrono::seconds kReachTimeout{10};

/// A thread's own connections to the index and what uses them.
class ThreadHandler final : public RequestHandler {
 public:
  ThreadHandler(const Config& config, WorkStore& store, SourceDirectory& sources,
                ApiMetrics& metrics)
      : index_{config.elasticsearch}, handlers_{index_, store, sources, metrics} {}

  Task<Reply> handle(Request request) override { return handlers_.handle(std::move(request)); }

 private:
  ElasticsearchIndex index_;
  Handlers handlers_;
};

/// @error StartupError when nothing answers there; an index that is missing is waited for.
void check_reachable(const Config& config) {
  boost::asio::io_context loop;  // outlives the connections that the index keeps
  ElasticsearchIndex index{config.elasticsearch};
  Result<std::string> health = std::string{};
  boost::asio::co_spawn(
      loop, [&]() -> Task<void> { health = co_await index.health(kReachTimeout); },
      boost::asio::detached);
  loop.run();
  if (!health && health.error().errc() != Errc::store_refused) {
    throw StartupError{"elasticsearch.url: " + config.elasticsearch.url + ": " +
                       health.error().message()};
  }
}

int thread_count() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U));
}

}  // namespace

int run_api(const Context& context, MetricsServer& metrics_server) {
  ApiMetrics metrics{context.metrics};
  SourceDirectory sources{read_source_registry(resource("sources.json"))};
  // Built up and torn down in an order that matters: the server's event loops hold coroutines that
  // wait for the store, and the index keeps connections that lie on a loop, so these go before the
  // loops, once no thread runs them; the loops go last but for what coroutines refer to.
  auto watched_index = std::make_unique<ElasticsearchIndex>(context.config.elasticsearch);
  std::unique_ptr<PostgresStore> store =
      std::make_unique<PostgresStore>(context.config.postgres.dsn, kPostgresConnections);
  store->check_reachable();
  check_reachable(context.config);
  // Shared with the metrics server, which may ask once more when all else here is gone.
  const auto watcher = std::make_shared<Watcher>(*watched_index, *store, sources);
  Server server{
      thread_count(),
      [&] { return std::make_unique<ThreadHandler>(context.config, *store, sources, metrics); },
      metrics};
  server.listen(context.config.api.listen);
  server.spawn([&]() -> Task<void> { return watcher->run(context.stop); });
  metrics_server.add_component("api", [watcher] { return watcher->not_ready(); });
  log::info("api_started", {{"address", server.address()}});
  while (!wait_for_stop(context.stop, std::chrono::hours{1})) {
  }
  server.stop(kDrain);
  watched_index.reset();
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
