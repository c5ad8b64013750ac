#include "sinks/targets/usage.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "sinks/sink_spec.hpp"
#include "sinks/targets/pg_session.hpp"
#include "sinks/targets/pg_store.hpp"
#include "sinks/targets/sink_offsets.hpp"
#include "sinks/usage/clicks_publisher.hpp"
#include "sinks/usage/day_keeper.hpp"
#include "sinks/usage/usage_rows.hpp"

namespace freshet {
namespace {

using usage::Event;

std::vector<std::string> session_setup() {
  return {// Rows, sums and offsets are lost together, and then read again from Kafka.
          "SET synchronous_commit = off", "SET jit = off",
          "SET application_name = 'freshet sink usage'", "SET datestyle = 'ISO, YMD'",
          "CREATE TEMPORARY TABLE staged_usage (LIKE usage_event) ON COMMIT DELETE ROWS"};
}

/// An event that is to be written, and its place in the batch.
struct Staged {
  std::size_t index;
  std::string day;
  Event event;
};

class UsageSink final : public Sink {
 public:
  UsageSink(UsageOptions options, const Clock& clock)
      : options_{std::move(options)},
        clock_{clock},
        session_{options_.dsn, session_setup(), options_.stop},
        offsets_{session_, options_.group, options_.topic},
        copy_{fmt::format("COPY pg_temp.staged_usage ({}) FROM STDIN", usage::row_columns())},
        insert_{fmt::format("INSERT INTO usage_event ({0}) SELECT {0} FROM pg_temp.staged_usage "
                            "ORDER BY day, event_id ON CONFLICT DO NOTHING RETURNING day, event_id",
                            usage::row_columns())} {}

  Result<WriteReport> write(const SinkBatch& batch, PutAside& aside) override {
    if (auto failed = open()) {
      return failed->error;
    }
    WriteReport report;
    auto staged = stage(batch, report);
    if (!staged) {
      return staged.error().error;
    }
    // Dead letters are safe before the offsets move past their records.
    if (auto put = aside.put(batch, report.rejected); !put) {
      return put.error();
    }
    auto stored = store(*staged, batch.progress);
    if (!stored && stored.error().is_about_data()) {
      open_days_.clear();  // a day may have been dropped meanwhile
      stored = store_in_halves(
          batch, std::span<const Staged>{*staged}, report, aside,
          [&](std::span<const Staged> part, std::span<const PartitionProgress> progress) {
            return store(part, progress);
          },
          // 23514: a day was dropped since it was looked up; the next attempt finds it closed.
          [](const PgFailure& failure) {
            return failure.is_about_data() && failure.sqlstate != "23514";
          });
    }
    if (!stored) {
      return stored.error().error;
    }
    report.written = *stored;
    report.stale = batch.records.size() - report.rejected.size() - report.written - report.too_old;
    return report;
  }

  Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition> partitions) override {
    if (auto failed = open()) {
      return failed->error;
    }
    auto offsets = offsets_.start(partitions);
    if (!offsets) {
      return offsets.error().error;
    }
    return std::move(*offsets);
  }

  Result<void> check() override {
    if (auto failed = open()) {
      return judge_store(*failed);
    }
    for (const char* table : {"sink_offsets", "usage_event"}) {
      if (auto done = session_.run(fmt::format("SELECT FROM {} LIMIT 0", table)); !done) {
        return judge_store(done.error());
      }
    }
    return {};
  }

 private:
  std::optional<PgFailure> open() {
    const auto opened = session_.ensure_open();
    return opened ? std::nullopt : std::optional{opened.error()};
  }

  /// The events that can be written, each of them once.
  boost::system::result<std::vector<Staged>, PgFailure> stage(const SinkBatch& batch,
                                                              WriteReport& report) {
    const UtcTime now = clock_.now();
    const std::string first_day = format_date(now - std::chrono::hours{24} * options_.keep_days);
    std::vector<Staged> staged;
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      auto event = usage::decode_record(batch.records[i], now);
      if (!event) {
        report.rejected.push_back({i, event.error(), RefusedBy::encoder});
        continue;
      }
      std::string day = format_date(event->occurred_at);
      if (day < first_day) {
        ++report.too_old;
        continue;
      }
      if (!seen.emplace(day, event->event_id).second) {
        continue;  // a repeat
      }
      const auto is_open = open_day(day);
      if (!is_open) {
        return is_open.error();
      }
      if (*is_open) {
        staged.push_back({i, std::move(day), std::move(*event)});
      } else {
        ++report.too_old;
      }
    }
    return staged;
  }

  /// Whether events of a day are still taken; makes its partition.
  boost::system::result<bool, PgFailure> open_day(const std::string& day) {
    if (const auto known = open_days_.find(day); known != open_days_.end()) {
      return known->second;
    }
    const auto opened = session_.run("SELECT usage_open_day($1::date)", {day});
    if (!opened) {
      return opened.error();
    }
    const bool is_open = std::string_view{PQgetvalue(opened->get(), 0, 0)} == "t";
    if (open_days_.size() > kMostKnownDays) {
      open_days_.clear();
    }
    open_days_[day] = is_open;
    return is_open;
  }

  /// One transaction. @return events that were not there before.
  PgStored store(std::span<const Staged> staged, std::span<const PartitionProgress> progress) {
    return in_transaction(session_, [&] { return store_open(staged, progress); });
  }

