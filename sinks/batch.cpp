#include "sinks/batch.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace freshet {

std::size_t BatchLimits::records_at(std::chrono::milliseconds age) const {
  constexpr std::chrono::seconds kFresh{1};
  if (fresh_records == 0) {
    return records;
  }
  std::size_t most = fresh_records;
  for (std::chrono::milliseconds until = kFresh; age >= until && most < records; until *= 2) {
    most *= 2;
  }
  return std::min(most, records);
}

std::size_t Batch::room(const BatchLimits& limits, UtcTime now) const {
  if (bytes_ >= limits.bytes) {
    return 0;
  }
  // One that is empty says nothing of how far the sink is behind: its first record will.
  const auto age = std::chrono::milliseconds{is_empty() ? 0 : now.millis() - oldest_.millis()};
  const std::size_t most = limits.records_at(age);
  return most - std::min(most, size());
}

void Batch::add(Incoming incoming, kafka::Offset from) {
  const SinkRecord& record = incoming.record;
  const kafka::Offset next{record.offset.value + 1};
  const auto found =
      std::find_if(progress_.begin(), progress_.end(),
                   [&](const PartitionProgress& p) { return p.partition == record.partition; });
  if (found == progress_.end()) {
    progress_.push_back({record.partition, from, next});
  } else {
    FRESHET_CHECK(found->next < next);
    found->next = next;
  }
  oldest_ = incoming_.empty() ? incoming.timestamp : std::min(oldest_, incoming.timestamp);
  bytes_ += record.key.size() + record.value.size();
  incoming_.push_back(std::move(incoming));
}

const Incoming& Batch::at(kafka::Partition partition, kafka::Offset offset) const {
  const auto found = std::find_if(incoming_.begin(), incoming_.end(), [&](const Incoming& one) {
    return one.record.partition == partition && one.record.offset == offset;
  });
  FRESHET_CHECK(found != incoming_.end());
  return *found;
}

std::vector<SinkRecord> Batch::kept(Keep keep) const {
  std::vector<SinkRecord> records;
  records.reserve(incoming_.size());
  for (const Incoming& one : incoming_) {
    records.push_back(one.record);
  }
  if (keep == Keep::all) {
    return records;
  }
  // All versions of a key are in one partition, so the greatest offset is the newest.
  std::sort(records.begin(), records.end(), [](const SinkRecord& a, const SinkRecord& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.offset > b.offset;
  });
  records.erase(
      std::unique(records.begin(), records.end(),
                  [](const SinkRecord& a, const SinkRecord& b) { return a.key == b.key; }),
      records.end());
  return records;
}

}  // namespace freshet
