#include "processors/sums/aggregate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/saturate.hpp"

namespace freshet {

std::optional<RemovalRule> judge_run(const RemovalRule& rule, const RunCount& sum) {
  const UtcTime began = sum.started_at;
  const auto is_settled_by = [&](const std::optional<UtcTime>& time) {
    return time && began <= *time;
  };
  if (is_settled_by(rule.approved_before) || is_settled_by(rule.refused_before) ||
      (rule.held && began <= rule.held->started_at)) {
    return std::nullopt;
  }
  RemovalRule next = rule;
  const bool is_refused = sum.refused_at >= began;
  const bool is_much =
      static_cast<double>(sum.missing) > kMostRemovedUnasked * static_cast<double>(sum.known);
  if (sum.missing > 0 && (is_much || is_refused)) {
    next.held = RemovalRule::Held{began, sum.known, sum.missing, is_refused};
  } else {
    next.approved_before = began;
    next.held.reset();  // what an earlier run missed, this one has seen or misses as well
  }
  return next;
}

bool has_moved(double published, double value) {
  return std::abs(value - published) > kLeastMove * published;
}

bool rests_on_few(std::int64_t published_works, std::int64_t works) {
  return works / 2 > published_works;
}

Aggregate::Aggregate(std::int32_t partitions, Metrics metrics)
    : metrics_{std::move(metrics)}, partitions_(static_cast<std::size_t>(partitions)) {}

// A busy partition writes its histograms ten times a second, and they are looked at once a minute:
// so they wait as text, and only the newest of each.
void Aggregate::take(std::string_view key, std::string_view value, Time now) {
  const auto at = parse_totals_key(key);
  if (!at || !PartitionSums::is_ours(at->kind) || at->partition < 0 ||
      static_cast<std::size_t>(at->partition) >= partitions_.size()) {
    return;
  }
  const auto kind = parse_sum_kind(at->kind);
  if (!kind) {
    return;
  }
  const std::string scope = kind->media_type + ":" + at->provider;
  if (kind->is_run) {
    // What is found is said in policy, where works have to be able to have this name.
    static const std::string kAnswer = encode_policy_rule(RemovalRule{});
    if (!runs_.contains(scope) &&
        !parse_policy_rule(std::string{policy::kRemoval}.append(scope), kAnswer)) {
      return;
    }
    restore(*at, value);
    runs_[scope] = true;
  } else if (metrics_.contains(scope)) {
    unread_[scope].insert_or_assign(std::string{key}, Unread{++taken_, std::string{value}});
    moved_[scope] = now;
  }
}

void Aggregate::restore(const TotalsKey& at, std::string_view value) {
  if (const auto totals = parse_totals(value)) {
    partitions_[static_cast<std::size_t>(at.partition)].restore(at.kind, at.provider, *totals);
  }
}

// In the order of the topic, as it is after compaction.
void Aggregate::read_unread(std::string_view scope) {
  const auto found = unread_.find(scope);
  if (found == unread_.end()) {
    return;
  }
  std::map<std::uint64_t, std::pair<std::string_view, std::string_view>> in_order;
  for (const auto& [key, unread] : found->second) {
    in_order.try_emplace(unread.number, key, unread.value);
  }
  for (const auto& [number, sum] : in_order) {
    restore(*parse_totals_key(sum.first), sum.second);
  }
  unread_.erase(found);
}

std::vector<PolicyAnswer> Aggregate::answers(const Policy& policy, Time now) {
  std::vector<PolicyAnswer> out;
  answer_popularity(policy, now, out);
  answer_runs(policy, out);
  return out;
}

void Aggregate::answer_popularity(const Policy& policy, Time now, std::vector<PolicyAnswer>& out) {
  for (auto moved = moved_.begin(); moved != moved_.end();) {
    const auto& [scope, at] = *moved;
    const auto look = looks_.try_emplace(scope, Look{now}).first;
    const bool rests = now - at >= kRest;
    if (!rests && now - look->second.at < look->second.wait) {
      ++moved;
      continue;
    }
    // Nobody waits for the end of a load that has none.
    const bool is_provisional = !rests && look->second.wait < kPatience;
    look->second.wait =
        rests ? kFirstLook : std::min<std::chrono::milliseconds>(2 * look->second.wait, kPatience);
    look->second.at = now;
    if (auto answer = popularity_of(scope, policy, is_provisional)) {
      out.push_back(std::move(*answer));
    }
    if (is_provisional) {
      ++moved;  // the rest is to be looked at, whether or not anything comes
      continue;
    }
    moved = moved_.erase(moved);
  }
}

// What is to be said of a scope's percentile; nothing where it is said already, or near enough.
std::optional<PolicyAnswer> Aggregate::popularity_of(const std::string& scope, const Policy& policy,
                                                     bool is_provisional) {
  const PopularityMetric& metric = metrics_.at(scope);
  const ValueHistogram counted = histogram(scope);
  const auto percentile = counted.percentile(metric.percentile);
  if (!percentile) {
    return std::nullopt;
  }
  // As in the constant: nobody's percentile is 0.
  const double value = *percentile == 0 ? 1 : *percentile;
  const std::string key = std::string{policy::kPopularity} + scope;
  const auto* known = policy.find<PopularityRule>(key);
  const bool is_known =
      known != nullptr && known->metric == metric.member && known->percentile == metric.percentile;
  const char* const why = !is_known                        ? "first percentile"
                          : has_moved(known->value, value) ? "the percentile moved"
                          : rests_on_few(known->works, counted.size())
                              ? "counted from twice as many works"
                          : known->is_provisional && !is_provisional ? "a load has come to rest"
                                                                     : nullptr;
  if (why == nullptr) {
    return std::nullopt;
  }
  return PolicyAnswer{
      key,
      PopularityRule{metric.member, metric.percentile, value,
                     popularity_constant(metric.percentile, value), counted.size(), is_provisional},
      why};
}

void Aggregate::answer_runs(const Policy& policy, std::vector<PolicyAnswer>& out) const {
  for (const auto& [scope, unused] : runs_) {
    const auto sum = run(scope);
    if (!sum) {
      continue;
    }
    const std::string key = std::string{policy::kRemoval} + scope;
    const auto* known = policy.find<RemovalRule>(key);
    if (const auto next = judge_run(known == nullptr ? RemovalRule{} : *known, *sum)) {
      out.push_back(
          {key, *next,
           fmt::format("a full run no longer saw {} of {} works", sum->missing, sum->known)});
    }
  }
}

std::optional<RunCount> Aggregate::run(std::string_view scope) const {
  std::optional<RunCount> sum;
  for (const PartitionSums& partition : partitions_) {
    const auto part = partition.run(scope);
    if (!part || !part->is_counted || (sum && part->started_at != sum->started_at)) {
      return std::nullopt;
    }
    if (!sum) {
      sum = part;
      continue;
    }
    sum->known = add_saturated(sum->known, part->known);
    sum->missing = add_saturated(sum->missing, part->missing);
    sum->refused_at = std::max(sum->refused_at, part->refused_at);
  }
  return sum;
}

ValueHistogram Aggregate::histogram(std::string_view scope) {
  read_unread(scope);
  ValueHistogram sum;
  const auto metric = metrics_.find(std::string{scope});
  for (const PartitionSums& partition : partitions_) {
    const ValueHistogram* part = partition.histogram(scope);
    if (part != nullptr && metric != metrics_.end() &&
        partition.metric(scope) == metric->second.member) {
      sum.add(*part);
    }
  }
  return sum;
}

}  // namespace freshet
