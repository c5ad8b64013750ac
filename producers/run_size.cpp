#include "producers/run_size.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "producers/run_watch.hpp"

namespace freshet {
namespace {

constexpr std::size_t kKeptFullRuns = 5;

std::int64_t median_of(const std::vector<FullRun>& runs, std::int64_t FullRun::* size) {
  std::vector<std::int64_t> values;
  values.reserve(runs.size());
  for (const FullRun& run : runs) {
    values.push_back(run.*size);
  }
  return median(std::move(values));
}

}  // namespace

std::optional<std::string> too_few(const Totals& counts, const std::vector<FullRun>& earlier,
                                   RunEnd end) {
  const std::int64_t listed = counts.at("listed");
  const std::int64_t emitted = counts.at("emitted");
  if (listed == 0) {
    return "the source named no records";
  }
  if (earlier.empty()) {
    if (end != RunEnd::unproven) {
      return std::nullopt;
    }
    return fmt::format(
        "{} records and then an empty page behind a full one, and no earlier full run to measure "
        "it by; a run that finds that page empty {} h later believes it",
        listed, kDoubtRests.count());
  }
  const std::int64_t usual = median_of(earlier, &FullRun::listed);
  const std::int64_t usual_of_use = median_of(earlier, &FullRun::emitted);
  if (2 * listed < usual || 2 * emitted < usual_of_use) {
    return fmt::format("{} records, {} of use; the last {} full runs had {} and {} (medians)",
                       listed, emitted, earlier.size(), usual, usual_of_use);
  }
  if (end != RunEnd::proven && listed < earlier.back().listed) {
    return fmt::format(
        "{} records and then an empty page, which may be no end; the last full run had {}", listed,
        earlier.back().listed);
  }
  return std::nullopt;
}

void keep_full_run(std::vector<FullRun>& runs, FullRun run) {
  runs.push_back(std::move(run));
  while (runs.size() > kKeptFullRuns) {
    runs.erase(runs.begin());
  }
}

}  // namespace freshet
