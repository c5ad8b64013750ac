#include "processors/catalogue/counters.hpp"

namespace freshet {

LoopCounters::LoopCounters(Metrics& all, const std::string& loop)
    : metrics{all},
      labels{{"loop", loop}},
      received{all.counter("freshet_process_records_received_total", "Raw records taken", labels)},
      forwarded{all.counter("freshet_process_records_forwarded_total", "Works created or merged",
                            labels)},
      unchanged{all.counter("freshet_process_records_unchanged_total",
                            "Sightings that repeat what is known", labels)},
      control{all.counter("freshet_process_records_control_total", "Removals and ends of runs",
                          labels)},
      claims_made{all.counter("freshet_process_url_claims_made_total",
                              "Claims on URLs that were sent", labels)},
      claims_released{all.counter("freshet_process_url_claims_released_total",
                                  "Releases of URLs that were sent", labels)},
      claims_received{all.counter("freshet_process_url_claims_received_total",
                                  "Claims and releases that stage urls took", labels)},
      verdicts_sent{all.counter("freshet_process_url_verdicts_sent_total",
                                "Works that were told the owner of their URL", labels)},
      aborts{all.counter("freshet_process_batches_aborted_total",
                         "Transactions aborted and read again", labels)},
      commit_seconds{
          all.histogram("freshet_process_commit_duration_seconds", "Duration of a commit", labels)},
      works{all.gauge("freshet_process_works", "Works in the table", labels)},
      table_bytes{all.gauge("freshet_process_table_bytes", "Memory of the table", labels)},
      scanned{all.counter("freshet_process_scan_works_total", "Works visited by background scans",
                          labels)},
      scan_written{all.counter("freshet_process_scan_written_total",
                               "Works that background scans had to write", labels)},
      scan_seconds{all.counter("freshet_process_scan_seconds_total",
                               "Time that background scans took from the loop", labels)},
      scan_jobs{all.gauge("freshet_process_scan_jobs", "Scans that wait or run", labels)} {}

void LoopCounters::add(const BatchCounts& counted) {
  received.add(static_cast<double>(counted.received));
  forwarded.add(static_cast<double>(counted.created + counted.merged));
  unchanged.add(static_cast<double>(counted.unchanged));
  control.add(static_cast<double>(counted.control));
  add_reasons("freshet_process_records_dropped_total", "Records by reason", "reason",
              counted.dropped);
  add_reasons("freshet_process_records_dead_lettered_total", "Records by reason", "errc",
              counted.dead_lettered);
  add_reasons("freshet_process_decisions_total", "Decisions by what they did", "outcome",
              counted.decisions);
  add_reasons("freshet_process_url_verdicts_total", "Verdicts on URLs by what they did", "outcome",
              counted.verdicts);
  claims_made.add(static_cast<double>(counted.claims_made));
  claims_released.add(static_cast<double>(counted.claims_released));
}

void LoopCounters::add(const UrlCounts& counted) {
  claims_received.add(static_cast<double>(counted.received));
  verdicts_sent.add(static_cast<double>(counted.told));
  add_reasons("freshet_process_records_dead_lettered_total", "Records by reason", "errc",
              counted.dead_lettered);
}

void LoopCounters::add_reasons(const char* name, const char* help, const char* label,
                               const std::map<std::string, std::int64_t, std::less<>>& reasons) {
  for (const auto& [reason, amount] : reasons) {
    Labels with_reason = labels;
    with_reason[label] = reason;
    metrics.counter(name, help, with_reason).add(static_cast<double>(amount));
  }
}

}  // namespace freshet
