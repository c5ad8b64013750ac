#include "processors/catalogue/partitions.hpp"

#include <utility>

namespace freshet {

std::unique_ptr<PartitionState> PartitionStates::borrow(std::int32_t number) {
  const std::lock_guard guard{mutex_};
  if (!borrowed_.insert(number).second) {
    return nullptr;
  }
  if (auto found = idle_.extract(number)) {
    return std::move(found.mapped());
  }
  return std::make_unique<PartitionState>(number, partitions_, state_);
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
      partition->store->save_table(partition->dedupe.table(), partition->positions);
    }
  }
}

}  // namespace freshet
