#include "core/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

namespace freshet {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_{counter} {}
  void add(double amount) override { counter_.Increment(amount); }
  double value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_{gauge} {}
  void set(double value) override { gauge_.Set(value); }
  double value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_{histogram} {}
  void observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

/// Seconds, three a decade: from a commit on an idle broker to a store that is out of breath.
const prometheus::Histogram::BucketBoundaries kBuckets = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60};

}  // namespace

struct Metrics::Impl {
  using Id = std::pair<std::string, Labels>;

  prometheus::Registry registry;
  mutable std::mutex mutex;  ///< of the maps; the metrics themselves are atomic
  std::map<Id, std::unique_ptr<Counter>> counters;
  std::map<Id, std::unique_ptr<Gauge>> gauges;
  std::map<Id, std::unique_ptr<Histogram>> histograms;
};

Metrics::Metrics() : impl_{std::make_unique<Impl>()} {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock{impl_->mutex};
  auto& found = impl_->counters[{name, labels}];
  if (!found) {
    found = std::make_unique<PrometheusCounter>(
        prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels));
  }
  return *found;
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock{impl_->mutex};
  auto& found = impl_->gauges[{name, labels}];
  if (!found) {
    found = std::make_unique<PrometheusGauge>(
        prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels));
  }
  return *found;
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const Labels& labels) {
  const std::lock_guard lock{impl_->mutex};
  auto& found = impl_->histograms[{name, labels}];
  if (!found) {
    found = std::make_unique<PrometheusHistogram>(prometheus::BuildHistogram()
                                                      .Name(name)
                                                      .Help(help)
                                                      .Register(impl_->registry)
                                                      .Add(labels, kBuckets));
  }
  return *found;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace freshet
