#include "thumbnails/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "core/check.hpp"
#include "core/http/curl_client.hpp"
#include "core/log.hpp"
#include "core/roles.hpp"
#include "core/stop.hpp"
#include "thumbnails/server.hpp"

namespace freshet {
namespace {

using namespace thumbnails;

constexpr std::chrono::milliseconds kConnectTimeout{4'000};

std::filesystem::path cache_of(const Config& config) {
  return config.thumbnails.cache_dir.empty()
             ? std::filesystem::path{config.state.dir} / "thumbnails"
             : std::filesystem::path{config.thumbnails.cache_dir};
}

int run(const Context& context) {
  const Config& config = context.config;
  MetricsServer metrics_server{context.metrics, config.metrics.listen};
  log::info("metrics_served", {{"address", metrics_server.address()}});
  const http::AddressGuard guard{
      parse_ip_networks(config.http.allowed_networks).value_or(std::vector<IpNetwork>{})};
  Bounds bounds;
  bounds.memory_bytes = static_cast<std::uint64_t>(config.thumbnails.memory_mb) << 20U;
  const Slots slots{.pictures = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U)),
                    .recordings = bounds.recordings.threads};
  // Shared with the metrics server, which may ask once more when all else here is gone.
  const auto decoder = std::make_shared<Decoder>(decoder_path(), slots, context.metrics);
  PictureCache cache{cache_of(config),
                     static_cast<std::uint64_t>(config.thumbnails.cache_mb) * 1'000'000};
  Maker maker{bounds,
              [&] {
                return std::make_unique<http::CurlClient>(
                    http::CurlOptions{.user_agent = config.http.user_agent + " ThumbnailGeneration",
                                      .connect_timeout = kConnectTimeout,
                                      .stop = context.stop,
                                      .guard = &guard});
              },
              [&](std::string_view file, const Job& job) { return decoder->decode(file, job); },
              cache,
              context.metrics,
              context.stop};
  const Server server{thumbnail_socket(config), maker};
  // What is being decoded is given up: the maker's threads wait for it.
  const std::stop_callback end_decoder{context.stop, [decoder] { decoder->stop(); }};
  metrics_server.add_component("thumbnails", [decoder]() -> std::optional<std::string> {
    return decoder->is_running() ? std::nullopt
                                 : std::optional<std::string>{"freshet-decode does not run"};
  });
  log::info("thumbnails_started", {{"socket", thumbnail_socket(config)}});
  while (!wait_for_stop(context.stop, std::chrono::hours{1})) {
  }
  log::info("thumbnails_stopped");
  return ExitCode::done;
}

}  // namespace

void add_thumbnail_commands(CLI::App& root, Commands& commands) {
  CLI::App* const command = root.add_subcommand(
      std::string{role("thumbnails").name},
      "Make thumbnails and waveforms for the API, apart from it, until stopped");
  command->footer(
      "Example:\n  freshet thumbnails &\n  freshet api\n"
      "  curl http://127.0.0.1:8080/v1/images/ID/thumb/ -o picture.jpg");
  commands.on_run(command, run);
}

}  // namespace freshet
