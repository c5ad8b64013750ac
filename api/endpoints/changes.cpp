#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "api/change_feed.hpp"
#include "api/endpoint.hpp"
#include "api/licenses.hpp"
#include "api/lookups.hpp"
#include "api/parameter_fields.hpp"
#include "core/json_writer.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr int kMostScanned = 500;  // entries that one statement reads
constexpr int kFirstScanned = 50;
constexpr std::size_t kScanBytes = 2U << 20U;   // that one statement should give
constexpr std::size_t kReplyBytes = 8U << 20U;  // of lines in one reply
constexpr int kMostScans = 40;     // statements of one reply, where a filter takes little
constexpr int kMostReaders = 200;  // of events, at a time
constexpr int kMostReadersOfAddress = 4;
constexpr std::chrono::minutes kLongestStream{30};  // the reader then comes back by itself
constexpr std::chrono::seconds kReadLimit{5};
constexpr std::chrono::milliseconds kLookAgain{500};
constexpr std::chrono::seconds kSignOfLife{15};

constexpr std::string_view kMediaTypes[] = {"image", "audio"};
const Parameter kSince{.name = "since",
                       .meaning =
                           "the cursor behind which to go on; `now`: only what comes from now on. "
                           "Without it, from the oldest change that is kept",
                       .longest = 100,
                       .example = "now"};
const Parameter kLimit{.name = "limit",
                       .type = Parameter::Type::integer,
                       .meaning = "changes in one reply",
                       .least = 1,
                       .most = 2000,
                       .fallback = "1000"};
const Parameter kMediaType{.name = "media_type",
                           .type = Parameter::Type::choice,
                           .meaning = "works of this kind alone",
                           .values = kMediaTypes};
const Parameter kSource{.name = "source",
                        .type = Parameter::Type::list,
                        .meaning = "works of these sources alone, in any case of letters"};
const Parameter kLicense{.name = "license",
                         .type = Parameter::Type::list,
                         .meaning = "works under these licences alone",
                         .values = license_slugs(),
                         .wrong = "License '{}' does not exist."};

struct Asked {
  std::optional<std::string> since;
  int limit = 1000;
  ChangeFilter filter;
};

std::variant<Asked, Reply> read_asked(const Request& request, bool is_stream) {
  FieldReader fields{request.query};
  Asked asked;
  asked.since = fields.text(kSince);
  if (is_stream && !request.last_event_id.empty()) {
    asked.since = request.last_event_id;  // a reader that comes back
  }
  const std::int64_t limit = fields.integer(kLimit).value_or(asked.limit);
  if (limit > static_cast<std::int64_t>(*kLimit.most)) {
    fields.fail(kLimit.name, "Ensure this value is less than or equal to 2000.");
  }
  asked.limit = static_cast<int>(std::min<std::int64_t>(limit, 2000));
  if (const auto media = fields.choice(kMediaType)) {
    asked.filter.media = *media == "image" ? Media::image : Media::audio;
  }
  asked.filter.sources = fields.list(kSource);
  asked.filter.licenses = fields.list(kLicense);
  if (!fields.errors().empty()) {
    return field_error_reply(fields.errors());
  }
  return asked;
}

bool is_before(const FeedPosition& a, const FeedPosition& b) {
  return std::pair{a.xid, a.number} < std::pair{b.xid, b.number};
}

Reply refuse_old() {
  return error_reply(
      410,
      "Changes are kept for 30 days, and this cursor is older. Take the newest dump, "
      "and go on behind its cursor.");
}

