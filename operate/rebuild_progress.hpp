#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "core/commands.hpp"
#include "core/store_fill.hpp"
#include "operate/broker.hpp"

namespace freshet {

/// How far a filling is in the catalogue.
class RebuildProgress {
 public:
  using Offsets = std::map<kafka::Partition, kafka::Offset>;

  /// @param live_role  the sink whose store is made anew
  RebuildProgress(const Context& context, const Role& live_role);

  /// Last stable offsets now.
  Offsets ends();
  /// Where the live sink is; a partition that it never had is at 0.
  Offsets live();
  /// Waits until the filling has passed these offsets in every partition, and says now and then how
  /// far it is.
  /// @error WorkFailed: it ended, or a stop was asked for; what is done is kept.
  void await(const StoreFill& fill, const Offsets& target);
  /// Waits until nothing is left that it could have read, or nearly so.
  void await_ends(const StoreFill& fill);
  /// Records that the filling or the live sink has and the other may not have yet, at most.
  static std::int64_t between(const Offsets& ends, const Offsets& one, const Offsets& other);

 private:
  const Context& context_;
  const Role& role_;
  kafka::Admin admin_;
  kafka::Consumer consumer_;
  std::vector<kafka::TopicPartition> partitions_;
  std::chrono::steady_clock::time_point next_said_;
};

}  // namespace freshet
