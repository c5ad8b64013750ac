#pragma once

#include <cstdint>
#include <set>

#include "producers/params.hpp"

namespace freshet {

/// Which files of a list are done: all before a number, and some behind it. Small, because files
/// are taken in order.
class DoneFiles {
 public:
  bool contains(std::int64_t file) const { return file < first_ || beyond_.contains(file); }
  void add(std::int64_t file);
  std::int64_t count() const { return first_ + static_cast<std::int64_t>(beyond_.size()); }

  /// As it stands in a cursor: `first`, and `done` for each file behind it.
  Params to_params() const;
  static DoneFiles from_params(const Params& params);

 private:
  std::int64_t first_ = 0;  ///< the first one that is not done
  std::set<std::int64_t> beyond_;
};

}  // namespace freshet