  PgStored store_open(std::span<const Staged> staged, std::span<const PartitionProgress> progress) {
    std::size_t written = 0;
    if (staged.empty()) {
      if (auto begun = session_.run("BEGIN"); !begun) {
        return begun.error();
      }
    } else {
      auto fresh = insert(staged);
      if (!fresh) {
        return fresh.error();
      }
      written = fresh->size();
      if (auto failed = count(*fresh)) {
        return *failed;
      }
    }
    if (auto failed = offsets_.move(progress)) {
      return *failed;
    }
    return written;
  }

  /// @return those that were not there before
  boost::system::result<std::vector<const Staged*>, PgFailure> insert(
      std::span<const Staged> staged) {
    std::string data;
    std::map<std::pair<std::string_view, std::string_view>, const Staged*> by_id;
    for (const Staged& one : staged) {
      usage::append_row(data, one.event);
      by_id.emplace(std::pair{std::string_view{one.day}, std::string_view{one.event.event_id}},
                    &one);
    }
    if (auto copied = session_.copy_in("BEGIN; " + copy_, data); !copied) {
      return copied.error();
    }
    const auto inserted = session_.run(insert_);
    if (!inserted) {
      return inserted.error();
    }
    std::vector<const Staged*> fresh;
    for (int i = 0; i < PQntuples(inserted->get()); ++i) {
      const std::string_view day = PQgetvalue(inserted->get(), i, 0);
      const std::string_view id = PQgetvalue(inserted->get(), i, 1);
      if (const auto found = by_id.find({day, id}); found != by_id.end()) {
        fresh.push_back(found->second);
      }
    }
    return fresh;
  }

  std::optional<PgFailure> count(const std::vector<const Staged*>& fresh) {
    usage::Facts facts;
    std::set<std::pair<std::string, std::string>> sessions;
    for (const Staged* const one : fresh) {
      facts.add(one->event);
      if (!one->event.session_id.empty()) {
        sessions.emplace(one->day, one->event.session_id);
      }
    }
    if (auto failed = count_sessions(sessions, facts)) {
      return failed;
    }
    if (!facts.rollups.empty()) {
      const auto done = session_.run(std::string{usage::upsert_rollups_sql()},
                                     usage::rollup_parameters(facts.rollups));
      if (!done) {
        return done.error();
      }
    }
    if (!facts.clicks.empty()) {
      const auto done = session_.run(std::string{usage::upsert_clicks_sql()},
                                     usage::click_parameters(facts.clicks));
      if (!done) {
        return done.error();
      }
    }
    return std::nullopt;
  }

  std::optional<PgFailure> count_sessions(
      const std::set<std::pair<std::string, std::string>>& sessions, usage::Facts& facts) {
    if (sessions.empty()) {
      return std::nullopt;
    }
    usage::TextArray days;
    usage::TextArray ids;
    for (const auto& [day, id] : sessions) {
      days.add(day);
      ids.add(id);
    }
    const auto added = session_.run(
        "INSERT INTO usage_session (day, session_id) SELECT * FROM unnest($1::date[], $2::uuid[]) "
        "ON CONFLICT DO NOTHING RETURNING day",
        {days.text(), ids.text()});
    if (!added) {
      return added.error();
    }
    for (int i = 0; i < PQntuples(added->get()); ++i) {
      ++facts.rollups[{PQgetvalue(added->get(), i, 0), "sessions", "", ""}];
    }
    return std::nullopt;
  }

  static constexpr std::size_t kMostKnownDays = 4'000;

  UsageOptions options_;
  const Clock& clock_;
  PgSession session_;
  SinkOffsets offsets_;
  const std::string copy_;
  const std::string insert_;
  std::map<std::string, bool> open_days_;
};

/// What the database and the topic of clicks get besides the events.
class BesidesEvents final : public SinkCompanion {
 public:
  BesidesEvents(const Config& config, const std::stop_token& stop)
      : days_{usage::make_day_keeper(config, stop)},
        clicks_{usage::make_clicks_publisher(config, stop)} {}
  bool is_done() const override { return days_->is_done() && clicks_->is_done(); }

 private:
  std::unique_ptr<SinkCompanion> days_;
  std::unique_ptr<SinkCompanion> clicks_;
};

}  // namespace

std::unique_ptr<Sink> make_usage_sink(UsageOptions options, const Clock& clock) {
  return std::make_unique<UsageSink>(std::move(options), clock);
}

SinkSpec usage_sink() {
  return {.role = role("sink.usage"),
          .meaning = "How pages and API are used: single events for some time, sums of each day",
          .make = [](const Config& config, const SinkSource& source,
                     std::stop_token stop) -> std::unique_ptr<Sink> {
            static const SystemClock clock;
            return make_usage_sink({config.postgres.dsn, source.group, source.topic,
                                    config.usage.keep_days, std::move(stop)},
                                   clock);
          },
          .keep = Keep::all,
          // Anybody may send an event. A table that does not fit is no fault of data (class 42).
          .refusals = Refusals::mean_the_records,
          .companion = [](const Config& config, Metrics&,
                          std::stop_token stop) -> std::unique_ptr<SinkCompanion> {
            return std::make_unique<BesidesEvents>(config, stop);
          }};
}

}  // namespace freshet
