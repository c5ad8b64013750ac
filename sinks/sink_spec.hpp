#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "core/config.hpp"
#include "core/metrics.hpp"
#include "core/roles.hpp"
#include "sinks/batch.hpp"
#include "sinks/sink.hpp"

namespace freshet {

/// What a sink reads, by the broker's names.
struct SinkSource {
  std::string group;
  std::string topic;
};

/// One sink as the registry lists it: what its file in `targets/` says of it.
struct SinkSpec {
  /// Says its name, and the one topic that it reads.
  Role role{};
  std::string meaning{};
  /// How many batches may be written at the same time. It is 1 where the store keeps the offsets,
  /// because these move in order.
  std::size_t writers = 1;
  /// When a batch is full.
  BatchLimits limits{};
  /// @param stop  ends an exchange with the store that is under way
  std::function<std::unique_ptr<Sink>(const Config&, const SinkSource&, std::stop_token stop)>
      make{};
  /// Which records of a batch are to be written.
  Keep keep = Keep::newest_of_each_key;
  Refusals refusals = Refusals::mean_the_schema;
  /// Null: the sink has none.
  std::function<std::unique_ptr<SinkCompanion>(const Config&, Metrics&, std::stop_token stop)>
      companion{};
};

}  // namespace freshet