/// Where to begin, or why not there.
std::variant<FeedPosition, Reply> find_start(const std::optional<std::string>& since,
                                             const FeedBounds& bounds) {
  if (!since) {
    return bounds.start;
  }
  if (*since == "now") {
    // The start may lie behind what can be read, as long as an older transaction runs.
    return is_before(bounds.end, bounds.start) ? bounds.start : bounds.end;
  }
  std::optional<FeedPosition> at = parse_feed_position(*since);
  if (!at) {
    return field_error_reply({{"since", {"Not a cursor of this feed."}}});
  }
  if (at->epoch != bounds.start.epoch) {
    return error_reply(
        410,
        "The feed began anew, as its tables were made anew, or this is the cursor of "
        "another catalogue. Take the newest dump, and go on behind its cursor.");
  }
  if (is_before(bounds.end, *at)) {
    return field_error_reply({{"since", {"The cursor is of another catalogue's feed."}}});
  }
  if (is_before(*at, bounds.start)) {
    return refuse_old();
  }
  return std::move(*at);
}

/// What one look at the feed gave.
struct Scan {
  std::vector<std::pair<std::string_view, std::string>> lines;  ///< event and JSON
  std::vector<FeedPosition> at;                                 ///< of each line
  FeedPosition begin;                                           ///< before what was looked at
  FeedPosition end;                                             ///< behind it
  bool is_all = false;                                          ///< there is nothing more for now
  bool is_cut = false;                                          ///< there was too much
  bool is_old = false;  ///< what came next was forgotten meanwhile
};

/// What readers are told from.
struct Origin {
  ChangeFeed& feed;
  const SourceDirectory& sources;
  ApiMetrics& metrics;
};

/// How many entries to read at once, so that works of any size stay a bounded piece of memory.
class ScanSize {
 public:
  int most() const { return most_; }
  void saw(const Scan& scan) {
    std::size_t bytes = 0;
    for (const auto& [event, line] : scan.lines) {
      bytes += line.size();
    }
    const std::size_t each = bytes / std::max<std::size_t>(scan.lines.size(), 1) + 1;
    most_ = static_cast<int>(std::clamp<std::size_t>(kScanBytes / each, 1, kMostScanned));
  }

 private:
  int most_ = kFirstScanned;
};

/// Cuts what was found to what a reply may hold; its end is then behind the last line that is left.
void cut(Scan& scan, std::size_t most_bytes, bool is_first) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < scan.lines.size(); ++i) {
    bytes += scan.lines[i].second.size() + 1;
    // One line is always given, or nobody would come past it.
    if (bytes > most_bytes && (i > 0 || !is_first)) {
      scan.lines.resize(i);
      scan.at.resize(i);
      scan.end = i > 0 ? scan.at.back() : scan.begin;
      scan.is_all = false;
      scan.is_cut = true;
      return;
    }
  }
}

Task<Result<Scan>> scan(Origin origin, FeedPosition after, const ChangeFilter& filter, int most,
                        Deadline deadline) {
  Result<std::vector<ChangeEntry>> entries =
      co_await origin.feed.read(after, filter, most, deadline);
  if (!entries) {
    co_return entries.error();
  }
  // Behind the read: what was forgotten before it, the start has moved past.
  const Result<FeedBounds> bounds = co_await origin.feed.bounds(deadline);
  if (!bounds) {
    co_return bounds.error();
  }
  Scan scan;
  scan.is_old = after.epoch != bounds->start.epoch || is_before(after, bounds->start);
  scan.is_all = std::ssize(*entries) < most;
  scan.begin = after;
  scan.end = std::move(after);
  for (ChangeEntry& entry : *entries) {
    // The registry hides sources as well.
    if (entry.media_type != "source" && entry.source) {
      const Media media = entry.media_type == "audio" ? Media::audio : Media::image;
      entry.is_source_hidden =
          entry.is_source_hidden || origin.sources.get(media)->hidden.contains(*entry.source);
    }
    if (auto line = change_line(entry, filter)) {
      scan.lines.emplace_back(event_of(entry, filter), std::move(*line));
      scan.at.push_back(entry.at);
    }
    scan.end = entry.at;
  }
  co_return scan;
}

/// Readers of events, of which there are so many at a time, and so many of one address.
class Readers {
 public:
  enum class Verdict { taken, too_many, too_many_of_address };

