#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

/// Names and label sets are small and fixed; a counter is found once and kept.
/// @thread_safety  All of it: counters are atomics, creation takes a lock.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual double value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

using Labels = std::map<std::string, std::string>;

/// The metrics of one process. References stay valid as long as the registry lives.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `freshet_<noun>_<unit>_total`
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Buckets from 1 ms to 60 s, for `_seconds`.
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {});

  /// Prometheus text of everything.
  std::string text() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Why a component is not ready; empty: it is.
using Readiness = std::function<std::optional<std::string>()>;

/// What a process answers at `/metrics`, `/healthz` and `/readyz`: `MetricsServer` without the
/// network.
/// @thread_safety  All of it.
class Health {
 public:
  struct Reply {
    int status;
    std::string type;  ///< of the body
    std::string body;
  };

  /// The metrics must outlive it.
  explicit Health(const Metrics& metrics) : metrics_{metrics} {}

  /// @param owner  to whom the component belongs, for `remove_components`.
  void add_component(const void* owner, const std::string& name, Readiness readiness);
  void remove_components(const void* owner);
  /// @param path  without query; 404 for any other.
  Reply reply(std::string_view path) const;

 private:
  const Metrics& metrics_;
  mutable std::mutex mutex_;
  struct Component {
    const void* owner;
    std::string name;
    Readiness readiness;
  };
  std::vector<Component> components_;
};

/// Serves `/metrics`, `/healthz` (200 while the process runs) and `/readyz` (200 when every
/// registered component is ready, else 503 with the reasons, one a line).
///
/// Lives as long as its component serves; the metrics must outlive it. A second server for the same
/// metrics joins the first, whatever address it names. So a process with several roles
/// (`freshet up`) has one server, which is ready when all its roles are.
class MetricsServer {
 public:
  /// @param listen `host:port`, port 0: any free one.
  /// @error StartupError when the address cannot be bound.
  MetricsServer(Metrics& metrics, const std::string& listen);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  /// `host:port` in use.
  std::string address() const;
  void add_component(const std::string& name, Readiness readiness);

 private:
  struct Impl;
  static std::shared_ptr<Impl> start(Metrics& metrics, const std::string& listen);
  std::shared_ptr<Impl> impl_;
};

}  // namespace freshet
