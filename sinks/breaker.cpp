#include "sinks/breaker.hpp"

#include <fmt/format.h>

namespace freshet {

std::optional<Error> RefusalBreaker::judge(std::size_t sent, std::size_t refused) {
  in_a_row_ = refused < sent ? 0 : in_a_row_ + refused;
  if ((refused >= kAtLeast && refused * 2 > sent) || in_a_row_ >= kInARow) {
    return Error{
        Errc::store_refused, Retry::never,
        fmt::format("the store refused {} of {} records ({} in a row): its schema does not "
                    "fit, see `freshet schema status`; nothing was put aside",
                    refused, sent, in_a_row_)};
  }
  return std::nullopt;
}

}  // namespace freshet
