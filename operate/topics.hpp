#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/kafka/admin.hpp"
#include "core/topics.hpp"

namespace freshet {

/// Adds `topics create`, `topics describe`, `topics diff` and `topics delete`.
void add_topics_commands(CLI::App& root, Commands& commands);

/// One way in which a topic is not as schemas/topics.json and the settings want it.
struct TopicDifference {
  std::string topic;
  std::string what;  ///< `topic`, `partitions`, `replication factor`, or the name of a config
  std::string wanted;
  std::string found;
};

/// Differences in the order of `wanted`. Only wanted configs are compared: the broker's other
/// defaults are its owner's choice.
std::vector<TopicDifference> compare_topics(const std::vector<TopicSpec>& wanted,
                                            const std::vector<kafka::TopicState>& found);

}  // namespace freshet
