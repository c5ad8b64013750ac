#include "processors/sums/popularity.hpp"

#include <charconv>
#include <cmath>

#include "processors/record/json_slices.hpp"

namespace freshet {
namespace {

// Whether a name in quotes is `name`; our own names need no escapes.
bool is_named(std::string_view quoted, std::string_view name) {
  return quoted.size() == name.size() + 2 && quoted.substr(1, name.size()) == name;
}

// `derived` in the form that we write: `{…,"popularity":SCORE,"authority":…,"policy":N}`. Nothing
// where it is in another form, which a review then writes anew.
struct CutDerived {
  std::string_view head;
  std::string_view score;
  std::string_view tail;  ///< without the policy's version
};
std::optional<CutDerived> cut_at_score(std::string_view derived) {
  constexpr std::string_view kName = R"(,"popularity":)";
  const std::size_t name = derived.find(kName);
  const std::size_t policy = derived.rfind(R"(,"policy":)");
  if (name == std::string_view::npos || policy == std::string_view::npos || policy < name) {
    return std::nullopt;
  }
  const std::size_t begin = name + kName.size();
  const std::size_t end = derived.find(',', begin);
  if (end > policy) {
    return std::nullopt;
  }
  return CutDerived{derived.substr(0, name), derived.substr(begin, end - begin),
                    derived.substr(end, policy - end)};
}

std::string_view member_of(std::string_view object, std::string_view name) {
  std::string_view found;
  each_member_slice(object, [&](std::string_view member, std::string_view value) {
    if (is_named(member, name)) {
      found = value;
    }
    return found.empty();
  });
  return found;
}

}  // namespace

std::optional<double> metric_value(std::string_view json) {
  if (json.size() >= 2 && json.front() == '"' && json.back() == '"') {
    json = json.substr(1, json.size() - 2);
  }
  if (json.starts_with('+')) {
    json.remove_prefix(1);
  }
  double value = 0;
  const auto read = std::from_chars(json.data(), json.data() + json.size(), value);
  if (read.ec != std::errc{} || read.ptr != json.data() + json.size() || !std::isfinite(value) ||
      value < 0) {
    return std::nullopt;
  }
  return value + 0.0;  // -0 is 0
}

std::optional<double> metric_of_work(std::string_view work_json, std::string_view member) {
  return metric_value(member_of(member_of(work_json, "meta_data"), member));
}

double popularity_constant(double percentile, double value) {
  return (1 - percentile) / percentile * (value == 0 ? 1 : value);
}

double standardized_popularity(double metric, double constant) {
  constexpr double kDigits = 1e6;
  return std::round(metric / (metric + constant) * kDigits) / kDigits;
}

// m / (m + C) − m / (m + rC) is greatest at m = C·√r.
double most_moved_score(double ratio) {
  const double root = std::sqrt(ratio);
  return std::abs(root - 1) / (root + 1);
}

bool is_derived_alike(std::string_view before, std::string_view after) {
  const auto left = cut_at_score(before);
  const auto right = cut_at_score(after);
  if (!left || !right || left->head != right->head || left->tail != right->tail) {
    return before == after;
  }
  if (left->score == right->score) {
    return true;
  }
  const auto was = metric_value(left->score);
  const auto is = metric_value(right->score);
  return was && is && std::abs(*was - *is) <= kLeastScoreMove;
}

}  // namespace freshet
