#include "sinks/usage/clicks_publisher.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "core/json_writer.hpp"
#include "core/kafka/producer.hpp"
#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet::usage {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 10s;
constexpr auto kRetryAfter = 2s;
constexpr auto kFlushLimit = 20s;
constexpr auto kLimit = 60s;
// Questions further apart than this are about different times.
constexpr auto kAskedTogether = 5s;

// An hour is said once its events have had five minutes to arrive. Rows are locked, so that they do
// not change between being said and being noted as said; those that another sink says are left to
// it.
constexpr const char* kUnsaid =
    "with work as (select distinct hour, identifier from (select hour, identifier from usage_click "
    "where not is_said and hour < date_trunc('hour', now() - interval '5 minutes') "
    "order by hour, identifier limit 2000) u limit 500) "
    "select to_char(c.hour at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:00:00.000\"Z\"'), "
    "c.identifier::text, c.media_type, c.rank, c.impressions, c.clicks "
    "from usage_click c join work using (hour, identifier) "
    "order by c.hour, c.identifier, c.rank for update of c";

// Rank by rank: one that came meanwhile was not said.
constexpr const char* kSaid =
    "update usage_click c set is_said = true "
    "from unnest($1::timestamptz[], $2::uuid[], $3::int[]) as s (hour, identifier, rank) "
    "where c.hour = s.hour and c.identifier = s.identifier and c.rank = s.rank and not is_said";

std::vector<WorkClicks> read_rows(const pqxx::result& rows) {
  std::vector<WorkClicks> works;
  for (const pqxx::row& row : rows) {
    const std::string hour = row[0].as<std::string>();
    const std::string identifier = row[1].as<std::string>();
    if (works.empty() || works.back().hour != hour || works.back().identifier != identifier) {
      works.push_back({hour, identifier, std::nullopt, {}});
    }
    if (!row[2].is_null()) {
      works.back().media_type = row[2].as<std::string>();
    }
    works.back().by_rank.push_back(
        {row[3].as<std::int64_t>(), row[4].as<std::int64_t>(), row[5].as<std::int64_t>()});
  }
  return works;
}

/// `{a,b}` of what is taken of each rank of each work; it needs no quotes.
template <class Take>
std::string array_of(const std::vector<WorkClicks>& works, Take take) {
  std::string text = "{";
  for (const WorkClicks& work : works) {
    for (const WorkClicks::AtRank& at : work.by_rank) {
      text += (text.size() > 1 ? "," : "") + take(work, at);
    }
  }
  return text + "}";
}

class ClicksPublisher final : public SinkCompanion {
 public:
  ClicksPublisher(const Config& config, std::stop_token stop)
      : config_{config},
        topic_{config.kafka.prefixed(topics::kUsageClicks)},
        stop_{std::move(stop)},
        connection_{{.dsn = config.postgres.dsn, .application = "freshet sink usage clicks"}},
        thread_{[this](const std::stop_token& own) { run(own); }} {}

  /// Asks for a look and says what it found: one from before may not have seen the last events.
  bool is_done() const override {
    const std::scoped_lock lock{mutex_};
    const auto now = Steady::now();
    const bool is_asked_anew = now - asked_last_ > kAskedTogether;
    asked_last_ = now;
    if (is_asked_anew || !asked_at_) {
      asked_at_ = now;
      wake_.notify_one();
      return false;
    }
    if (looked_at_ < *asked_at_) {
      return false;
    }
    asked_at_.reset();  // whatever was found: the next one asks again
    return found_nothing_;
  }

 private:
  using Steady = std::chrono::steady_clock;

