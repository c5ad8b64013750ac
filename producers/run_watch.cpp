#include "producers/run_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace freshet {
namespace {

constexpr std::size_t kKept = 5;
constexpr std::size_t kDaysToMeasureBy = 3;
constexpr std::int64_t kTimes = 10;  // the usual drops
constexpr std::int64_t kLeastDrops = 10;
constexpr std::int64_t kLeastShare = 100;  // one in so many

constexpr std::array<RunKind, 4> kKinds{RunKind::whole, RunKind::day, RunKind::again,
                                        RunKind::other};

std::vector<PastRun> of_kind(const std::vector<PastRun>& runs, RunKind kind) {
  std::vector<PastRun> result;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(result),
               [kind](const PastRun& run) { return run.kind == kind; });
  return result;
}

template <class Value>
std::int64_t median_of(const std::vector<PastRun>& runs, Value value) {
  std::vector<std::int64_t> values;
  values.reserve(runs.size());
  std::transform(runs.begin(), runs.end(), std::back_inserter(values), value);
  return median(std::move(values));
}

// The usual number of drops in a run as large as this one: a day with ten times the records has ten
// times the drops.
std::int64_t usual_drops(const std::string& reason, std::int64_t listed,
                         const std::vector<PastRun>& runs) {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t in_a_million = median_of(runs, [&](const PastRun& run) {
    const auto found = run.left_out.find(reason);
    return found == run.left_out.end() || run.listed == 0 ? 0
                                                          : found->second * kMillion / run.listed;
  });
  return in_a_million * listed / kMillion;
}

}  // namespace

std::string_view to_string(RunKind kind) noexcept {
  switch (kind) {
    case RunKind::whole:
      return "whole";
    case RunKind::day:
      return "day";
    case RunKind::again:
      return "again";
    case RunKind::other:
      return "other";
  }
  return "unspecified";
}

std::optional<RunKind> parse_run_kind(std::string_view text) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](RunKind one) { return to_string(one) == text; });
  return found == kKinds.end() ? std::nullopt : std::optional{*found};
}

std::int64_t median(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

json::object PastRun::to_json() const {
  json::object counts;
  for (const auto& [reason, count] : left_out) {
    counts[reason] = count;
  }
  return {
      {"run_id", run_id}, {"kind", to_string(kind)}, {"finished_at", format_millis(finished_at)},
      {"listed", listed}, {"emitted", emitted},      {"left_out", std::move(counts)}};
}

std::optional<PastRun> PastRun::from_json(const json::value& value) {
  const auto kind = parse_run_kind(text_at(value, "/kind").value_or(""));
  const json::value& listed = value_at(value, "/listed");
  const json::value& emitted = value_at(value, "/emitted");
  if (!kind || !listed.is_int64() || !emitted.is_int64()) {
    return std::nullopt;
  }
  PastRun run{std::string{text_at(value, "/run_id").value_or("")},
              *kind,
              parse_time(text_at(value, "/finished_at").value_or("")).value_or(UtcTime{}),
              listed.get_int64(),
              emitted.get_int64(),
              {}};
  if (const json::object* counts = value_at(value, "/left_out").if_object()) {
    for (const auto& [reason, count] : *counts) {
      run.left_out[std::string{std::string_view{reason}}] =
          count.is_int64() ? count.get_int64() : 0;
    }
  }
  return run;
}

PastRun past_run(std::string run_id, RunKind kind, UtcTime finished_at, const Totals& counts) {
  PastRun run{std::move(run_id), kind, finished_at, counts.at("listed"), counts.at("emitted"), {}};
  for (const auto& [name, count] : counts.counters) {
    if (name.starts_with("dropped.") || name.starts_with("rejected.")) {
      run.left_out[name] = count;
    }
  }
  return run;
}

std::vector<Finding> watch(const PastRun& run, const std::vector<PastRun>& earlier) {
  std::vector<Finding> findings;
  if (run.kind == RunKind::other) {
    return findings;
  }
  const std::vector<PastRun> like = of_kind(earlier, run.kind);
  const std::optional<std::int64_t> usual =
      like.empty() ? std::nullopt
                   : std::optional{median_of(like, [](const PastRun& one) { return one.emitted; })};
  const std::string measure =
      usual ? fmt::format("; the last {} runs of this kind had {} (median)", like.size(), *usual)
            : std::string{};
  const bool is_comparable = like.size() >= (run.kind == RunKind::whole ? 1 : kDaysToMeasureBy);
  if (run.emitted == 0) {
    if (usual ? *usual > 0 : run.kind != RunKind::again) {
      findings.push_back({"no_records", "", 0, usual, "no records" + measure});
    }
  } else if (is_comparable && run.kind != RunKind::again && 2 * run.emitted < *usual) {
    findings.push_back(
        {"few_records", "", run.emitted, usual, fmt::format("{} records{}", run.emitted, measure)});
  }
  if (!is_comparable) {
    return findings;
  }
  for (const auto& [reason, count] : run.left_out) {
    const std::int64_t expected = usual_drops(reason, run.listed, like);
    if (count >= kLeastDrops && count * kLeastShare >= run.listed && count >= kTimes * expected) {
      findings.push_back(
          {"many_drops", reason, count, expected,
           fmt::format("{} of {} records {}; {} are usual", count, run.listed, reason, expected)});
    }
  }
  return findings;
}

void keep_past_run(std::vector<PastRun>& runs, PastRun run) {
  const RunKind kind = run.kind;
  runs.push_back(std::move(run));
  while (of_kind(runs, kind).size() > kKept) {
    runs.erase(std::find_if(runs.begin(), runs.end(),
                            [kind](const PastRun& one) { return one.kind == kind; }));
  }
}

void forget_past_runs(std::vector<PastRun>& runs, RunKind kind) {
  std::erase_if(runs, [kind](const PastRun& one) { return one.kind == kind; });
}

}  // namespace freshet
