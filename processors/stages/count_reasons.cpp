#include "processors/stages/count_reasons.hpp"

namespace freshet {

void add_reasons(Metrics& metrics, const Labels& labels, const char* name, const char* help,
                 const char* label, const CountsByReason& reasons) {
  for (const auto& [reason, amount] : reasons) {
    Labels with_reason = labels;
    with_reason[label] = reason;
    metrics.counter(name, help, with_reason).add(static_cast<double>(amount));
  }
}

void add_dead_letters(Metrics& metrics, const Labels& labels, const CountsByReason& reasons) {
  add_reasons(metrics, labels, "freshet_process_records_dead_lettered_total", "Records by reason",
              "errc", reasons);
}

}  // namespace freshet
