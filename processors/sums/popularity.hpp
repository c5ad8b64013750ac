#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// By what a provider's works are measured.
/// @source  the metrics and the percentile of the batch original; schemas/rules.json has the list.
struct PopularityMetric {
  std::string member;  ///< of `meta_data`: `views`
  double percentile = 0.85;
  friend bool operator==(const PopularityMetric&, const PopularityMetric&) = default;
};

/// A number, or a text that is one, as a metric; nothing where it is negative, not finite or
/// anything else.
std::optional<double> metric_value(std::string_view json);

/// The metric of a work, from the JSON of a catalogue record's `work`. Nothing without one, and for
/// the empty text (no work).
std::optional<double> metric_of_work(std::string_view work_json, std::string_view member);

/// C = ((1 − p) / p) · V; a V of 0 counts as 1. A work exactly at the percentile then scores p.
double popularity_constant(double percentile, double value);

/// m / (m + C): 0 … 1, to six digits.
double standardized_popularity(double metric, double constant);

}  // namespace freshet
