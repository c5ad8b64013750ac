#include "processors/catalogue/counters.hpp"

namespace freshet {

LoopCounters::LoopCounters(Metrics& all, const std::string& loop)
    : labels{{"loop", loop}},
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
      scan_jobs{all.gauge("freshet_process_scan_jobs", "Scans that wait or run", labels)},
      sums_of_nobody{all.counter("freshet_process_sums_of_nobody_total",
                                 "Sums of a kind that no step has, met by a restore", labels)} {}

void LoopCounters::show(const StageSizes& sizes) {
  works.set(static_cast<double>(sizes.works));
  table_bytes.set(static_cast<double>(sizes.table_bytes));
  scan_jobs.set(static_cast<double>(sizes.scan_jobs));
}

}  // namespace freshet
