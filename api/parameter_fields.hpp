#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.hpp"
#include "api/parameter.hpp"
#include "core/time.hpp"

namespace freshet::api {

/// Reads typed parameters from a query, each as it is described, and collects what is wrong with
/// them, in the order of reading.
///
/// An empty value is an absent one. The messages are those that clients of v1 know.
class FieldReader {
 public:
  explicit FieldReader(const Query& query) : query_{query} {}

  /// Trimmed text. Faults: nothing but white space, NUL, longer than it may be.
  std::optional<std::string> text(const Parameter& parameter);
  /// The same, split at commas and in lower case; an empty item stays one. The first item that is
  /// none of the values, where there are such, is a fault, and then there are no items.
  std::vector<std::string> list(const Parameter& parameter);
  std::optional<bool> boolean(const Parameter& parameter);
  /// A sign, digits, and perhaps a fraction of zeros. Past 64 bits it counts as the largest. What
  /// is above `most` is no fault here: who asks decides over that.
  std::optional<std::int64_t> integer(const Parameter& parameter);
  std::optional<double> number(const Parameter& parameter);
  /// One of the values, exactly.
  std::optional<std::string> choice(const Parameter& parameter);
  /// A point in time, or a day, which is its first moment.
  std::optional<UtcTime> time(const Parameter& parameter);

  void fail(std::string_view name, std::string message);
  const FieldErrors& errors() const { return errors_; }

 private:
  const Query& query_;
  FieldErrors errors_;
};

/// What is said of a value that is none of those that may be.
std::string wrong_value(const Parameter& parameter, std::string_view value);

}  // namespace freshet::api
