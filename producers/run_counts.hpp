#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "producers/output.hpp"

namespace freshet {

/// Counts of a run: since its start, and by provider since the last checkpoint.
class RunCounts {
 public:
  /// @param since_start  of the run that is resumed; empty otherwise.
  explicit RunCounts(Totals since_start) : all_{std::move(since_start)} {}

  void add(const std::string& provider, std::string_view name, std::int64_t amount = 1) {
    unsaved_[provider].add(name, amount);
    all_.add(name, amount);
  }
  const Totals& all() const noexcept { return all_; }
  const TotalsByProvider& unsaved() const noexcept { return unsaved_; }
  void saved() { unsaved_.clear(); }

 private:
  Totals all_;
  TotalsByProvider unsaved_;
};

}  // namespace freshet
