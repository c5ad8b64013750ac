#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/types.hpp"
#include "core/result.hpp"

namespace freshet {

/// The newest value of each wanted key in one partition of a compacted topic; with no key named, of
/// every key. Tombstones count as absent.
///
/// Reads what is committed, up to the high watermark of the call: an open transaction of somebody
/// else hides later records, so it is waited for.
Result<std::map<std::string, std::string>> read_newest(const Config::Kafka& config,
                                                       const std::string& topic,
                                                       kafka::Partition partition,
                                                       const std::vector<std::string>& keys);

}  // namespace freshet
