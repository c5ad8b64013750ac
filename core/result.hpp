#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace freshet {

/// What went wrong, as a small fixed set: the label of metrics and the `dl.reason` of dead letters.
enum class Errc {
  unspecified,
  // One record is bad for good.
  malformed_payload,  ///< not JSON, not UTF-8, or not the shape that was promised
  missing_field,
  invalid_value,  ///< a field is there and breaks a rule
  wrong_key,      ///< a record lies under a key that its content does not make
  future_time,    ///< `fetched_at` is too far after the broker's time
  too_large,
  unknown_schema,
  // A service does not do what was asked.
  unreachable,
  throttled,
  timed_out,
  http_status,
  bulk_refused,
  store_refused,
  broker_error,
  fenced,           ///< another producer took over our transactional id
  unknown_outcome,  ///< a commit may or may not have happened: only the log knows
};

/// snake_case name of an `Errc`, as it stands in headers, logs and metric labels.
std::string_view to_string(Errc errc) noexcept;

/// Whether trying the same again may help.
enum class Retry { never, after_backoff };

/// Why one thing could not be done, in a form that a program can judge and a person can read.
///
/// `field` and `rule` are set when a single field of a record is at fault (`dl.field`, `dl.rule`).
class Error {
 public:
  Error() = default;
  Error(Errc errc, Retry retry, std::string message)
      : errc_{errc}, retry_{retry}, message_{std::move(message)} {}
  Error(Errc errc, std::string field, std::string rule, std::string message)
      : errc_{errc},
        retry_{Retry::never},
        message_{std::move(message)},
        field_{std::move(field)},
        rule_{std::move(rule)} {}

  Errc errc() const noexcept { return errc_; }
  Retry retry() const noexcept { return retry_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& field() const noexcept { return field_; }
  const std::string& rule() const noexcept { return rule_; }

 private:
  Errc errc_ = Errc::unspecified;
  Retry retry_ = Retry::never;
  std::string message_;
  std::string field_;
  std::string rule_;
};

/// A value or the reason why there is none. `if (!x) { return x.error(); }` passes the reason on.
///
/// Boost 1.81's `error()` returns by value: take `const auto error = x.error();` before reading
/// several of its members.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace freshet

// boost::system::result asks for this when `value()` is called on an error.
namespace freshet {
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);
}  // namespace freshet
