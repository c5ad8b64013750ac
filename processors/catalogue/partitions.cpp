#include "processors/catalogue/partitions.hpp"

#include <utility>

namespace freshet {

void PartitionState::keep_sums(const std::vector<std::pair<std::string, std::string>>& sums) {
  for (const auto& [name, value] : sums) {
    unwritten_sums_.insert_or_assign(name, value);
  }
}

// A position that is past sums which are not on disk would lose them.
void PartitionState::write(
    const std::vector<std::pair<std::string_view, std::string_view>>& records, RecordForm form) {
  store->write(records, form, {unwritten_sums_.begin(), unwritten_sums_.end()}, positions);
  unwritten_sums_.clear();
}

void PartitionState::save() {
  if (dedupe.unsettled_seen() != 0) {
    return;  // the positions are past what neither table nor records have: an unfinished restore
  }
  store->save_table(dedupe.table(), positions);
  if (claims) {
    claims->store->flush();
  }
}

std::unique_ptr<PartitionState> PartitionStates::borrow(std::int32_t number) {
  const std::lock_guard guard{mutex_};
  if (!borrowed_.insert(number).second) {
    return nullptr;
  }
  if (auto found = idle_.extract(number)) {
    return std::move(found.mapped());
  }
  return std::make_unique<PartitionState>(number, partitions_, state_, table_bytes_);
}

void PartitionStates::give_back(std::unique_ptr<PartitionState> partition) {
  const std::lock_guard guard{mutex_};
  borrowed_.erase(partition->number);
  idle_.insert_or_assign(partition->number, std::move(partition));
}

bool PartitionStates::is_borrowed(std::int32_t number) const {
  const std::lock_guard guard{mutex_};
  return borrowed_.contains(number);
}

void PartitionStates::save() {
  const std::lock_guard guard{mutex_};
  for (const auto& [number, partition] : idle_) {
    if (partition->loaded) {
      partition->save();
    }
  }
}

}  // namespace freshet
