#pragma once

#include "core/config.hpp"
#include "core/kafka/consumer.hpp"

namespace freshet::bench {

/// The settings in force, from FRESHET_* alone.
/// @error StartupError.
Config config_from_environment();

/// Ends of a partition, asked again for 15 s: a topic that was made a moment ago has no leader yet,
/// or none that this client knows of.
Result<kafka::Watermarks> patient_watermarks(kafka::Consumer& consumer,
                                             const kafka::TopicPartition& at);

}  // namespace freshet::bench
