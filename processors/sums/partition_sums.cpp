#include "processors/sums/partition_sums.hpp"

#include <algorithm>
#include <charconv>

#include "processors/record/json_text.hpp"

namespace freshet {
namespace {

using totals_kind::kPopularity;
using totals_kind::kRun;
// Beyond this no value of a histogram lies.
constexpr std::uint32_t kMostChunks = 64;

std::pair<std::string_view, std::string_view> split_scope(std::string_view scope) {
  const std::size_t colon = scope.find(':');
  return {scope.substr(0, colon), scope.substr(std::min(colon + 1, scope.size()))};
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t end) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value >= end) {
    return std::nullopt;
  }
  return value;
}

std::string run_key(std::string_view scope) {
  const auto [media_type, provider] = split_scope(scope);
  return std::string{kRun}.append(media_type).append(":").append(provider);
}

std::string chunk_key(std::string_view scope, std::uint32_t chunk) {
  const auto [media_type, provider] = split_scope(scope);
  return std::string{kPopularity}
      .append(media_type)
      .append(".")
      .append(std::to_string(chunk))
      .append(":")
      .append(provider);
}

std::string encode_chunk(const std::string& metric, const ValueHistogram::Chunk& counts) {
  if (metric.empty()) {
    return "{}";
  }
  std::string out = "{";
  append_json_text(out, metric);
  out += ":{\"0\":" + std::to_string(counts[0]);
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] != 0) {
      out.append(",\"").append(std::to_string(i)).append("\":").append(std::to_string(counts[i]));
    }
  }
  return out + "}}";
}

template <class Map>
auto& at(Map& map, std::string_view scope) {
  const auto found = map.find(scope);
  return found != map.end() ? found->second : map[std::string{scope}];
}

}  // namespace

std::string_view scope_of(std::string_view work_key) noexcept {
  const std::size_t first = work_key.find(':');
  return first == std::string_view::npos ? work_key
                                         : work_key.substr(0, work_key.find(':', first + 1));
}

Totals RunCount::to_totals() const {
  Totals totals;
  totals.add("started_ms", started_at.millis());
  totals.add("known", known);
  totals.add("missing", missing);
  totals.add("counted", is_counted ? 1 : 0);
  totals.add("refused_ms", refused_at.millis());
  return totals;
}

RunCount RunCount::from_totals(const Totals& totals) {
  // Nobody counts fewer than none, or has begun before 1970: policy would refuse the answer.
  const auto from_0 = [&](std::string_view name) {
    return std::max<std::int64_t>(totals.at(name), 0);
  };
  return {UtcTime::from_millis(from_0("started_ms")), from_0("known"), from_0("missing"),
          totals.at("counted") != 0, UtcTime::from_millis(from_0("refused_ms"))};
}

std::optional<SumKind> parse_sum_kind(std::string_view kind) {
  if (kind.starts_with(kRun) && kind.size() > kRun.size()) {
    return SumKind{true, std::string{kind.substr(kRun.size())}, 0};
  }
  if (!kind.starts_with(kPopularity)) {
    return std::nullopt;
  }
  kind.remove_prefix(kPopularity.size());
  const std::size_t dot = kind.find('.');
  if (dot == std::string_view::npos || dot == 0) {
    return std::nullopt;
  }
  const auto chunk = number(kind.substr(dot + 1), kMostChunks);
  return chunk ? std::optional{SumKind{false, std::string{kind.substr(0, dot)}, *chunk}}
               : std::nullopt;
}

bool add_chunk(ValueHistogram& histogram, std::uint32_t chunk, const Totals& totals,
               std::string& metric) {
  for (const auto& [name, amount] : totals.counters) {
    const std::size_t dot = name.rfind('.');
    const auto bucket = dot == std::string::npos
                            ? std::nullopt
                            : number(std::string_view{name}.substr(dot + 1), kBucketsPerChunk);
    if (!bucket) {
      return false;
    }
    metric = name.substr(0, dot);
    histogram.add(chunk * kBucketsPerChunk + *bucket, amount);
  }
  return true;
}

bool PartitionSums::is_ours(std::string_view kind) noexcept {
  return kind.starts_with(kRun) || kind.starts_with(kPopularity);
}

bool PartitionSums::restore(std::string_view kind, std::string_view provider,
                            const Totals& totals) {
  const auto parsed = parse_sum_kind(kind);
  if (!parsed) {
    return false;
  }
  const std::string scope = parsed->media_type + ":" + std::string{provider};
  if (parsed->is_run) {
    set_run(scope, RunCount::from_totals(totals));
    return true;
  }
  ValueHistogram chunk;
  std::string name;
  if (!add_chunk(chunk, parsed->chunk, totals, name)) {
    return false;
  }
  Metric& metric = metrics_[scope];
  if (name.empty()) {
    metric.name.clear();  // no longer counted; its chunks come one by one
  } else if (metric.name != name) {
    metric = {name, {}};
  }
  if (metric.histogram.chunks().contains(parsed->chunk)) {
    chunk.add(parsed->chunk * kBucketsPerChunk, 0);  // also where no count is left
  }
  metric.histogram.replace(chunk);
  return true;
}

