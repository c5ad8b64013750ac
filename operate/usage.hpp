#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/commands.hpp"
#include "core/json.hpp"

namespace freshet {

/// A row of `usage_rollup` without its day.
struct UsageSum {
  std::string measure;
  std::string label;
  std::string sublabel;
  std::int64_t events = 0;
};

/// How pages and API were used on one day, as `freshet usage report` and the page `/ops/` show it.
/// Lists are in descending order of their counts, then of their names.
struct UsageReport {
  struct Counted {
    std::string name;
    std::int64_t count = 0;
    friend bool operator==(const Counted&, const Counted&) = default;
  };
  struct Rank {
    std::int64_t rank = 0;
    std::int64_t impressions = 0;
    std::int64_t clicks = 0;
    /// Clicks for each impression; nothing where there was none.
    std::optional<double> rate() const;
  };
  struct Result {
    std::string identifier;
    std::int64_t clicks = 0;
    std::string source;  ///< empty: not live any more
    std::string title;
  };
  struct Times {
    std::string origin;  ///< web or api
    std::int64_t count = 0;
    std::int64_t p50 = 0;  ///< milliseconds, as the other two
    std::int64_t p95 = 0;
    std::int64_t p99 = 0;
  };

  std::string day;
  // The batch system's daily report.
  std::int64_t results_clicked = 0;
  std::int64_t attribution_buttonclicks = 0;
  std::int64_t survey_responses = 0;
  std::int64_t source_clicked = 0;
  std::int64_t creator_clicked = 0;
  std::int64_t shared_social = 0;
  std::int64_t sessions = 0;
  std::int64_t searches = 0;      ///< of pages
  std::int64_t api_searches = 0;  ///< of programs
  std::int64_t attribution_referer_hits = 0;
  std::optional<double> avg_rating;  ///< share of ratings that say relevant
  std::optional<double> avg_searches_per_session;

  std::vector<Counted> events;  ///< by type
  std::vector<Counted> agents;
  std::vector<Counted> top_searches;
  std::vector<Counted> zero_result_searches;
  std::vector<Counted> clicks_by_source;
  std::vector<Counted> filters;  ///< `license=cc0`
  std::vector<Counted> copies;   ///< credits copied, by format
  std::vector<Counted> embedding_sites;
  std::vector<Rank> ranks;  ///< in ascending order
  std::vector<Result> top_results;
  std::vector<Times> response_times;
};

constexpr std::size_t kMostTopSearches = 100;
constexpr std::size_t kMostTopResults = 500;

/// Makes the report of a day of its sums, in any order. Sources and titles of results are left
/// empty.
UsageReport make_usage_report(std::string day, const std::vector<UsageSum>& sums);

/// Reads the sums of a day, and what the top results are called.
/// @param day  `2026-11-30`
/// @error StartupError: PostgreSQL does not answer
UsageReport read_usage_report(const std::string& dsn, const std::string& day);

json::object to_json_object(const UsageReport& report);
std::string usage_report_text(const UsageReport& report);

void add_usage_commands(CLI::App& root, Commands& commands);

}  // namespace freshet
