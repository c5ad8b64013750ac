#pragma once

#include <memory>
#include <stop_token>

#include "core/config.hpp"
#include "core/kafka/producer.hpp"
#include "producers/output.hpp"

namespace freshet {

/// Results to the topics: sightings to `media.raw.v1`, rejections to the dead-letter topic, state
/// to `producer.state.v1`, sums to `media.totals.v1`.
class KafkaOutput final : public Output {
 public:
  /// @param clock  time of dead letters; outlives this.
  /// @throws StartupError  no broker answers; WorkFailed when a stop was asked for while the topics
  ///         were waited for.
  KafkaOutput(const Config::Kafka& config, const Clock& clock, const std::stop_token& stop);
  ~KafkaOutput() override;

  Result<std::optional<RunState>> last_state(const std::string& command) override;
  Result<void> sighting(const Sighting& sighting, std::string_view value) override;
  Result<void> rejection(const Rejection& rejection) override;
  Result<void> checkpoint(const RunState& state, const TotalsByProvider& added) override;
  Result<void> run_finished(MediaType media_type, std::string_view provider,
                            std::string_view value) override;

 private:
  Result<void> add_totals(const TotalsByProvider& added);
  Result<void> learn_totals(const TotalsByProvider& added);
  Result<void> produce(const std::string& topic, std::optional<kafka::Partition> partition,
                       std::string_view key, std::string_view value, const kafka::Headers& headers);

  const Config::Kafka& config_;
  const Clock& clock_;
  std::string raw_topic_;
  std::string state_topic_;
  std::string totals_topic_;
  std::int32_t raw_partitions_ = 0;
  std::map<std::string, Totals> totals_;  ///< since the topic's beginning, by provider key
  kafka::Producer producer_;
};

/// The newest value of each wanted key in one partition of a compacted topic; with no key named, of
/// every key. Tombstones count as absent.
///
/// Reads to the high watermark, uncommitted: an open transaction of somebody else must not hide our
/// own, later record (producers do not use transactions).
Result<std::map<std::string, std::string>> read_newest(const Config::Kafka& config,
                                                       const std::string& topic,
                                                       kafka::Partition partition,
                                                       const std::vector<std::string>& keys);

/// States of all provider commands, for `produce --status`.
Result<std::vector<RunState>> read_run_states(const Config::Kafka& config);

}  // namespace freshet