  void pause(const std::stop_token& stop, std::chrono::milliseconds most) {
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, stop, most, [this] { return asked_at_ && looked_at_ < *asked_at_; });
  }

  void run(const std::stop_token& stop) {
    std::string said;  // the last fault: one that stays is said once
    while (!stop.stop_requested()) {
      const auto began = Steady::now();
      const auto done = say();
      const std::string fault = done ? "" : done.error().message();
      if (!fault.empty()) {
        producer_.reset();  // what it still holds would be said without being noted
        if (fault != said) {
          log::warn("usage_clicks_delayed", {{"text", fault}});
        }
      } else if (*done > 0) {
        log::debug("usage_clicks_said", {{"works", *done}});
      }
      said = fault;
      {
        const std::scoped_lock lock{mutex_};
        looked_at_ = began;
        found_nothing_ = done && *done == 0;
      }
      if (!done) {
        wait_for_stop(stop, kRetryAfter);
      } else if (*done == 0) {
        pause(stop, kPause);
      }
    }
  }

  /// @return works that were said
  Result<std::size_t> say() try {
    return connection_.run(Deadline::in(kLimit), stop_,
                           [this](pqxx::connection_base& open) { return say_within(open); });
  } catch (const std::exception& error) {
    return Error{Errc::store_refused, Retry::after_backoff, error.what()};
  }

  Result<std::size_t> say_within(pqxx::connection_base& open) {
    pqxx::work work{open};
    const std::vector<WorkClicks> works = read_rows(work.exec(kUnsaid));
    if (works.empty()) {
      return std::size_t{0};
    }
    if (producer_ == nullptr) {
      kafka::ProducerOptions options;
      options.delivery_timeout = kFlushLimit;
      producer_ = std::make_unique<kafka::Producer>(config_.kafka, options);
    }
    static const kafka::Headers headers{
        {std::string{schema_header::kName}, std::string{schema_header::kUsageClicks}}};
    for (const WorkClicks& one : works) {
      const std::string key = one.key();
      const std::string value = encode_clicks(one);
      const auto taken = producer_->produce({.topic = topic_,
                                             .partition = std::nullopt,
                                             .key = key,
                                             .value = value,
                                             .headers = &headers,
                                             .timestamp = std::nullopt});
      if (!taken) {
        return taken.error();
      }
    }
    if (const auto flushed = producer_->flush(kFlushLimit); !flushed) {
      return flushed.error();
    }
    using AtRank = WorkClicks::AtRank;
    work.exec_params(
        kSaid, array_of(works, [](const WorkClicks& one, const AtRank&) { return one.hour; }),
        array_of(works, [](const WorkClicks& one, const AtRank&) { return one.identifier; }),
        array_of(works,
                 [](const WorkClicks&, const AtRank& at) { return std::to_string(at.rank); }));
    work.commit();
    return works.size();
  }

  const Config& config_;
  const std::string topic_;
  const std::stop_token stop_;
  postgres::Connection connection_;
  std::unique_ptr<kafka::Producer> producer_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any wake_;
  mutable Steady::time_point asked_last_{};
  mutable std::optional<Steady::time_point> asked_at_{};  ///< nothing: nobody waits for an answer
  Steady::time_point looked_at_{};                        ///< when the last look began
  bool found_nothing_ = false;
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace

std::string encode_clicks(const WorkClicks& clicks) {
  std::int64_t impressions = 0;
  std::int64_t chosen = 0;
  std::string by_rank = "[";
  for (const WorkClicks::AtRank& at : clicks.by_rank) {
    impressions += at.impressions;
    chosen += at.clicks;
    by_rank += by_rank.size() > 1 ? "," : "";
    ObjectWriter object{by_rank};
    object.integer("rank", at.rank);
    object.integer("impressions", at.impressions);
    object.integer("clicks", at.clicks);
    object.close();
  }
  std::string out;
  ObjectWriter object{out};
  object.text("hour", clicks.hour);
  object.text("identifier", clicks.identifier);
  object.text_or_null("media_type", clicks.media_type);
  object.integer("impressions", impressions);
  object.integer("clicks", chosen);
  object.raw("by_rank", by_rank + "]");
  object.close();
  return out;
}

std::unique_ptr<SinkCompanion> make_clicks_publisher(const Config& config, std::stop_token stop) {
  return std::make_unique<ClicksPublisher>(config, std::move(stop));
}

}  // namespace freshet::usage
