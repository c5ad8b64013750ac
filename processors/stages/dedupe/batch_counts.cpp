#include "processors/stages/dedupe/batch_counts.hpp"

#include <string>
#include <string_view>

namespace freshet {

void BatchCounts::add_to(Totals& totals) const {
  const auto add = [&](std::string_view name, std::int64_t amount) {
    if (amount != 0) {
      totals.add(name, amount);
    }
  };
  add("received", received);
  add("created", created);
  add("merged", merged);
  add("unchanged", unchanged);
  add("control", control);
  for (std::size_t i = 0; i < kStatusCount; ++i) {
    add("works." + std::string{to_string(static_cast<Status>(i))}, works[i]);
  }
  for (const auto& [reason, amount] : dropped) {
    add("dropped." + reason, amount);
  }
  for (const auto& [reason, amount] : dead_lettered) {
    add("dead_lettered." + reason, amount);
  }
  for (const auto& [value, amount] : left_out) {
    add("left_out." + value, amount);
  }
  for (const auto& [outcome, amount] : decisions) {
    add("decisions." + outcome, amount);
  }
  for (const auto& [outcome, amount] : verdicts) {
    add("verdicts." + outcome, amount);
  }
  for (const auto& [outcome, amount] : catalogue) {
    add("catalogue." + outcome, amount);
  }
  add("claims.made", claims_made);
  add("claims.released", claims_released);
}

}  // namespace freshet
