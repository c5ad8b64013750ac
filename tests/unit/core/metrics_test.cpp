#include "core/metrics.hpp"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace freshet {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, AreFoundAgainByNameAndLabels) {
  Metrics metrics;
  Counter& met = metrics.counter("freshet_records_total", "Records", {{"provider", "met"}});
  Counter& other = metrics.counter("freshet_records_total", "Records", {{"provider", "smk"}});
  EXPECT_NE(&met, &other);
  EXPECT_EQ(&met, &metrics.counter("freshet_records_total", "Records", {{"provider", "met"}}));
  met.add();
  met.add(2);
  EXPECT_EQ(met.value(), 3);
  EXPECT_EQ(other.value(), 0);
  Gauge& gauge = metrics.gauge("freshet_lag_records", "Lag");
  gauge.set(5);
  gauge.set(4);
  EXPECT_EQ(gauge.value(), 4);
}

TEST(Metrics, ArePrometheusText) {
  Metrics metrics;
  metrics.counter("freshet_records_total", "Records", {{"provider", "met"}}).add(7);
  metrics.gauge("freshet_lag_records", "Records behind").set(2);
  metrics.histogram("freshet_write_seconds", "Writes").observe(0.03);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE freshet_records_total counter"));
  EXPECT_THAT(text, HasSubstr("freshet_records_total{provider=\"met\"} 7"));
  EXPECT_THAT(text, HasSubstr("freshet_lag_records 2"));
  EXPECT_THAT(text, HasSubstr("freshet_write_seconds_bucket{le=\"0.02\"} 0"));
  EXPECT_THAT(text, HasSubstr("freshet_write_seconds_bucket{le=\"0.05\"} 1"));
  EXPECT_THAT(text, HasSubstr("freshet_write_seconds_count 1"));
}

TEST(Metrics, CountFromSeveralThreads) {
  Metrics metrics;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      for (int n = 0; n < 1000; ++n) {
        metrics.counter("freshet_n_total", "n").add();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(metrics.counter("freshet_n_total", "n").value(), 4000);
}

TEST(Health, AnswersForTheProcessAndItsComponents) {
  Metrics metrics;
  metrics.counter("freshet_n_total", "n").add();
  Health health{metrics};
  EXPECT_EQ(health.reply("/healthz").status, 200);
  EXPECT_EQ(health.reply("/readyz").status, 200);
  std::optional<std::string> fault = "no partitions";
  const int role = 0;
  health.add_component(&metrics, "process", [&fault] { return fault; });
  health.add_component(&metrics, "kafka", [] { return std::optional<std::string>{}; });
  health.add_component(&role, "store", [] { return std::optional<std::string>{"away"}; });
  EXPECT_EQ(health.reply("/healthz").status, 200);
  EXPECT_EQ(health.reply("/readyz").status, 503);
  EXPECT_EQ(health.reply("/readyz").body, "process: no partitions\nstore: away\n");
  fault.reset();
  EXPECT_EQ(health.reply("/readyz").body, "store: away\n");
  health.remove_components(&role);
  EXPECT_EQ(health.reply("/readyz").status, 200);
  EXPECT_THAT(health.reply("/metrics").body, HasSubstr("freshet_n_total 1"));
  EXPECT_THAT(health.reply("/metrics").type, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_EQ(health.reply("/").status, 404);
  EXPECT_EQ(health.reply("/metrics/x").status, 404);
}

}  // namespace
}  // namespace freshet
