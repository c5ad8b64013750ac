#include "core/result.hpp"

#include <stdexcept>
#include <string>

namespace freshet {

std::string_view to_string(Errc errc) noexcept {
  switch (errc) {
    case Errc::unspecified:
      return "unspecified";
    case Errc::malformed_payload:
      return "malformed_payload";
    case Errc::missing_field:
      return "missing_field";
    case Errc::invalid_value:
      return "invalid_value";
    case Errc::wrong_key:
      return "wrong_key";
    case Errc::future_time:
      return "future_time";
    case Errc::too_large:
      return "too_large";
    case Errc::unknown_schema:
      return "unknown_schema";
    case Errc::unreachable:
      return "unreachable";
    case Errc::throttled:
      return "throttled";
    case Errc::timed_out:
      return "timed_out";
    case Errc::http_status:
      return "http_status";
    case Errc::bulk_refused:
      return "bulk_refused";
    case Errc::store_refused:
      return "store_refused";
    case Errc::broker_error:
      return "broker_error";
    case Errc::fenced:
      return "fenced";
    case Errc::unknown_outcome:
      return "unknown_outcome";
  }
  return "unspecified";
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error{std::string{"value() of an error at "} + where.file_name() + ":" +
                         std::to_string(where.line()) + ": " +
                         std::string{to_string(error.errc())} + ": " + error.message()};
}

}  // namespace freshet
