#include "api/watcher.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "api/search_query.hpp"
#include "api/search_reply.hpp"
#include "core/log.hpp"
#include "core/policy.hpp"

namespace freshet::api {
namespace {

constexpr std::chrono::seconds kPause{1};
constexpr std::chrono::seconds kCountsAge{15};
constexpr int kShareOfTime = 20;
// Of one look at one store: what takes longer is away for a request, too.
constexpr std::chrono::seconds kLookLimit{5};
constexpr std::chrono::seconds kCountLimit{10};

}  // namespace

Task<void> Watcher::run(std::stop_token stop) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
  while (!stop.stop_requested()) {
    std::optional<std::string> fault;
    try {
      fault = co_await look();
    } catch (const std::exception& thrown) {
      // Requests go on; that nobody looks after the sources any more must not stay unseen.
      fault = std::string{"looking at the stores failed: "} + thrown.what();
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

Task<std::optional<std::string>> Watcher::look() {
  std::optional<std::string> fault = co_await look_at_store();
  if (!fault) {
    fault = co_await look_at_index();
  }
  if (!fault && Clock::now() >= count_next_at_) {
    const auto started_at = Clock::now();
    fault = co_await count_sources();
    const auto took = Clock::now() - started_at;
    count_next_at_ = Clock::now() + std::max<Clock::duration>(kCountsAge, took * kShareOfTime);
  }
  co_return fault;
}

Task<std::optional<std::string>> Watcher::look_at_store() {
  const Deadline deadline = Deadline::in(kLookLimit);
  Result<std::map<std::string, bool>> visibility = co_await store_.source_visibility(deadline);
  if (!visibility) {
    co_return "postgres: " + visibility.error().message();
  }
  sources_.set_visibility(std::move(*visibility));
  if (auto fault = co_await look_at_registry(deadline)) {
    co_return fault;
  }
  // Asking for nobody shows that the views are there.
  for (const Media media : {Media::image, Media::audio}) {
    const auto nobody =
        co_await store_.find_one(media, "00000000-0000-4000-8000-000000000000", deadline);
    if (!nobody) {
      co_return "postgres: " + nobody.error().message();
    }
  }
  co_return std::nullopt;
}

Task<std::optional<std::string>> Watcher::look_at_registry(Deadline deadline) {
  const auto stored =
      co_await store_.policy_rule(std::string{policy::kSources}, registry_version_, deadline);
  if (!stored) {
    co_return "postgres: " + stored.error().message();
  }
  if (!*stored) {
    co_return std::nullopt;
  }
  registry_version_ = (*stored)->version;
  if ((*stored)->json == "null") {
    sources_.set_registry({});
    co_return std::nullopt;
  }
  const Result<PolicyRule> rule = parse_policy_rule(policy::kSources, (*stored)->json);
  if (!rule) {
    // Of a newer version of ours. What was known is better than nothing, and waiting helps nobody.
    log::warn("source_registry_unusable",
              {{"version", registry_version_}, {"reason", rule.error().message()}});
    co_return std::nullopt;
  }
  sources_.set_registry(std::get<SourcesRule>(*rule));
  co_return std::nullopt;
}

Task<std::optional<std::string>> Watcher::look_at_index() {
  const Deadline deadline = Deadline::in(kLookLimit);
  for (const Media media : {Media::image, Media::audio}) {
    const Result<std::string> body =
        co_await index_.search(media, to_json(build_probe()), "", deadline);
    if (!body) {
      co_return "elasticsearch: " + body.error().message();
    }
  }
  co_return std::nullopt;
}

Task<std::optional<std::string>> Watcher::count_sources() {
  for (const Media media : {Media::image, Media::audio}) {
    const Result<std::string> body = co_await index_.search(media, to_json(build_source_counts()),
                                                            "", Deadline::in(kCountLimit));
    if (!body) {
      co_return "elasticsearch: " + body.error().message();
    }
    auto counts = read_source_counts(*body);
    if (!counts) {
      co_return "elasticsearch: " + counts.error().message();
    }
    sources_.set_counts(media, std::move(counts->works), std::move(counts->newest));
  }
  co_return std::nullopt;
}

std::optional<std::string> Watcher::not_ready() const {
  const std::scoped_lock lock{mutex_};
  return not_ready_;
}

}  // namespace freshet::api
