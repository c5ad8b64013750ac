#include "api/watcher.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "api/search_query.hpp"
#include "api/search_reply.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPause{1};
constexpr std::chrono::seconds kCountsAge{15};
constexpr int kShareOfTime = 20;

}  // namespace

Task<void> Watcher::run(std::stop_token stop) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
  auto count_next_at = Clock::now();
  while (!stop.stop_requested()) {
    std::optional<std::string> fault = co_await look_at_store();
    if (!fault) {
      fault = co_await look_at_index();
    }
    if (!fault && Clock::now() >= count_next_at) {
      const auto started_at = Clock::now();
      fault = co_await count_sources();
      const auto took = Clock::now() - started_at;
      count_next_at = Clock::now() + std::max<Clock::duration>(kCountsAge, took * kShareOfTime);
    }
    {
      const std::scoped_lock lock{mutex_};
      if (fault && not_ready_ != fault) {
        log::warn("api_not_ready", {{"reason", *fault}});
      }
      not_ready_ = fault;
    }
    timer.expires_after(kPause);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

Task<std::optional<std::string>> Watcher::look_at_store() {
  Result<std::map<std::string, bool>> visibility = co_await store_.source_visibility();
  if (!visibility) {
    co_return "postgres: " + visibility.error().message();
  }
  sources_.set_visibility(std::move(*visibility));
  // Asking for nobody shows that the views are there.
  for (const Media media : {Media::image, Media::audio}) {
    const auto nobody = co_await store_.find_one(media, "00000000-0000-4000-8000-000000000000");
    if (!nobody) {
      co_return "postgres: " + nobody.error().message();
    }
  }
  co_return std::nullopt;
}

Task<std::optional<std::string>> Watcher::look_at_index() {
  for (const Media media : {Media::image, Media::audio}) {
    const Result<std::string> body = co_await index_.search(media, to_json(build_probe()), "");
    if (!body) {
      co_return "elasticsearch: " + body.error().message();
    }
  }
  co_return std::nullopt;
}

Task<std::optional<std::string>> Watcher::count_sources() {
  for (const Media media : {Media::image, Media::audio}) {
    const Result<std::string> body =
        co_await index_.search(media, to_json(build_source_counts()), "");
    if (!body) {
      co_return "elasticsearch: " + body.error().message();
    }
    auto counts = read_source_counts(*body);
    if (!counts) {
      co_return "elasticsearch: " + counts.error().message();
    }
    sources_.set_counts(media, std::move(*counts));
  }
  co_return std::nullopt;
}

std::optional<std::string> Watcher::not_ready() const {
  const std::scoped_lock lock{mutex_};
  return not_ready_;
}

}  // namespace freshet::api
