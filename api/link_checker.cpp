#include "api/link_checker.hpp"

#include <utility>

#include "api/link_state.hpp"
#include "core/http/url.hpp"

namespace freshet::api {
namespace {

Counter& counter(Metrics& metrics, const std::string& outcome) {
  return metrics.counter("freshet_api_link_checks_total", "Links that were asked for, by outcome",
                         {{"outcome", outcome}});
}

}  // namespace

LinkChecker::LinkChecker(ClientFactory make_client, int threads, Metrics& metrics)
    : make_client_{std::move(make_client)},
      live_{counter(metrics, "200")},
      dead_{counter(metrics, "other_status")},
      failed_{counter(metrics, "no_answer")},
      dropped_{counter(metrics, "dropped")} {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

LinkChecker::~LinkChecker() {
  for (std::jthread& thread : threads_) {
    thread.request_stop();
  }
  changed_.notify_all();
  threads_.clear();
}

void LinkChecker::check(const std::string& url, Deliver deliver) {
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = under_way_.find(url); found != under_way_.end()) {
      found->second.push_back(std::move(deliver));
      return;
    }
    if (waiting_ < kMostWaiting) {
      under_way_[url].push_back(std::move(deliver));
      deliver = nullptr;
      const Hosts::pointer host = &*hosts_.try_emplace(http::host_of(url).value_or("")).first;
      host->second.waiting.push_back(url);
      ++waiting_;
      make_ready_if_due(host);
    }
  }
  if (deliver) {
    dropped_.add();
    deliver(std::nullopt);
  }
}

void LinkChecker::make_ready_if_due(Hosts::pointer host) {
  Host& about = host->second;
  if (!about.is_ready && !about.waiting.empty() && about.busy < kMostOfOneHost) {
    about.is_ready = true;
    ready_.push_back(host);
    changed_.notify_one();
  }
}

/// The first of the next host that has room; nothing: stop.
std::optional<LinkChecker::Taken> LinkChecker::take(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait(lock, stop, [this] { return !ready_.empty(); })) {
    return std::nullopt;
  }
  const Hosts::pointer host = ready_.front();
  ready_.pop_front();
  Host& about = host->second;
  Taken taken{std::move(about.waiting.front()), host};
  about.waiting.pop_front();
  --waiting_;
  ++about.busy;
  about.is_ready = false;
  make_ready_if_due(host);
  return taken;
}

std::optional<int> LinkChecker::ask(http::HttpClient& client, const std::string& url) {
  http::Request request;
  request.method = http::Method::head;
  request.url = url;
  request.redirects = http::Redirects::stop;
  request.timeout = kTimeout;
  const Result<http::Response> response = client.send(request);
  const std::lock_guard lock{mutex_};
  if (response) {
    last_answer_ = Clock::now();
    has_answer_ = true;
    (response->status == 200 ? live_ : dead_).add();
    return response->status;
  }
  failed_.add();
  const Error fault = response.error();
  if (fault.errc() == Errc::invalid_value) {
    return kNotAsked;  // not public, or no URL of http
  }
  const bool others_answer = has_answer_ && Clock::now() - last_answer_ < kBelievedAfterAnswer;
  return others_answer && fault.retry() != Retry::never ? std::optional{kNoAnswer} : std::nullopt;
}

void LinkChecker::settle(const Taken& asked, std::optional<int> status) {
  std::vector<Deliver> all;
  {
    const std::lock_guard lock{mutex_};
    all = std::move(under_way_[asked.url]);
    under_way_.erase(asked.url);
    Host& about = asked.host->second;
    --about.busy;
    make_ready_if_due(asked.host);
    if (about.busy == 0 && about.waiting.empty()) {
      hosts_.erase(hosts_.find(asked.host->first));
    }
  }
  for (const Deliver& deliver : all) {
    deliver(status);
  }
}

void LinkChecker::run(const std::stop_token& stop) {
  const std::unique_ptr<http::HttpClient> client = make_client_();
  while (!stop.stop_requested()) {
    if (const auto next = take(stop)) {
      settle(*next, ask(*client, next->url));
    }
  }
}

}  // namespace freshet::api