  Verdict enter(const std::string& identity) {
    const std::scoped_lock lock{mutex_};
    if (all_ >= kMostReaders) {
      return Verdict::too_many;
    }
    const auto known = by_identity_.find(identity);
    if (known != by_identity_.end() && known->second >= kMostReadersOfAddress) {
      return Verdict::too_many_of_address;
    }
    ++all_;
    ++by_identity_[identity];
    return Verdict::taken;
  }
  void leave(const std::string& identity) {
    const std::scoped_lock lock{mutex_};
    --all_;
    const auto known = by_identity_.find(identity);
    if (--known->second == 0) {
      by_identity_.erase(known);
    }
  }

 private:
  std::mutex mutex_;
  int all_ = 0;
  std::map<std::string, int> by_identity_;
};

Readers readers;

/// Changes as server-sent events, without end.
class EventStream final : public BodyStream {
 public:
  /// @param identity  of one who has entered
  EventStream(Origin origin, FeedPosition at, ChangeFilter filter, std::string identity)
      : origin_{origin},
        at_{std::move(at)},
        filter_{std::move(filter)},
        identity_{std::move(identity)} {}
  ~EventStream() override { readers.leave(identity_); }

  Task<std::optional<std::string>> next() override {
    if (is_over_ || std::chrono::steady_clock::now() - began_at_ > kLongestStream) {
      co_return std::nullopt;
    }
    if (is_first_) {
      is_first_ = false;
      // Where it stands from the beginning, for one who breaks off before the first change.
      co_return "retry: 3000\nid: " + to_text(at_) + "\n\n";
    }
    std::string out;
    bool is_up_to_date = co_await has_no_news();
    if (!is_up_to_date) {
      Result<Scan> found =
          co_await scan(origin_, at_, filter_, size_.most(), Deadline::in(kReadLimit));
      if (found && found->is_old) {
        is_over_ = true;
        co_return "event: expired\ndata: {\"event\":\"expired\"}\n\n";
      }
      if (found) {
        size_.saw(*found);
        cut(*found, kReplyBytes, true);
        at_ = found->end;
        for (std::size_t i = 0; i < found->lines.size(); ++i) {
          out.append("id: ").append(to_text(found->at[i]));
          out.append("\nevent: ").append(found->lines[i].first);
          out.append("\ndata: ").append(found->lines[i].second).append("\n\n");
        }
        is_caught_up_ = is_up_to_date = found->is_all;
      } else {
        count_failure(found.error());
        is_up_to_date = true;
      }
    }
    if (is_up_to_date) {
      boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, kLookAgain};
      co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    const auto now = std::chrono::steady_clock::now();
    if (out.empty() && now - written_at_ >= kSignOfLife) {
      out = "id: " + to_text(at_) + "\n\n";
    }
    if (!out.empty()) {
      written_at_ = now;
    }
    co_return out;
  }

 private:
  /// Whether it is known, without a look of its own, that nothing came since it read to the end. A
  /// store that is away comes back; until then there is no news.
  Task<bool> has_no_news() {
    if (!is_caught_up_) {
      co_return false;
    }
    const Result<FeedBounds> bounds = co_await origin_.feed.recent_bounds(Deadline::in(kReadLimit));
    if (!bounds) {
      count_failure(bounds.error());
      co_return true;
    }
    co_return bounds->start.epoch == at_.epoch && !is_before(at_, bounds->newest);
  }
  void count_failure(const Error& error) const {
    static_cast<void>(store_failed(origin_.metrics, "postgres", error));
  }

  const Origin origin_;
  FeedPosition at_;
  const ChangeFilter filter_;
  const std::string identity_;
  ScanSize size_;
  bool is_first_ = true;
  bool is_over_ = false;
  bool is_caught_up_ = false;  ///< it read to the end before
  const std::chrono::steady_clock::time_point began_at_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point written_at_ = std::chrono::steady_clock::now();
};