std::string_view PartitionSums::metric(std::string_view scope) const {
  const auto found = metrics_.find(scope);
  return found == metrics_.end() ? std::string_view{} : found->second.name;
}

// Chunks that were there keep their place, so that they are overwritten on the topic.
void PartitionSums::begin_count(std::string_view scope, std::string_view metric) {
  Metric& counted = at(metrics_, scope);
  counted.name = metric;
  ValueHistogram empty;
  empty.add(0, 0);
  for (const auto& [number, counts] : counted.histogram.chunks()) {
    empty.add(number * kBucketsPerChunk, 0);
  }
  counted.histogram = std::move(empty);
  unsent_.insert(std::string{scope});
}

void PartitionSums::count_work(std::string_view scope, double value) {
  at(metrics_, scope).histogram.add(bucket_of(value));
}

std::vector<std::string> PartitionSums::counted_scopes() const {
  std::vector<std::string> scopes;
  scopes.reserve(metrics_.size());
  for (const auto& [scope, metric] : metrics_) {
    scopes.push_back(scope);
  }
  return scopes;
}

void PartitionSums::change_metric(std::string_view scope, std::optional<double> before,
                                  std::optional<double> after) {
  if (before == after) {
    return;
  }
  auto& buckets = at(metric_changes_, scope);
  if (before) {
    --buckets[bucket_of(*before)];
  }
  if (after) {
    ++buckets[bucket_of(*after)];
  }
}

RunCount& PartitionSums::batch_run(std::string_view scope) {
  const auto found = run_changes_.find(scope);
  return found != run_changes_.end()
             ? found->second
             : run_changes_.emplace(scope, run(scope).value_or(RunCount{})).first->second;
}

bool PartitionSums::run_finished(std::string_view scope, UtcTime started_at) {
  const auto changed = run_changes_.find(scope);
  const auto known = changed != run_changes_.end() ? std::optional{changed->second} : run(scope);
  if (known && started_at <= known->started_at) {
    return false;
  }
  RunCount& count = batch_run(scope);
  count = {started_at, 0, 0, false, count.refused_at};
  return true;
}

void PartitionSums::run_counted(std::string_view scope, UtcTime started_at, std::int64_t known,
                                std::int64_t missing) {
  RunCount& count = batch_run(scope);
  if (count.started_at == started_at) {
    count = {started_at, known, missing, true, count.refused_at};
  }
}

void PartitionSums::known_work_refused(std::string_view scope, UtcTime at) {
  RunCount& count = batch_run(scope);
  count.refused_at = std::max(count.refused_at, UtcTime::from_millis(at.millis()));
}

void PartitionSums::append_changed(std::vector<std::pair<std::string, std::string>>& out) const {
  for (const auto& [scope, count] : run_changes_) {
    out.emplace_back(run_key(scope), encode_totals(count.to_totals()));
  }
  std::set<std::string_view> scopes{unsent_.begin(), unsent_.end()};
  for (const auto& [scope, buckets] : metric_changes_) {
    scopes.insert(scope);
  }
  for (const std::string_view scope : scopes) {
    const auto changes = metric_changes_.find(scope);
    const auto known = metrics_.find(scope);
    Metric sum = known == metrics_.end() ? Metric{} : known->second;
    std::set<std::uint32_t> chunks;
    if (changes != metric_changes_.end()) {
      for (const auto& [bucket, amount] : changes->second) {
        sum.histogram.add(bucket, amount);
        chunks.insert(bucket / kBucketsPerChunk);
      }
    }
    const bool is_all = unsent_.contains(scope);
    for (const auto& [number, counts] : sum.histogram.chunks()) {
      if (is_all || chunks.contains(number)) {
        out.emplace_back(chunk_key(scope, number), encode_chunk(sum.name, counts));
      }
    }
  }
}

void PartitionSums::commit() {
  for (const auto& [scope, count] : run_changes_) {
    set_run(scope, count);
  }
  for (const auto& [scope, buckets] : metric_changes_) {
    Metric& metric = at(metrics_, scope);
    for (const auto& [bucket, amount] : buckets) {
      metric.histogram.add(bucket, amount);
    }
  }
  unsent_.clear();
  rollback();
}

void PartitionSums::rollback() {
  run_changes_.clear();
  metric_changes_.clear();
}

void PartitionSums::set_run(const std::string& scope, const RunCount& count) {
  runs_.insert_or_assign(scope, count);
  if (count.is_counted || count.started_at.micros == 0) {
    uncounted_.erase(scope);
  } else {
    uncounted_.insert_or_assign(scope, count.started_at);
  }
}

std::optional<RunCount> PartitionSums::run(std::string_view scope) const {
  const auto found = runs_.find(scope);
  return found == runs_.end() ? std::nullopt : std::optional{found->second};
}

const ValueHistogram* PartitionSums::histogram(std::string_view scope) const {
  const auto found = metrics_.find(scope);
  return found == metrics_.end() ? nullptr : &found->second.histogram;
}

}  // namespace freshet
