#include "operate/lag.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace freshet {

namespace {

constexpr double kSteadyPerSecond = 0.1;
constexpr double kSteadyShare = 0.02;
constexpr std::chrono::seconds kRateSpan{30};

// The broker's clock may be a little ahead of ours.
double age_of(UtcTime at, UtcTime now) {
  return std::max(0.0, std::chrono::duration<double>(now - at).count());
}

void merge(SourceLag& to, const SourceLag& from) {
  to.records += from.records;
  to.seconds = std::max(to.seconds, from.seconds);
  if (from.first_at && (!to.first_at || *from.first_at < *to.first_at)) {
    to.first_at = from.first_at;
  }
}

}  // namespace

std::string_view to_string(Trend trend) noexcept {
  switch (trend) {
    case Trend::steady:
      return "steady";
    case Trend::rising:
      return "rising";
    case Trend::falling:
      return "falling";
  }
  return "";
}

Trend trend_of(const LagRates& rates) noexcept {
  const double change = rates.in - rates.out;
  if (std::abs(change) < std::max(kSteadyPerSecond, kSteadyShare * rates.in)) {
    return Trend::steady;
  }
  return change > 0 ? Trend::rising : Trend::falling;
}

std::optional<double> seconds_to_catch_up(std::int64_t records, const LagRates& rates) noexcept {
  if (records == 0) {
    return 0;
  }
  if (trend_of(rates) != Trend::falling) {
    return std::nullopt;
  }
  return static_cast<double>(records) / (rates.out - rates.in);
}

void LagSum::add(const PartitionLag& one) {
  records += one.records;
  is_estimate = is_estimate || one.is_estimate;
  seconds = std::max(seconds, one.seconds);
  if (std::exchange(is_empty_, false)) {
    rates = one.rates;
  } else if (rates && one.rates) {
    rates->in += one.rates->in;
    rates->out += one.rates->out;
  } else {
    rates.reset();
  }
}

LagSum GroupLag::sum() const {
  LagSum sum;
  for (const PartitionLag& one : partitions) {
    sum.add(one);
  }
  return sum;
}

std::map<std::string, LagSum> GroupLag::by_topic() const {
  std::map<std::string, LagSum> sums;
  for (const PartitionLag& one : partitions) {
    sums[one.at.topic].add(one);
  }
  return sums;
}

LagBySource GroupLag::by_source() const {
  LagBySource sums;
  for (const PartitionLag& one : partitions) {
    for (const auto& [source, lag] : one.by_source) {
      merge(sums[source], lag);
    }
  }
  return sums;
}

void LagRounds::add(std::chrono::steady_clock::time_point now, std::vector<GroupLag>& groups) {
  Round round{now, {}};
  for (const GroupLag& group : groups) {
    for (const PartitionLag& one : group.partitions) {
      round.positions[{group.group, one.at}] = {one.next.value, one.end.value};
    }
  }
  while (rounds_.size() > 1 && now - rounds_.front().at > kRateSpan) {
    rounds_.pop_front();
  }
  for (GroupLag& group : groups) {
    for (PartitionLag& one : group.partitions) {
      if (rounds_.empty()) {
        continue;
      }
      const auto before = rounds_.front().positions.find({group.group, one.at});
      const double seconds = std::chrono::duration<double>(now - rounds_.front().at).count();
      if (before == rounds_.front().positions.end() || seconds <= 0) {
        continue;
      }
      const auto& [next, end] = before->second;
      // A replay sets a group back: that is no reading.
      one.rates =
          LagRates{static_cast<double>(std::max<std::int64_t>(0, one.end.value - end)) / seconds,
                   static_cast<double>(std::max<std::int64_t>(0, one.next.value - next)) / seconds};
    }
  }
  rounds_.push_back(std::move(round));
}

kafka::Offset next_to_read(std::optional<kafka::Offset> committed, kafka::Offset low) {
  return committed ? std::max(*committed, low) : low;
}

void apply_sample(PartitionLag& lag, const LagSample& sample, UtcTime now) {
  const std::int64_t read = sample.read_to.value - lag.next.value;
  const std::int64_t left = std::max<std::int64_t>(0, lag.end.value - sample.read_to.value);
  lag.records = sample.records;
  lag.is_estimate = left > 0;
  if (left > 0) {
    const double share =
        read > 0 ? static_cast<double>(sample.records) / static_cast<double>(read) : 1.0;
    lag.records += std::llround(share * static_cast<double>(left));
  }
  lag.by_source = sample.by_source;
  if (sample.records > 0 && lag.records > sample.records) {
    const double times = static_cast<double>(lag.records) / static_cast<double>(sample.records);
    for (auto& [name, source] : lag.by_source) {
      source.records = std::llround(times * static_cast<double>(source.records));
    }
  }
  for (auto& [name, source] : lag.by_source) {
    source.seconds = source.first_at ? age_of(*source.first_at, now) : 0;
  }
  lag.first_at = lag.records > 0 ? sample.first_at : std::nullopt;
  lag.seconds = 0;
  if (sample.first_at && lag.records > 0) {
    lag.seconds = age_of(*sample.first_at, now);
  }
}

}  // namespace freshet
