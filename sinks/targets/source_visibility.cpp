#include "sinks/targets/source_visibility.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "core/json.hpp"
#include "core/kafka/policy_reader.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "sinks/targets/pg_session.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 100ms;
constexpr auto kRetryAfter = 1s;

// One statement, so that a reader sees all of it or nothing. Rows of a later version are those of a
// process that has read more.
constexpr const char* kWrite =
    "WITH said AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS "
    "x(source text, hidden boolean, at timestamptz, by text, why text, version bigint)), "
    "gone AS (DELETE FROM source_visibility WHERE version <= $2::bigint "
    "AND source NOT IN (SELECT source FROM said)) "
    "INSERT INTO source_visibility (source, hidden, decided_at, decided_by, reason, version) "
    "SELECT source, hidden, at, by, why, version FROM said "
    "ON CONFLICT (source) DO UPDATE SET hidden = excluded.hidden, decided_at = "
    "excluded.decided_at, "
    "decided_by = excluded.decided_by, reason = excluded.reason, version = excluded.version "
    "WHERE source_visibility.version IS NULL OR source_visibility.version < excluded.version";

class SourceVisibility final : public SinkCompanion {
 public:
  SourceVisibility(const Config& config, Metrics& metrics, std::stop_token stop)
      : reader_{config.kafka, "sink.postgres", metrics},
        session_{config.postgres.dsn,
                 {"SET application_name = 'freshet sink postgres policy'"},
                 std::move(stop)},
        thread_{[this](const std::stop_token& own) { run(own); }} {}

  bool is_done() const override {
    const auto state = reader_.state();
    return state != nullptr && written_ == state.get();
  }

 private:
  void run(const std::stop_token& stop) {
    std::shared_ptr<const kafka::PolicyReader::State> written;  // keeps its address its own
    while (!wait_for_stop(stop, kLookEvery)) {
      const auto state = reader_.state();
      if (state == nullptr || state == written) {
        continue;
      }
      if (const auto fault = write(*state->policy)) {
        log::warn("source_visibility_delayed", {{"text", *fault}});
        wait_for_stop(stop, kRetryAfter);
        continue;
      }
      written = state;
      written_ = state.get();
      log::info("source_visibility_written", {{"version", state->policy->version()}});
    }
  }

  std::optional<std::string> write(const Policy& policy) {
    if (const auto opened = session_.ensure_open(); !opened) {
      return opened.error().error.message();
    }
    const auto done =
        session_.run(kWrite, {encode_source_visibility(policy), std::to_string(policy.version())});
    return done ? std::nullopt : std::optional{done.error().error.message()};
  }

  kafka::PolicyReader reader_;
  PgSession session_;
  std::atomic<const void*> written_{nullptr};
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace

std::unique_ptr<SinkCompanion> make_source_visibility(const Config& config, Metrics& metrics,
                                                      std::stop_token stop) {
  return std::make_unique<SourceVisibility>(config, metrics, std::move(stop));
}

std::string encode_source_visibility(const Policy& policy) {
  std::string out = "[";
  for (const auto& [key, value] : policy.values()) {
    const auto* const rule = std::get_if<SourceRule>(&value->rule);
    if (rule == nullptr) {
      continue;
    }
    out += out.size() > 1 ? R"(,{"source":)" : R"({"source":)";
    append_json_string(out, std::string_view{key}.substr(policy::kSource.size()));
    out += fmt::format(R"(,"hidden":{},"at":"{}","by":)", rule->hidden, format_millis(value->at));
    append_json_string(out, value->by);
    out += R"(,"why":)";
    append_json_string(out, value->why);
    out += fmt::format(R"(,"version":{}}})", value->version);
  }
  return out + "]";
}

}  // namespace freshet
