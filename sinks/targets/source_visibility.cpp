#include "sinks/targets/source_visibility.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <ranges>
#include <thread>
#include <utility>

#include "core/fold.hpp"
#include "core/json_writer.hpp"
#include "core/kafka/policy_reader.hpp"
#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "core/roles.hpp"
#include "core/stop.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 100ms;
constexpr auto kRetryAfter = 1s;
constexpr auto kWriteLimit = 120s;  // longer than it ever takes; a frozen server is noticed

constexpr const char* kReadHandMade = "SELECT source FROM source_visibility WHERE version IS NULL";

// One statement, so that a reader sees all of it or nothing. Rows of a later version are those of a
// process that has read more; one made by hand goes when policy speaks of its source in another
// case, which $3 names: what `lower` does is the database's collation's affair.
constexpr const char* kWriteVisibility =
    "WITH said AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS "
    "x(source text, hidden boolean, at timestamptz, by text, why text, version bigint)), "
    "gone AS (DELETE FROM source_visibility WHERE source NOT IN (SELECT source FROM said) "
    "AND (version <= $2::bigint OR (version IS NULL "
    "AND source IN (SELECT jsonb_array_elements_text($3::jsonb))))) "
    "INSERT INTO source_visibility (source, hidden, decided_at, decided_by, reason, version) "
    "SELECT source, hidden, at, by, why, version FROM said "
    "ON CONFLICT (source) DO UPDATE SET hidden = excluded.hidden, decided_at = "
    "excluded.decided_at, "
    "decided_by = excluded.decided_by, reason = excluded.reason, version = excluded.version "
    "WHERE source_visibility.version IS NULL OR source_visibility.version < excluded.version";

// Of a rule that the API reads whole.
constexpr const char* kWriteRule =
    "INSERT INTO policy_rule (rule, version, value) VALUES ($1, $2::bigint, $3::jsonb) "
    "ON CONFLICT (rule) DO UPDATE SET version = excluded.version, value = excluded.value "
    "WHERE policy_rule.version < excluded.version";

class SourceVisibility final : public SinkCompanion {
 public:
  SourceVisibility(const Config& config, Metrics& metrics, std::stop_token stop)
      : reader_{config.kafka, std::string{role("sink.postgres").name}, metrics},
        stop_{std::move(stop)},
        connection_{{.dsn = config.postgres.dsn, .application = "freshet sink postgres policy"}},
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

  // Whoever waits for this thread must not lose it to what a library throws.
  std::optional<std::string> write(const Policy& policy) try {
    const auto written =
        connection_.run(Deadline::in(kWriteLimit), stop_, [&](pqxx::connection_base& open) {
          pqxx::nontransaction work{open};
          write_visibility(work, policy);
          write_sources(work, policy);
          return true;
        });
    return written ? std::nullopt : std::optional{written.error().message()};
  } catch (const std::exception& error) {
    return error.what();
  }

  static void write_visibility(pqxx::nontransaction& work, const Policy& policy) {
    std::vector<std::string> hand_made;
    for (const auto& row : work.exec(kReadHandMade)) {
      hand_made.push_back(row[0].as<std::string>());
    }
    work.exec_params(kWriteVisibility, encode_source_visibility(policy), policy.version(),
                     encode_spoken_of(policy, hand_made));
  }

  static void write_sources(pqxx::nontransaction& work, const Policy& policy) {
    const std::int64_t version = policy.version_of(policy::kSources);
    if (version == 0) {
      return;  // nothing was ever said
    }
    const auto* const rule = policy.find<SourcesRule>(policy::kSources);
    work.exec_params(kWriteRule, std::string{policy::kSources}, version,
                     rule == nullptr ? "null" : encode_policy_rule(*rule));
  }

  kafka::PolicyReader reader_;
  const std::stop_token stop_;
  postgres::Connection connection_;
  std::atomic<const void*> written_{nullptr};
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace

std::unique_ptr<SinkCompanion> make_source_visibility(const Config& config, Metrics& metrics,
                                                      std::stop_token stop) {
  return std::make_unique<SourceVisibility>(config, metrics, std::move(stop));
}

std::string encode_spoken_of(const Policy& policy, std::span<const std::string> names) {
  const auto said = sources_said(policy);
  std::string out;
  append_json_strings(out, names | std::views::filter([&](const std::string& name) {
                             return said.contains(fold_case(name));
                           }));
  return out;
}

std::string encode_source_visibility(const Policy& policy) {
  std::string out = "[";
  for (const auto& [folded, said] : sources_said(policy)) {
    const PolicyValue& value = *said.value;
    out += out.size() > 1 ? "," : "";
    ObjectWriter object{out};
    object.text("source", said.name);
    object.boolean("hidden", std::get<SourceRule>(value.rule).hidden);
    object.text("at", format_millis(value.at));
    object.text("by", value.by);
    object.text("why", value.why);
    object.integer("version", value.version);
    object.close();
  }
  return out + "]";
}

}  // namespace freshet
