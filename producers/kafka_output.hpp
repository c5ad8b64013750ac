#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "core/config.hpp"
#include "core/kafka/newest.hpp"
#include "core/kafka/producer.hpp"
#include "producers/output.hpp"
#include "producers/state_writer.hpp"

namespace freshet {

/// Results to the topics: sightings to `media.raw.v1`, rejections to the dead-letter topic, state
/// to `producer.state.v1`, sums to `media.totals.v1`.
///
/// State, sums and ends of runs are written by a `StateWriter`: one run of a command at a time. A
/// thread writes the state anew every `kRunHeartbeat` while the run goes on, so that others can
/// tell a run that waits for its source from one that died.
class KafkaOutput final : public Output {
 public:
  /// @param clock  time of dead letters; outlives this.
  /// @throws StartupError  no broker answers; WorkFailed when a stop was asked for while the topics
  ///         were waited for.
  KafkaOutput(const Config::Kafka& config, const Clock& clock, const std::stop_token& stop);
  ~KafkaOutput() override;

  Result<std::optional<RunState>> last_state(const std::string& command) override;
  Result<void> take_over(const std::string& name, std::int32_t sums) override;
  Result<void> sighting(const Sighting& sighting, std::string_view value) override;
  Result<void> removal(const std::string& key, std::string_view value) override;
  Result<void> rejection(const Rejection& rejection) override;
  Result<void> checkpoint(const RunState& state, const TotalsByProvider& added) override;
  Result<void> alert(const Alert& alert) override;
  Result<void> run_finished(MediaType media_type, std::string_view provider,
                            std::string_view value) override;

 private:
  // A record that waits to be written.
  struct Kept {
    std::string topic;
    std::optional<kafka::Partition> partition;
    std::string key;
    std::string value;
    const kafka::Headers* headers;
  };

  Result<void> learn_totals(const TotalsByProvider& added);
  Result<void> produce(const std::string& topic, std::optional<kafka::Partition> partition,
                       std::string_view key, std::string_view value, const kafka::Headers& headers);
  Result<void> write(const std::vector<Kept>& records);
  Kept state_record(const RunState& state) const;
  std::string totals_key(const std::string& provider) const;
  Result<std::optional<RunState>> read_state(const std::string& command) const;
  Result<bool> is_ours(const std::string& name);
  void keep_fresh(const std::stop_token& stop);

  const Config::Kafka& config_;
  const Clock& clock_;
  std::string raw_topic_;
  std::string state_topic_;
  std::string totals_topic_;
  std::int32_t raw_partitions_ = 0;
  std::int32_t sums_number_ = 0;
  std::map<std::string, Totals> totals_;  ///< since the topic's beginning, by provider key
  kafka::Producer producer_;              ///< of sightings and dead letters

  std::mutex writing_;  ///< guards the members below, except the thread
  std::unique_ptr<StateWriter> writer_;
  std::optional<RunState> fresh_;  ///< what the heartbeat writes; nothing between runs
  std::optional<RunState> found_;  ///< of the last look at it
  std::optional<Error> fenced_;
  std::jthread heartbeat_;
};

/// States of all provider commands, for `produce --status`.
Result<std::vector<RunState>> read_run_states(const Config::Kafka& config);

}  // namespace freshet
