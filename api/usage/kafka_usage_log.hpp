#pragma once

#include <vector>

#include "api/topic_writer.hpp"
#include "api/usage/usage_log.hpp"
#include "core/config.hpp"
#include "core/metrics.hpp"

namespace freshet::api {

/// Writes events to `usage.events.v1`.
class KafkaUsageLog final : public UsageLog {
 public:
  KafkaUsageLog(const Config::Kafka& config, Metrics& metrics);

  bool is_enabled() const override { return true; }
  Task<Result<void>> send(std::vector<usage::Event> events, Deadline deadline) override;
  void note(const usage::Event& event) override;

 private:
  TopicWriter writer_;
};

}  // namespace freshet::api
