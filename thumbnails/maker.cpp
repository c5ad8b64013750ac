#include "thumbnails/maker.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "core/hash.hpp"
#include "core/http/url.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace freshet::thumbnails {
namespace {

constexpr std::size_t kMostFailures = 65'536;
constexpr std::string_view kFailed = "Failed to render thumbnail.";
constexpr std::string_view kNoPeaks = "Failed to generate the waveform.";

/// Kinds of picture that are not read here, by the endings of their names. What has another ending,
/// or none, is looked at.
constexpr std::array<std::string_view, 18> kOtherPictures{
    "ai",  "apng", "avif", "bmp", "djvu", "dng", "eps", "heic", "heif",
    "ico", "jp2",  "jxl",  "pdf", "ps",   "psd", "tif", "tiff", "xcf"};

/// Ending of the last part of a URL's path, in lower case.
std::string ending_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t slash = url.rfind('/');
  const std::size_t dot = url.rfind('.');
  return dot == url.npos || slash == url.npos || dot < slash ? ""
                                                             : lower_ascii(url.substr(dot + 1));
}

Answer unsupported(std::string_view ending) {
  return {Verdict::unsupported, "text/plain",
          fmt::format("Image extension {} is not supported by the thumbnail proxy.", ending)};
}

std::string key_of(const Ask& asked) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", static_cast<int>(asked.kind), asked.url, asked.width,
                     asked.quality, static_cast<int>(asked.format));
}

Answer overloaded() {
  return {Verdict::overloaded, "text/plain", "Too many pictures are being made."};
}

Answer failed(Kind kind) {
  return {Verdict::failed, "text/plain", std::string{kind == Kind::picture ? kFailed : kNoPeaks}};
}

std::string_view kind_name(Kind kind) { return kind == Kind::picture ? "picture" : "peaks"; }

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::made:
      return "made";
    case Verdict::unsupported:
      return "unsupported";
    case Verdict::failed:
      return "failed";
    case Verdict::overloaded:
      return "overloaded";
  }
  return "";
}

Maker::Maker(const Bounds& bounds, ClientFactory make_client, Decode decode, PictureCache& cache,
             Metrics& metrics, std::stop_token stop)
    : bounds_{bounds},
      make_client_{std::move(make_client)},
      decode_{std::move(decode)},
      cache_{cache},
      metrics_{metrics},
      stop_{std::move(stop)},
      cache_bytes_{metrics.gauge("freshet_thumbnails_cache_bytes", "Pictures that are kept")},
      fetch_seconds_{metrics.histogram("freshet_thumbnails_fetch_seconds",
                                       "What a source took to give a file, or not to")},
      failures_{kMostFailures},
      pictures_{bounds.pictures},
      recordings_{bounds.recordings} {
  cache_bytes_.set(static_cast<double>(cache_.bytes()));
}

Maker::~Maker() {
  pictures_.threads.stop();
  recordings_.threads.stop();
  pictures_.threads.join();
  recordings_.threads.join();
}

void Maker::count(Kind kind, std::string_view how) {
  metrics_
      .counter("freshet_thumbnails_answers_total", "What was asked for, by what became of it",
               {{"kind", std::string{kind_name(kind)}}, {"outcome", std::string{how}}})
      .add();
}

void Maker::ask(const Ask& asked, Deliver deliver) {
  Task task{asked, key_of(asked), http::host_of(asked.url).value_or("")};
  if (asked.kind == Kind::picture) {
    if (auto kept = cache_.find(task.key)) {
      count(asked.kind, "kept");
      deliver({Verdict::made, std::move(kept->type), std::move(kept->bytes)});
      return;
    }
  }
  Lane& lane = lane_of(asked.kind);
  switch (take_place(lane, task, deliver)) {
    case Place::refused:
      count(asked.kind, to_string(Verdict::overloaded));
      deliver(overloaded());
      return;
    case Place::shared:
      count(asked.kind, "shared");
      return;
    case Place::waits:
      return;
    case Place::begins:
      begin(lane, std::move(task));
      return;
  }
}

/// Takes `deliver` unless it is refused.
Maker::Place Maker::take_place(Lane& lane, const Task& task, Deliver& deliver) {
  const std::lock_guard lock{mutex_};
  const auto found = lane.under_way.find(task.key);
  if (found != lane.under_way.end()) {
    found->second.waiting.push_back(std::move(deliver));
    found->second.asked_at = Clock::now();
    return Place::shared;
  }
  const auto known = lane.hosts.find(task.host);
  const bool waits = known != lane.hosts.end() && known->second.at_once >= lane.bounds.host_at_once;
  if (lane.under_way.size() >= lane.bounds.under_way ||
      (waits && known->second.waiting.size() >= lane.bounds.host_waiting)) {
    return Place::refused;
  }
  UnderWay& entry = lane.under_way[task.key];
  entry.waiting.push_back(std::move(deliver));
  entry.asked_at = Clock::now();
  if (waits) {
    known->second.waiting.push_back(task);
    return Place::waits;
  }
  ++lane.hosts[task.host].at_once;
  return Place::begins;
}

