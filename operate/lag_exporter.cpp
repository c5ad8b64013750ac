#include "operate/lag_exporter.hpp"

#include <limits>

namespace freshet {

LagExporter::LagExporter(Metrics& metrics)
    : metrics_{metrics},
      up_{metrics.gauge("freshet_lag_up",
                        "Whether the broker answered when lag was last measured")},
      measured_at_{metrics.gauge("freshet_lag_measured_timestamp_seconds",
                                 "When lag was last measured, in seconds since 1970")} {}

void LagExporter::show(const std::vector<GroupLag>& groups, UtcTime now) {
  for (const GroupLag& group : groups) {
    gauge("freshet_group_members", "Members of a group; 0: nobody reads for it",
          {{"group", group.group}})
        .set(group.members);
    for (const auto& [topic, sum] : group.by_topic()) {
      show_sum(group, topic, sum);
    }
    const LagSum sum = group.sum();
    if (sum.rates) {
      gauge("freshet_lag_catch_up_seconds",
            "Seconds until a group has nothing unread if rates stay; +Inf: never",
            {{"group", group.group}})
          .set(seconds_to_catch_up(sum.records, *sum.rates)
                   .value_or(std::numeric_limits<double>::infinity()));
    }
    show_sources(group);
  }
  up_.set(1);
  measured_at_.set(static_cast<double>(now.micros) / 1e6);
}

void LagExporter::show_sources(const std::vector<SourceRun>& runs) {
  for (const SourceRun& run : runs) {
    const Labels labels{{"provider", run.provider}};
    gauge("freshet_source_run_updated_timestamp_seconds",
          "When the last run of a provider last said something, in seconds since 1970", labels)
        .set(static_cast<double>(run.updated_at.micros) / 1e6);
    gauge("freshet_source_run_failed", "Whether the last run of a provider failed", labels)
        .set(run.has_failed ? 1 : 0);
    gauge("freshet_source_run_emitted_records", "Records that it emitted so far", labels)
        .set(static_cast<double>(run.emitted));
    if (run.last_full) {
      gauge("freshet_source_full_run_records", "Records that the last full run emitted", labels)
          .set(static_cast<double>(*run.last_full));
    }
    if (run.usual) {
      gauge("freshet_source_full_run_usual_records",
            "Median of the full runs before it, at most four", labels)
          .set(static_cast<double>(*run.usual));
    }
  }
}

void LagExporter::show_failure() { up_.set(0); }

void LagExporter::show_sum(const GroupLag& group, const std::string& topic, const LagSum& sum) {
  const Labels labels{{"group", group.group}, {"topic", topic}};
  gauge("freshet_group_lag_records", "Records of a topic that a group has not done", labels)
      .set(static_cast<double>(sum.records));
  gauge("freshet_group_lag_seconds", "Age of the oldest of them; 0: there is none", labels)
      .set(sum.seconds);
  if (sum.rates) {
    gauge("freshet_group_rate_in", "Offsets a second that the topic grows by", labels)
        .set(sum.rates->in);
    gauge("freshet_group_rate_out", "Offsets a second that the group does", labels)
        .set(sum.rates->out);
  }
}

void LagExporter::show_sources(const GroupLag& group) {
  const LagBySource sources = group.by_source();
  for (const auto& [source, lag] : sources) {
    sources_.emplace(group.group, source);
  }
  for (const auto& [name, source] : sources_) {
    if (name != group.group) {
      continue;
    }
    const auto found = sources.find(source);
    const SourceLag lag = found == sources.end() ? SourceLag{} : found->second;
    const Labels labels{{"group", name}, {"source", source}};
    gauge("freshet_source_lag_records", "Records of a source that a group has not done", labels)
        .set(static_cast<double>(lag.records));
    gauge("freshet_source_lag_seconds", "Age of the oldest of them; 0: there is none", labels)
        .set(lag.seconds);
  }
}

Gauge& LagExporter::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return metrics_.gauge(name, help, labels);
}

}  // namespace freshet
