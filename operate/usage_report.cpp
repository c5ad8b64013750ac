#include <algorithm>
#include <charconv>
#include <map>

#include "operate/usage.hpp"

namespace freshet {
namespace {

using Counted = UsageReport::Counted;
using Counts = std::map<std::string, std::int64_t>;

/// What the tail of an old day was added up under (schemas/postgres/0011_usage.sql).
constexpr std::string_view kTail = "other";

std::vector<Counted> ordered(const Counts& counts, std::size_t most = SIZE_MAX) {
  std::vector<Counted> list;
  for (const auto& [name, count] : counts) {
    list.push_back({name, count});
  }
  std::ranges::stable_sort(list, std::greater{}, &Counted::count);
  if (list.size() > most) {
    list.resize(most);
  }
  return list;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t read = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, read);
  return fault == std::errc{} && stopped == end ? std::optional{read} : std::nullopt;
}

/// The least class that has a share of all at or below it.
std::int64_t percentile(const std::map<std::int64_t, std::int64_t>& classes, std::int64_t count,
                        std::int64_t percent) {
  std::int64_t below = 0;
  for (const auto& [end, in_class] : classes) {
    below += in_class;
    if (below * 100 >= count * percent) {
      return end;
    }
  }
  return 0;
}

/// The sums of a day by measure, with the tail apart.
class Sums {
 public:
  explicit Sums(const std::vector<UsageSum>& sums) : sums_{sums} {}

  std::int64_t total(std::string_view measure) const {
    std::int64_t total = 0;
    each(measure, [&](const UsageSum& sum) { total += sum.events; });
    return total;
  }
  std::int64_t of(std::string_view measure, std::string_view label) const {
    std::int64_t total = 0;
    each(measure, [&](const UsageSum& sum) { total += sum.label == label ? sum.events : 0; });
    return total;
  }
  std::int64_t of_sublabel(std::string_view measure, std::string_view sublabel) const {
    std::int64_t total = 0;
    each(measure, [&](const UsageSum& sum) { total += sum.sublabel == sublabel ? sum.events : 0; });
    return total;
  }
  Counts by_label(std::string_view measure) const {
    Counts counts;
    each(measure, [&](const UsageSum& sum) {
      if (sum.sublabel != kTail) {
        counts[sum.label] += sum.events;
      }
    });
    return counts;
  }
  template <class Use>
  void each(std::string_view measure, Use use) const {
    for (const UsageSum& sum : sums_) {
      if (sum.measure == measure) {
        use(sum);
      }
    }
  }

 private:
  const std::vector<UsageSum>& sums_;
};

std::vector<UsageReport::Rank> ranks_of(const Sums& sums) {
  std::map<std::int64_t, UsageReport::Rank> ranks;
  const auto read = [&](std::string_view measure, std::int64_t UsageReport::Rank::* member) {
    sums.each(measure, [&](const UsageSum& sum) {
      if (const auto rank = number(sum.label)) {
        ranks[*rank].*member += sum.events;
      }
    });
  };
  read("impressions_by_rank", &UsageReport::Rank::impressions);
  read("clicks_by_rank", &UsageReport::Rank::clicks);
  std::vector<UsageReport::Rank> list;
  for (auto& [rank, counts] : ranks) {
    counts.rank = rank;
    list.push_back(counts);
  }
  return list;
}

std::vector<UsageReport::Times> times_of(const Sums& sums) {
  std::vector<UsageReport::Times> list;
  for (const char* origin : {"web", "api"}) {
    std::map<std::int64_t, std::int64_t> classes;
    UsageReport::Times times;
    times.origin = origin;
    sums.each("response_times", [&](const UsageSum& sum) {
      const auto end = number(sum.label);
      if (end && sum.sublabel == origin) {
        classes[*end] += sum.events;
        times.count += sum.events;
      }
    });
    if (times.count > 0) {
      times.p50 = percentile(classes, times.count, 50);
      times.p95 = percentile(classes, times.count, 95);
      times.p99 = percentile(classes, times.count, 99);
      list.push_back(times);
    }
  }
  return list;
}

}  // namespace

std::optional<double> UsageReport::Rank::rate() const {
  return impressions > 0
             ? std::optional{static_cast<double>(clicks) / static_cast<double>(impressions)}
             : std::nullopt;
}

UsageReport make_usage_report(std::string day, const std::vector<UsageSum>& all) {
  const Sums sums{all};
  UsageReport report;
  report.day = std::move(day);
  report.results_clicked = sums.total("clicks");
  report.attribution_buttonclicks =
      sums.of("details", "ATTRIBUTION_CLICKED") + sums.total("copies");
  report.survey_responses = sums.of("details", "REUSE_SURVEY");
  report.source_clicked = sums.of("details", "SOURCE_CLICKED") + sums.of("events", "GET_MEDIA") +
                          sums.of("events", "VISIT_SOURCE_LINK");
  report.creator_clicked =
      sums.of("details", "CREATOR_CLICKED") + sums.of("events", "VISIT_CREATOR_LINK");
  report.shared_social = sums.of("details", "SHARED_SOCIAL");
  report.sessions = sums.total("sessions");
  report.searches = sums.of_sublabel("searches", "web");
  report.api_searches = sums.of_sublabel("searches", "api");
  report.attribution_referer_hits = sums.total("embedding_sites");
  if (const std::int64_t ratings = sums.total("ratings"); ratings > 0) {
    report.avg_rating =
        static_cast<double>(sums.of("ratings", "relevant")) / static_cast<double>(ratings);
  }
  if (report.sessions > 0) {
    report.avg_searches_per_session =
        static_cast<double>(report.searches) / static_cast<double>(report.sessions);
  }
  report.events = ordered(sums.by_label("events"));
  report.agents = ordered(sums.by_label("agents"));
  report.top_searches = ordered(sums.by_label("queries"), kMostTopSearches);
  report.zero_result_searches = ordered(sums.by_label("zero_result_queries"), kMostTopSearches);
  report.clicks_by_source = ordered(sums.by_label("clicks_by_source"));
  report.copies = ordered(sums.by_label("copies"));
  report.embedding_sites = ordered(sums.by_label("embedding_sites"));
  Counts filters;
  for (const char* measure : {"filters", "applied_filters"}) {
    sums.each(measure, [&](const UsageSum& sum) {
      if (!sum.label.empty()) {
        filters[sum.label + "=" + sum.sublabel] += sum.events;
      }
    });
  }
  report.filters = ordered(filters);
  report.ranks = ranks_of(sums);
  for (const Counted& one : ordered(sums.by_label("results"), kMostTopResults)) {
    report.top_results.push_back({one.name, one.count, "", ""});
  }
  report.response_times = times_of(sums);
  return report;
}

}  // namespace freshet
