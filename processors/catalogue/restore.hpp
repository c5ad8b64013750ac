#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "processors/catalogue/inputs.hpp"
#include "processors/catalogue/partitions.hpp"

namespace freshet {

/// Where a loop goes on reading.
struct StartOffsets {
  std::vector<kafka::TopicPartitionOffset> all;
  /// Those of `all` on `media.decisions.v1` that have records yet unread. They are read before any
  /// sighting is taken: a work that was blocked meanwhile is then not shown even once.
  std::vector<kafka::TopicPartitionOffset> first;
};

/// Brings partitions to the true end of both changelogs, from whatever is on disk.
///
/// The order is what makes it right. First the group's *stable* offsets: the broker gives them only
/// when no transaction of an earlier owner is still open over them, so all that such a transaction
/// wrote is then below the high watermarks, which a read_uncommitted handle tells. Then the
/// catalogue and the totals are read, read_committed, until the *position* has reached those marks;
/// an end of partition alone is only the last stable offset, and stands still behind anybody's open
/// transaction. The seen entries come last, because an entry raises a record that must be there.
///
/// @param keep_alive  called at least every 200 ms: polls the group; false ends the restore.
/// @return the offsets from which the inputs are to be read; nothing when keep_alive said so.
std::optional<StartOffsets> restore(const Config& config, const Inputs& inputs,
                                    kafka::Consumer& group,
                                    const std::vector<std::unique_ptr<PartitionState>>& partitions,
                                    const std::function<bool()>& keep_alive);

}  // namespace freshet