void Maker::begin(Lane& lane, Task task) {
  boost::asio::post(lane.threads, [this, &lane, task = std::move(task)] { run(lane, task); });
}

bool Maker::is_waited_for(Lane& lane, const Task& task) {
  const std::lock_guard lock{mutex_};
  return Clock::now() - lane.under_way[task.key].asked_at < lane.bounds.patience;
}

// Whatever is thrown here would end the process, and leave who asks for the file waiting for good.
void Maker::run(Lane& lane, const Task& task) {
  Answer answer;
  try {
    answer = is_waited_for(lane, task) ? make(task.asked) : overloaded();
    count(task.asked.kind, to_string(answer.verdict));
    if (task.asked.kind == Kind::picture && answer.verdict == Verdict::made) {
      cache_.put(task.key, {answer.type, answer.bytes});
      cache_bytes_.set(static_cast<double>(cache_.bytes()));
    }
  } catch (const std::exception& what) {
    log::error("thumbnail_not_made", {{"host", task.host}, {"what", what.what()}});
    if (answer.verdict != Verdict::made) {
      answer = failed(task.asked.kind);
    }
  }
  std::vector<Deliver> waiting;
  std::optional<Task> next;
  {
    const std::lock_guard lock{mutex_};
    waiting = std::move(lane.under_way[task.key].waiting);
    lane.under_way.erase(task.key);
    const auto host = lane.hosts.find(task.host);
    if (!host->second.waiting.empty()) {
      next = std::move(host->second.waiting.front());
      host->second.waiting.pop_front();
    } else if (--host->second.at_once == 0) {
      lane.hosts.erase(host);
    }
  }
  if (next) {
    begin(lane, std::move(*next));
  }
  for (const Deliver& one : waiting) {
    try {
      one(answer);
    } catch (const std::exception& what) {
      log::error("thumbnail_not_delivered", {{"what", what.what()}});
    }
  }
}

Answer Maker::make(const Ask& asked) {
  const bool is_picture = asked.kind == Kind::picture;
  const std::string ending = ending_of(asked.url);
  if (is_picture &&
      std::ranges::find(kOtherPictures, std::string_view{ending}) != kOtherPictures.end()) {
    return unsupported(ending);
  }
  const std::uint64_t file = xxh3(asked.url);
  if (failures_.is_given_up(file, Failures::Clock::now())) {
    return failed(asked.kind);
  }
  const auto refuse = [&](std::string_view why) {
    if (stop_.stop_requested()) {
      return overloaded();  // it was given up by us
    }
    failures_.add(file, Failures::Clock::now());
    log::debug("thumbnail_failed", {{"kind", kind_name(asked.kind)},
                                    {"host", http::host_of(asked.url).value_or("")},
                                    {"reason", why}});
    return failed(asked.kind);
  };
  const Result<std::string> body = fetch(asked);
  if (!body) {
    return refuse(body.error().message());
  }
  const auto limit = lane_of(asked.kind).bounds.decode;
  Decoded decoded = decode_(*body, {.kind = asked.kind,
                                    .format = asked.format,
                                    .width = asked.width,
                                    .quality = asked.quality,
                                    .points = bounds_.points,
                                    .limit_ms = static_cast<std::uint32_t>(limit.count()),
                                    .most_pixels = bounds_.pixels,
                                    .most_memory_bytes = bounds_.memory_bytes});
  if (decoded.fate == Fate::made) {
    failures_.forget(file);
    return {Verdict::made, std::move(decoded.type), std::move(decoded.bytes)};
  }
  if (decoded.fate == Fate::not_tried) {
    log::debug("thumbnail_not_tried", {{"kind", kind_name(asked.kind)}, {"reason", decoded.bytes}});
    return overloaded();
  }
  if (decoded.fate == Fate::unsupported && is_picture) {
    return unsupported(ending.empty() || ending.size() > 8 ? "unknown" : ending);
  }
  return refuse(decoded.bytes);
}

Result<std::string> Maker::fetch(const Ask& asked) {
  const bool is_picture = asked.kind == Kind::picture;
  std::unique_ptr<http::HttpClient> client;
  {
    const std::lock_guard lock{mutex_};
    if (!idle_.empty()) {
      client = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (client == nullptr) {
    client = make_client_();
  }
  http::Request request;
  request.url = asked.url;
  request.headers = {{"Accept", is_picture ? "image/*" : "audio/*,*/*;q=0.5"}};
  request.timeout = lane_of(asked.kind).bounds.fetch;
  request.max_body_bytes = lane_of(asked.kind).bounds.file_bytes;
  const auto began = std::chrono::steady_clock::now();
  Result<http::Response> response = client->send(request);
  fetch_seconds_.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(client));
  }
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return Error{Errc::http_status, Retry::never,
                 "the source answers " + std::to_string(response->status)};
  }
  if (response->body.empty()) {
    return Error{Errc::invalid_value, Retry::never, "the source gives nothing"};
  }
  return std::move(response->body);
}

}  // namespace freshet::thumbnails
