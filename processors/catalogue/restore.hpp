#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"
#include "processors/catalogue/partitions.hpp"

namespace freshet {

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
/// @return the offsets from which `media.raw.v1` is to be read; nothing when keep_alive said so.
std::optional<std::vector<kafka::TopicPartitionOffset>> restore(
    const Config& config, kafka::Consumer& group,
    const std::vector<std::unique_ptr<PartitionState>>& partitions,
    const std::function<bool()>& keep_alive);

}  // namespace freshet
