#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "core/metrics.hpp"
#include "core/time.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/partitions.hpp"

namespace freshet {

/// What a restore works with.
struct RestoreEnvironment {
  const Config& config;
  const Inputs& inputs;
  kafka::Consumer& group;
  const Clock& clock;
  Counter& sums_of_nobody;
};

/// Brings partitions to the true ends of all changelogs of their stages, from whatever is on disk.
///
/// The order is what makes it right. First the group's *stable* offsets: the broker gives them only
/// when no transaction of an earlier owner is still open over them, so all that such a transaction
/// wrote is then below the high watermarks, which a read_uncommitted handle tells. Then the
/// changelogs are read to those marks, those whose turn is last behind the others.
///
/// @param keep_alive  called at least every 200 ms: polls the group; false ends the restore.
/// @return the offsets from which the inputs are to be read; nothing when keep_alive said so.
/// @error WorkFailed: another version of freshet goes on from these topics, a topic became shorter,
///        or the broker refuses for good.
std::optional<StartOffsets> restore(const RestoreEnvironment& environment,
                                    const std::vector<std::unique_ptr<PartitionState>>& partitions,
                                    const KeepAlive& keep_alive);

}  // namespace freshet
