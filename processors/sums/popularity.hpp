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

/// A score that is off by no more than this is as good as the true one: two points of the hundred
/// that the index has, which no reader of a page of results notices. Once nothing is left to do,
/// every stored score is within it of m / (m + C) with the C of all works that are counted.
inline constexpr double kScoreTolerance = 0.02;
/// The part of it that a published constant may use up: the 2 % that its percentile may lag
/// (`kLeastMove`), and the half percent that a histogram may be off, move no score by more.
inline constexpr double kConstantShare = 0.0065;
/// A work whose score moves by more than this is written again; one that is written for another
/// reason takes the new score at once.
inline constexpr double kLeastScoreMove = kScoreTolerance - kConstantShare;

/// By how much a constant that is multiplied by `ratio` (> 0) moves the score that it moves most.
double most_moved_score(double ratio);

/// Whether two `derived` objects say the same to a reader: nothing differs but the policy's version
/// and, by no more than `kLeastScoreMove`, the popularity.
bool is_derived_alike(std::string_view before, std::string_view after);

}  // namespace freshet
