#include "processors/stages/dedupe/counters.hpp"

namespace freshet {

DedupeCounters::DedupeCounters(Metrics& metrics, const Labels& labels)
    : metrics_{metrics},
      labels_{labels},
      received_{
          metrics.counter("freshet_process_records_received_total", "Raw records taken", labels)},
      forwarded_{metrics.counter("freshet_process_records_forwarded_total",
                                 "Works created or merged", labels)},
      unchanged_{metrics.counter("freshet_process_records_unchanged_total",
                                 "Sightings that repeat what is known", labels)},
      control_{metrics.counter("freshet_process_records_control_total", "Removals and ends of runs",
                               labels)},
      claims_made_{metrics.counter("freshet_process_url_claims_made_total",
                                   "Claims on URLs that were sent", labels)},
      claims_released_{metrics.counter("freshet_process_url_claims_released_total",
                                       "Releases of URLs that were sent", labels)} {}

void DedupeCounters::add(const BatchCounts& counted) {
  received_.add(static_cast<double>(counted.received));
  forwarded_.add(static_cast<double>(counted.created + counted.merged));
  unchanged_.add(static_cast<double>(counted.unchanged));
  control_.add(static_cast<double>(counted.control));
  const auto add_by = [&](const char* name, const char* help, const char* label,
                          const CountsByReason& reasons) {
    add_reasons(metrics_, labels_, name, help, label, reasons);
  };
  add_by("freshet_process_records_dropped_total", "Records by reason", "reason", counted.dropped);
  add_dead_letters(metrics_, labels_, counted.dead_lettered);
  for (const auto& [value, amount] : counted.left_out) {
    const std::size_t dot = value.rfind('.');
    Labels with_value = labels_;
    with_value["field"] = value.substr(0, dot);
    with_value["rule"] = value.substr(dot + 1);
    metrics_
        .counter("freshet_process_values_left_out_total",
                 "Values outside the record contract, left out or cut; their records went on",
                 with_value)
        .add(static_cast<double>(amount));
  }
  add_by("freshet_process_decisions_total", "Decisions by what they did", "outcome",
         counted.decisions);
  add_by("freshet_process_url_verdicts_total", "Verdicts on URLs by what they did", "outcome",
         counted.verdicts);
  add_by("freshet_process_catalogue_records_damaged_total",
         "Catalogue records that could not be read, by what was done", "outcome",
         counted.catalogue);
  claims_made_.add(static_cast<double>(counted.claims_made));
  claims_released_.add(static_cast<double>(counted.claims_released));
}

}  // namespace freshet
