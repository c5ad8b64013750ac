#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.hpp"

namespace freshet::api {

/// Reads typed fields from a query and collects what is wrong with them, in the order of reading.
///
/// @source  rest-api.md §3.1: an empty value is an absent one; the messages are the wire's.
class FieldReader {
 public:
  explicit FieldReader(const Query& query) : query_{query} {}

  /// Trimmed text. Faults: nothing but white space, NUL, more than `max_length` characters (0:
  /// any).
  std::optional<std::string> text(std::string_view name, std::size_t max_length = 0);
  /// The same, split at commas and in lower case; an empty item stays one.
  std::vector<std::string> list(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  /// A sign, digits, and perhaps a fraction of zeros. Past 64 bits it counts as the largest.
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least);
  std::optional<double> number(std::string_view name, double least, double most);
  /// One of `values`, exactly.
  std::optional<std::string> choice(std::string_view name,
                                    const std::vector<std::string_view>& values);

  void fail(std::string_view name, std::string message);
  const FieldErrors& errors() const { return errors_; }

 private:
  const Query& query_;
  FieldErrors errors_;
};

}  // namespace freshet::api
