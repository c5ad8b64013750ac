#include "processors/catalogue/partitions.hpp"

#include <algorithm>
#include <utility>

namespace freshet {

PartitionState::PartitionState(const Config& config, std::int32_t n, PartitionCounts counts,
                               StateStore& state, std::size_t table_bytes,
                               std::span<const StageSpec> specs)
    : number{n}, stored{state.partition(n)} {
  for (const StageSpec& spec : specs) {
    auto stage = spec.make({config, n, counts, state, stored, table_bytes});
    if (!stage) {
      continue;
    }
    for (const Input input : spec.inputs) {
      by_input_[index_of(input)] = stage.get();
    }
    stages.push_back({spec, std::move(stage)});
  }
}

bool PartitionState::has_background_work() const {
  return std::ranges::any_of(stages, [](const PartitionStage& of) {
    const BackgroundWork* const background = of.stage->background();
    return background != nullptr && background->has_work();
  });
}

bool PartitionState::restore_sums(std::string_view name, const Totals& sums) {
  const SumsOwner owner = owner_of_sums(name.substr(0, name.find(':')));
  for (const auto& [spec, stage] : stages) {
    if (&spec == owner.stage) {
      stage->restore_totals(name, sums);
    }
  }
  return !owner.is_nobody();
}

void PartitionState::save() {
  for (const auto& [spec, stage] : stages) {
    stage->save();
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
  return std::make_unique<PartitionState>(config_, number, partitions_, state_, table_bytes_);
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
