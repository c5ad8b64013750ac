#include "processors/stages/urls/counters.hpp"

#include "processors/stages/count_reasons.hpp"

namespace freshet {

UrlCounters::UrlCounters(Metrics& metrics, const Labels& labels)
    : metrics_{metrics},
      labels_{labels},
      received_{metrics.counter("freshet_process_url_claims_received_total",
                                "Claims and releases that stage urls took", labels)},
      verdicts_sent_{metrics.counter("freshet_process_url_verdicts_sent_total",
                                     "Works that were told the owner of their URL", labels)} {}

void UrlCounters::add(const UrlCounts& counted) {
  received_.add(static_cast<double>(counted.received));
  verdicts_sent_.add(static_cast<double>(counted.told));
  add_dead_letters(metrics_, labels_, counted.dead_lettered);
}

}  // namespace freshet
