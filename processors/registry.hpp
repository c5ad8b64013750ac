#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "processors/stage.hpp"

namespace freshet {

/// What is known of a stage without any of its partitions.
struct StageSpec {
  std::string_view name;
  std::span<const Input> inputs;
  std::span<const Changelog> changelogs;
  /// Whether sums of this kind on `media.totals.v1` are the stage's.
  bool (*claims_sums)(std::string_view kind);
  /// @return nullptr where the stage has no partition of that number.
  std::unique_ptr<Stage> (*make)(const StagePlace& place);
};

/// The stages, in the order in which they finish a batch. The list is explicit: a static library
/// would drop what registers itself.
std::span<const StageSpec> stage_specs();

/// Whose sums a kind is.
struct SumsOwner {
  const StageSpec* stage = nullptr;
  bool is_other_step = false;
  bool is_nobody() const { return stage == nullptr && !is_other_step; }
};
SumsOwner owner_of_sums(std::string_view kind);

}  // namespace freshet
