#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/result.hpp"
#include "operate/cluster.hpp"
#include "operate/rebuild_tables.hpp"

namespace freshet {

/// A query that a new index must answer.
struct GateQuery {
  std::string name;
  std::vector<std::string> media;  ///< empty: both
  json::value query;
  std::optional<std::int64_t> least;
  std::optional<std::int64_t> most;
  std::optional<double> least_of_live;  ///< share of the hits of the index in use
  std::optional<double> most_of_live;

  bool is_of(std::string_view media_type) const;
};

/// `{"queries":[{"name","media","query","least","most","least_of_live","most_of_live"}]}`
/// @error Errc::malformed_payload, missing_field or invalid_value, with the query's name.
Result<std::vector<GateQuery>> parse_gate(std::string_view text);

/// Why hits are not as a query expects; nothing: they are.
/// @param in_flight  documents that one of the two may have and the other not yet
std::optional<std::string> judge_hits(const GateQuery& query, std::int64_t hits,
                                      std::int64_t live_hits, std::int64_t in_flight);

/// Sources whose counts differ by more than what is in flight, a sentence each.
std::vector<std::string> compare_counts(const std::map<std::string, std::int64_t>& found,
                                        const std::map<std::string, std::int64_t>& live,
                                        std::int64_t in_flight);

/// Rows of a sample that are in one table alone, or under another revision, when they are more than
/// what is in flight; and all with other content under the same revision.
std::vector<std::string> compare_rows(const std::vector<RebuildTables::Drawn>& sample,
                                      std::int64_t in_flight);

/// Compares a new index with the one in use.
class IndexGate {
 public:
  struct Options {
    std::vector<GateQuery> queries;
    std::size_t sample = 500;
  };

  IndexGate(Cluster& cluster, Options options) : cluster_{cluster}, options_{std::move(options)} {}

  /// @param in_flight  asked after the counts: how many documents may be in one and not in the
  ///                   other
  /// @return what differs, a sentence each; empty: the gate is passed.
  std::vector<std::string> check(std::string_view media_type, const std::string& live,
                                 const std::string& made,
                                 const std::function<std::int64_t()>& in_flight);

 private:
  std::map<std::string, std::int64_t> count(const std::string& index);
  std::int64_t hits(const std::string& index, const json::value& query);
  std::vector<std::string> compare_sample(const std::string& live, const std::string& made,
                                          std::int64_t in_flight);
  std::vector<std::string> common_fields(const std::string& live, const std::string& made);

  Cluster& cluster_;
  const Options options_;
};

}  // namespace freshet