Reply answer_events(Services services, const Call& call, FeedPosition start, ChangeFilter filter) {
  std::string identity = identity_of_address(call.request.client_address);
  const Readers::Verdict verdict = readers.enter(identity);
  if (verdict != Readers::Verdict::taken) {
    Reply reply =
        verdict == Readers::Verdict::too_many
            ? error_reply(503, "Too many readers of changes. Ask without text/event-stream.")
            : error_reply(429, "Too many readers of this address. Ask without text/event-stream.");
    reply.headers.emplace_back("Retry-After", "60");
    return reply;
  }
  Reply reply{.status = 200, .body = "", .content_type = "text/event-stream"};
  reply.headers.emplace_back("Cache-Control", "no-store");
  // Of proxies that would wait until there is enough to pass on.
  reply.headers.emplace_back("X-Accel-Buffering", "no");
  reply.stream =
      std::make_shared<EventStream>(Origin{services.changes, services.sources, services.metrics},
                                    std::move(start), std::move(filter), std::move(identity));
  return reply;
}

Task<Reply> answer_lines(Services services, const Call& call, FeedPosition at, const Asked& asked) {
  Reply reply{.status = 200, .body = "", .content_type = "application/jsonl"};
  int left = asked.limit;
  ScanSize size;
  bool is_all = false;
  bool is_full = false;
  for (int scans = 0; left > 0 && !is_all && !is_full && scans < kMostScans; ++scans) {
    Result<Scan> found = co_await scan({services.changes, services.sources, services.metrics}, at,
                                       asked.filter, std::min(left, size.most()), call.deadline);
    if (!found && scans > 0) {
      break;  // what was found is an answer, and its cursor goes on from there
    }
    if (!found) {
      co_return store_failed(services.metrics, "postgres", found.error());
    }
    if (found->is_old) {
      co_return refuse_old();
    }
    size.saw(*found);
    cut(*found, kReplyBytes - std::min(reply.body.size(), kReplyBytes), reply.body.empty());
    is_full = found->is_cut;
    for (const auto& [event, line] : found->lines) {
      reply.body.append(line) += '\n';
      --left;
    }
    at = std::move(found->end);
    is_all = found->is_all;
  }
  ObjectWriter last{reply.body};
  last.text("event", "cursor");
  last.text("cursor", to_text(at));
  last.boolean("is_end", is_all);
  last.close();
  reply.body += '\n';
  reply.headers.emplace_back("Cache-Control", "no-store");
  co_return reply;
}

Task<Reply> answer(Services services, Call call) {
  const bool is_stream = call.request.accept.find("text/event-stream") != call.request.accept.npos;
  auto read = read_asked(call.request, is_stream);
  if (Reply* refusal = std::get_if<Reply>(&read)) {
    co_return std::move(*refusal);
  }
  const Asked& asked = std::get<Asked>(read);
  const Result<FeedBounds> bounds = co_await services.changes.bounds(call.deadline);
  if (!bounds) {
    co_return store_failed(services.metrics, "postgres", bounds.error());
  }
  auto start = find_start(asked.since, *bounds);
  if (Reply* refusal = std::get_if<Reply>(&start)) {
    co_return std::move(*refusal);
  }
  FeedPosition at = std::get<FeedPosition>(std::move(start));
  if (is_stream) {
    co_return answer_events(services, call, std::move(at), asked.filter);
  }
  co_return co_await answer_lines(services, call, std::move(at), asked);
}

constexpr Outcome kOutcomes[] = {
    {.meaning = "a change a line, and the cursor behind them", .content_type = "application/jsonl"},
    {.meaning = "changes as they come", .content_type = "text/event-stream"},
    {.status = 410,
     .meaning = "the cursor is older than what is kept, or the feed began anew",
     .schema = "Error"}};

}  // namespace

Endpoint changes() {
  static const std::vector<Parameter> parameters{kSince, kLimit, kMediaType, kSource, kLicense};
  return {.name = "changes",
          .path = "/v1/changes/",
          .summary = "what became visible, changed or went away",
          .parameters = parameters,
          .outcomes = kOutcomes,
          .limits = Limits::works,
          .cost = 5,
          .answer = answer};
}

}  // namespace freshet::api::endpoint
