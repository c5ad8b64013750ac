// How often a first load writes each work: a work whose score is known at once is written once.
#include <gtest/gtest.h>

#include <array>
#include <boost/json/parse.hpp>
#include <cmath>
#include <deque>
#include <span>

#include "core/json.hpp"
#include "core/key.hpp"
#include "core/policy_log.hpp"
#include "dedupe_fixture.hpp"
#include "processors/stages/dedupe/policy_scans.hpp"
#include "processors/sums/aggregate.hpp"
#include "random.hpp"
#include "simulate/random.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr std::int32_t kPartitions = 4;
constexpr std::int32_t kLoops = 2;
constexpr std::int64_t kT = 1'790'000'000'000'000;

/// A provider with a metric, and the share of the works that are its own.
struct Provider {
  std::string scope;
  std::string metric;
  int per_cent;
};

/// A processor of two loops over four partitions, whose sums are added up and come back as policy
/// some batches later. Every batch of a loop takes 100 ms of a clock that nobody waits for.
class World {
 public:
  World() {
    for (std::int32_t number = 0; number < kPartitions; ++number) {
      partitions_.push_back(std::make_unique<OnePartition>(number, kPartitions));
    }
    Aggregate::Metrics metrics;
    for (const auto& [scope, rules] : shipped_dedupe_rules().scopes) {
      if (rules.metric) {
        metrics.emplace(scope, *rules.metric);
      }
    }
    aggregate_ = std::make_unique<Aggregate>(kPartitions, std::move(metrics));
  }

  using Works = std::vector<std::pair<std::string, std::string>>;  ///< key and sighting

  /// The works in batches of so many for all loops together, then quiet.
  void load(const Works& works, std::size_t per_batch) {
    for (std::size_t next = 0; next < works.size(); next += per_batch) {
      const auto end = std::min(works.size(), next + per_batch);
      batch(std::span{works}.subspan(next, end - next));
    }
    for (int quiet = 0; quiet < 200; ++quiet) {
      batch({});
    }
  }

  std::size_t records() const {
    std::size_t sum = 0;
    for (const auto& partition : partitions_) {
      sum += partition->catalogue.size();
    }
    return sum;
  }

  /// How far the stored score that is farthest from the true one is off; the true one is by the
  /// percentile of all works, sorted.
  double most_off() const {
    std::map<std::string, std::vector<std::pair<double, double>>, std::less<>> by_scope;
    for (const auto& partition : partitions_) {
      for (const auto& [key, text] : partition->store.records) {
        const ScopeRules* const scope = partition->rules.scope(key);
        const json::value record = json::parse(text);
        if (scope == nullptr || !scope->metric) {
          EXPECT_TRUE(record.at("derived").at("popularity").is_null());
          continue;
        }
        const auto& metric = record.at("work").at("meta_data").at(scope->metric->member);
        by_scope[std::string{scope_of(key)}].emplace_back(
            std::stod(std::string{metric.as_string()}),
            record.at("derived").at("popularity").to_number<double>());
      }
    }
    double most = 0;
    for (auto& [scope, works] : by_scope) {
      std::ranges::sort(works);
      const auto rank = static_cast<std::size_t>(std::ceil(0.85 * double(works.size()))) - 1;
      const double constant = popularity_constant(0.85, works[rank].first);
      for (const auto& [metric, score] : works) {
        most = std::max(most, std::abs(score - metric / (metric + constant)));
      }
    }
    return most;
  }

 private:
  static constexpr std::size_t kPolicyTakesBatches = 4;

