#include "api/web/ops/ops_page.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>

#include "api/body_stream.hpp"
#include "api/web/languages.hpp"
#include "api/web/page.hpp"
#include "core/json_writer.hpp"

namespace freshet::api::web {
namespace {

constexpr std::chrono::milliseconds kLookAgain{500};
constexpr std::chrono::seconds kSignOfLife{10};  // a line that says nothing keeps it open
constexpr std::chrono::minutes kLongest{30};     // the browser then asks anew, with its password

const Language& english() { return *find_language("en"); }

void add_headers(Reply& reply) {
  reply.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  reply.headers.emplace_back("Referrer-Policy", "no-referrer");
  reply.headers.emplace_back("X-Robots-Tag", "noindex");
  reply.headers.emplace_back("Cache-Control", "no-store");
}

Reply refusal(unsigned status, std::string text) {
  return {.status = status, .body = std::move(text), .content_type = "text/plain; charset=utf-8"};
}

json::value parsed(const std::string& text) {
  auto value = parse_json(text);
  return value ? std::move(*value) : json::value{json::object{}};
}

/// One event of the stream: its data may hold no line end.
std::string event_of(const std::string& parts) {
  std::string out = "event: parts\ndata: ";
  append_json_string(out, parts);
  return out + "\n\n";
}

/// The page's parts, whenever something was measured.
class PartsStream final : public BodyStream {
 public:
  PartsStream(OpsView& view, std::shared_ptr<const Site> site, std::atomic<int>& watchers)
      : view_{view}, site_{std::move(site)}, watchers_{watchers} {
    ++watchers_;
  }
  ~PartsStream() override { --watchers_; }

  boost::asio::awaitable<std::optional<std::string>> next() override {
    if (round_ >= 0) {
      boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, kLookAgain};
      co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - began_at_ > kLongest) {
      co_return std::nullopt;
    }
    const auto newest = view_.newest();
    if (newest->round != round_) {
      round_ = newest->round;
      written_at_ = now;
      co_return event_of(ops_parts(*site_, parsed(newest->json)));
    }
    if (now - written_at_ >= kSignOfLife) {
      written_at_ = now;
      co_return ": still here\n\n";
    }
    co_return "";
  }

 private:
  OpsView& view_;
  const std::shared_ptr<const Site> site_;
  std::atomic<int>& watchers_;
  std::int64_t round_ = -1;
  const std::chrono::steady_clock::time_point began_at_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point written_at_ = began_at_;
};

}  // namespace

std::string ops_parts(const Site& site, const json::value& figures) {
  Dictionary live{"ops"};
  add_ops_figures(live, figures);
  return site.templates.expand(english(), "ops-live.html", live);
}

bool OpsPage::is_ours(std::string_view path) { return path == "/ops" || path.starts_with("/ops/"); }

Task<Reply> OpsPage::answer(std::shared_ptr<const Site> site, const Request& request) {
  Reply reply;
  const OpsGate::Verdict verdict = co_await gate_.judge(request);
  switch (verdict) {
    case OpsGate::Verdict::elsewhere:
      reply = refusal(403,
                      "This page has no password, so it is shown on the machine of the server "
                      "alone, and not where a proxy is set up. Set ops.password_hash to see it "
                      "from elsewhere.\n");
      break;
    case OpsGate::Verdict::password_wanted:
      reply = refusal(401, "A password is wanted.\n");
      reply.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Freshet\", charset=\"UTF-8\"");
      break;
    case OpsGate::Verdict::too_many_tries:
      reply = refusal(429, "Too many wrong passwords. Wait some seconds.\n");
      reply.headers.emplace_back("Retry-After", std::to_string(OpsGate::kTriesWithin.count()));
      break;
    case OpsGate::Verdict::allowed:
      if (request.method != "GET" && request.method != "HEAD") {
        reply = refusal(405, "This page changes nothing.\n");
        reply.headers.emplace_back("Allow", "GET, HEAD");
      } else if (request.path == "/ops") {
        reply = redirect(301, "/ops/");
      } else if (request.path == "/ops/") {
        reply = page(*site);
      } else if (request.path == "/ops/events") {
        reply = events(site);
      } else if (request.path == "/ops/figures") {
        reply = json_reply(view_.newest()->json);
      } else {
        reply = refusal(404, "There is no such page.\n");
      }
  }
  add_headers(reply);
  co_return reply;
}

Reply OpsPage::page(const Site& site) {
  Dictionary whole{"ops"};
  set(whole, "ASSETS", site.assets.base());
  Dictionary* const live = whole.AddIncludeDictionary("LIVE");
  live->SetFilename(Templates::name(english(), "ops-live.html"));
  add_ops_figures(*live, parsed(view_.newest()->json));
  return {.status = 200,
          .body = site.templates.expand(english(), "ops.html", whole),
          .content_type = "text/html; charset=utf-8"};
}

Reply OpsPage::events(std::shared_ptr<const Site> site) {
  if (watchers_ >= kMostWatchers) {
    Reply reply = refusal(503, "Too many watch already.\n");
    reply.headers.emplace_back("Retry-After", "30");
    return reply;
  }
  Reply reply{.status = 200, .body = "", .content_type = "text/event-stream"};
  // A proxy that collects it would show it all at once, at the end.
  reply.headers.emplace_back("X-Accel-Buffering", "no");
  reply.stream = std::make_shared<PartsStream>(view_, std::move(site), watchers_);
  return reply;
}

}  // namespace freshet::api::web
