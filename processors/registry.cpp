#include "processors/registry.hpp"

#include <algorithm>
#include <array>

#include "core/roles.hpp"
#include "processors/stages/dedupe/dedupe_stage.hpp"
#include "processors/stages/urls/urls_stage.hpp"

namespace freshet {
namespace {

constexpr std::array kStages{
    StageSpec{.name = "dedupe",
              .inputs = DedupeStage::kInputs,
              .changelogs = DedupeStage::kChangelogs,
              .claims_sums = &DedupeStage::claims_sums,
              .make = &DedupeStage::make},
    StageSpec{.name = "urls",
              .inputs = UrlsStage::kInputs,
              .changelogs = UrlsStage::kChangelogs,
              .claims_sums = &UrlsStage::claims_sums,
              .make = &UrlsStage::make},
};

static_assert(std::ranges::all_of(kStages,
                                  [](const StageSpec& spec) {
                                    return std::ranges::all_of(spec.inputs, [](Input input) {
                                      return index_of(input) < kInputs.size();
                                    });
                                  }),
              "an input that kInputTopics does not list is never read");

}  // namespace

std::span<const StageSpec> stage_specs() { return kStages; }

SumsOwner owner_of_sums(std::string_view kind) {
  const auto* const stage =
      std::ranges::find_if(kStages, [&](const StageSpec& spec) { return spec.claims_sums(kind); });
  if (stage != kStages.end()) {
    return {stage, false};
  }
  const Role* const role = find_role_of_sums(kind);
  return {nullptr, role != nullptr && role->name != kCatalogueRole};
}

}  // namespace freshet