  void batch(std::span<const std::pair<std::string, std::string>> works) {
    now_ += 100ms;
    batch_ms_ += 100;
    for (auto& partition : partitions_) {
      partition->begin(UtcTime::from_millis(batch_ms_));
    }
    std::ranges::for_each(estimates_, &PopularityEstimates::begin);
    for (const auto& [key, value] : works) {
      const std::int32_t number = partition_for_key(key, kPartitions);
      OnePartition& partition = *partitions_[static_cast<std::size_t>(number)];
      partition.estimates = &estimates_[static_cast<std::size_t>(number % kLoops)];
      partition.apply(key, value);
    }
    for (auto& partition : partitions_) {
      partition->scan_some(works.empty() ? 100'000 : 50);
      const auto before = partition->totals;
      partition->commit();
      for (const auto& [name, value] : partition->totals) {
        const auto known = before.find(name);
        if (known == before.end() || known->second != value) {
          aggregate_->take(name + ":" + std::to_string(partition_number(*partition)), value, now_);
        }
      }
    }
    std::ranges::for_each(estimates_, &PopularityEstimates::commit);
    follow();
  }

  std::int32_t partition_number(const OnePartition& partition) const {
    for (std::int32_t number = 0; number < kPartitions; ++number) {
      if (partitions_[static_cast<std::size_t>(number)].get() == &partition) {
        return number;
      }
    }
    return -1;
  }

  // What the follower answers is policy for the loops some batches later.
  void follow() {
    if (const auto answers = aggregate_->answers(log_.policy(), now_); !answers.empty()) {
      for (const PolicyAnswer& answer : answers) {
        const auto at = UtcTime::from_millis(batch_ms_);
        const std::string value = encode_policy_value(
            {next_policy_version(log_.policy(), at), at, "freshet", answer.why, answer.rule});
        ASSERT_FALSE(log_.apply({answer.key, value, "policy/1", std::nullopt, at, 0}));
      }
    }
    on_their_way_.push_back(log_.policy());
    if (on_their_way_.size() <= kPolicyTakesBatches) {
      return;
    }
    const Policy policy = on_their_way_.front();
    on_their_way_.pop_front();
    for (auto& partition : partitions_) {
      if (partition->rules.policy_version != policy.version()) {
        partition->rules = overlaid(shipped_dedupe_rules(), policy, &partition->rules);
        for (ScanJob& job : scans_of(policy)) {
          partition->scan.request(std::move(job));
        }
      }
    }
  }

  std::vector<std::unique_ptr<OnePartition>> partitions_;
  EstimatePool pool_;
  std::array<PopularityEstimates, kLoops> estimates_{PopularityEstimates{pool_},
                                                     PopularityEstimates{pool_}};
  std::unique_ptr<Aggregate> aggregate_;
  PolicyLog log_;
  std::deque<Policy> on_their_way_;
  Aggregate::Time now_{};
  std::int64_t batch_ms_ = 1'790'000'100'000;
};

World::Works works_of(const std::vector<Provider>& providers, int count, std::uint64_t seed) {
  Random random{seed};
  World::Works works;
  for (int id = 0; id < count; ++id) {
    simulate::Dice dice{seed, static_cast<std::uint64_t>(id)};
    int at = static_cast<int>(random.below(100));
    const Provider* provider = &providers.back();
    for (const Provider& one : providers) {
      if ((at -= one.per_cent) < 0) {
        provider = &one;
        break;
      }
    }
    const std::string number = std::to_string(id);
    const std::size_t colon = provider->scope.find(':');
    const std::string name = provider->scope.substr(colon + 1);
    works.emplace_back(
        provider->scope + ":" + number,
        sighting_json(
            kT + id,
            R"({"media_type":")" + provider->scope.substr(0, colon) + R"(","provider":")" + name +
                R"(","foreign_identifier":")" + number +
                R"(","foreign_landing_url":"https://l.org","url":)" + R"("https://u.org/)" +
                number + R"(.jpg","license":"by","license_version":"4.0")" +
                (provider->metric.empty() ? ""
                                          : R"(,"meta_data":{")" + provider->metric + R"(":")" +
                                                std::to_string(dice.long_tailed()) + "\"}") +
                "}"));
  }
  return works;
}

// Shares and metrics of `freshet simulate generate`: of five works four have a metric, most of them
// small, a few large, over six powers of ten. Nothing is known of them when it begins: the shipped
// priors are far off.
TEST(FirstLoad, WritesAWorkWithAMetricOnce) {
  constexpr int kWorks = 100'000;
  World world;
  world.load(works_of({{"image:flickr", "views", 34},
                       {"image:wikimedia", "global_usage_count", 27},
                       {"image:rawpixel", "download_count", 4},
                       {"image:stocksnap", "downloads_raw", 3},
                       {"audio:jamendo", "listens", 7},
                       {"audio:freesound", "num_downloads", 5},
                       {"image:met", "", 20}},
                      kWorks, 7),
             5'000);
  const double per_work = static_cast<double>(world.records()) / kWorks;
  RecordProperty("records_per_work", std::to_string(per_work));
  EXPECT_LE(per_work, 1.1);
  EXPECT_LE(world.most_off(), kScoreTolerance);
}

// However it comes: sorted by metric, so that every constant is wrong until the end, or a few works
// at a time.
TEST(FirstLoad, EndsWithTrueScoresInWhateverOrderTheWorksCome) {
  const std::vector<Provider> flickr{{"image:flickr", "views", 100}};
  World::Works works = works_of(flickr, 3'000, 3);
  const auto views = [](const std::pair<std::string, std::string>& work) {
    return json::parse(work.second).at("work").at("meta_data").at("views").as_string().size();
  };
  std::ranges::stable_sort(works, {}, views);
  World ascending;
  ascending.load(works, 100);
  EXPECT_LE(ascending.most_off(), kScoreTolerance);
  std::ranges::reverse(works);
  World descending;
  descending.load(works, 100);
  EXPECT_LE(descending.most_off(), kScoreTolerance);
  World trickle;
  trickle.load({works.begin(), works.begin() + 300}, 1);
  EXPECT_LE(trickle.most_off(), kScoreTolerance);
}

}  // namespace
}  // namespace freshet
