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

}  // namespace freshet
