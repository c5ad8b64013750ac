#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace freshet {

/// Kinds of sums, as `Totals` describes them. One with a dot at its end begins the names of many.
namespace totals_kind {
inline constexpr std::string_view kProduce = "produce";
inline constexpr std::string_view kExtract = "extract";
inline constexpr std::string_view kProcess = "process";
inline constexpr std::string_view kUrls = "urls";
inline constexpr std::string_view kPopularity = "popularity.";
inline constexpr std::string_view kRun = "run.";
}  // namespace totals_kind

/// Running sums of one step for one provider in one partition, as kept on `media.totals.v1`.
///
/// Key: `<kind>:<provider>:<partition>`, value: a JSON object of counters, nested one deep
/// (`{"received": 12, "dropped": {"no_open_license": 3}}`). A value replaces the earlier one: it
/// holds sums since the topic's beginning, so compaction loses nothing. The record lies in the
/// partition that it counts (producers: 0), so that a loop finds its sums in its own partition.
///
/// Kinds and their members:
/// * `produce`: listed, emitted, dropped{reason}, rejected{reason}, requests, pages, mended,
///   skipped. listed
///   (raw records, before the producer judges them) = emitted + Σ dropped + Σ rejected
/// * `extract`: received, extracted, dropped{reason}, dead_lettered{reason}: pages of
///   `media.pages.v1`, by the provider of their site (`common_crawl`: of no site);
///   received = extracted + Σ dropped + Σ dead_lettered. Beside these: emitted: sightings made of
///   the pages; incomplete: pictures without address or landing page
/// * `process`: received, created, merged, unchanged, control (run_finished and removed records),
///   dropped{reason}, dead_lettered{reason}, works{status}: how many works have which status now.
///   received = created + merged + unchanged + control + Σ dropped + Σ dead_lettered.
///   Beside these: left_out{<field>.<rule>}: values that clean left out or cut, whose records went
///   on without them; decisions{applied, unchanged, unknown_work, dead_lettered}: records of
///   `media.decisions.v1`, which are no part of `received`; verdicts{applied, unchanged, ignored,
///   dead_lettered}: those of `media.url-verdicts.v1`, likewise; claims{made, released}: records
///   sent to `media.url-claims.v1`; catalogue{put_aside, passed_over}: records of the work itself
///   that could not be read
/// * `urls`: received, claimed, released, dead_lettered{reason}: records of `media.url-claims.v1`,
///   by the provider of the claimant; told: verdicts sent.
///   received = claimed + released + Σ dead_lettered.
///   Once all is read, over all providers and partitions: claims.made = claimed,
///   claims.released = released, told = Σ verdicts
///
/// * `popularity.<media_type>.<chunk>` and `run.<media_type>`: sums that are added over all
///   partitions, and whose result goes into policy; see processors/sums/partition_sums.hpp
struct Totals {
  std::map<std::string, std::int64_t> counters;  ///< `received`, `dropped.no_open_license`

  void add(std::string_view name, std::int64_t amount = 1);
  void add(const Totals& other);
  std::int64_t at(std::string_view name) const;
  /// Sum over `<name>` and every `<name>.<reason>`.
  std::int64_t sum(std::string_view name) const;
};

struct TotalsKey {
  std::string kind;
  std::string provider;
  std::int32_t partition = 0;
};

std::string encode_totals_key(const TotalsKey& key);
Result<TotalsKey> parse_totals_key(std::string_view key);
std::string encode_totals(const Totals& totals);
Result<Totals> parse_totals(std::string_view value);

}  // namespace freshet
