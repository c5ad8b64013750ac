#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/types.hpp"
#include "core/result.hpp"
#include "processors/input.hpp"

namespace freshet {

/// Where a loop goes on reading.
struct StartOffsets {
  std::vector<kafka::TopicPartitionOffset> all;
  /// Those of `all` on `media.decisions.v1` that have records yet unread. They are read before any
  /// sighting is taken: a work that was blocked meanwhile is then not shown even once.
  std::vector<kafka::TopicPartitionOffset> first;
};

/// Which partitions of the inputs belong together. Who owns partition N of the sightings owns N of
/// every other input, as far as that has so many: the group's word on the sightings decides alone,
/// because `range` spreads topics of another partition count differently.
class Inputs {
 public:
  Inputs(const Config::Kafka& config, PartitionCounts counts);

  /// With the prefix. All are subscribed, so that the broker keeps the group's offsets in them.
  const std::vector<std::string>& topics() const { return topics_; }
  const std::string& topic(Input input) const { return topics_[index_of(input)]; }
  /// @param topic  one of `topics()`.
  Input input(std::string_view topic) const;

  const PartitionCounts& partitions() const { return counts_; }
  std::int32_t partitions(Input input) const;
  /// What the owner of this number reads.
  std::vector<kafka::TopicPartition> of(std::int32_t number) const;
  /// All there is, in the order of the inputs.
  std::vector<kafka::TopicPartition> all() const;

  /// The numbers behind an assignment of the group.
  /// @error Retry::never: a member that reads other topics is in the group, so that numbers do not
  ///        mean the same for all.
  Result<std::vector<std::int32_t>> numbers(
      const std::vector<kafka::TopicPartition>& assigned) const;

 private:
  PartitionCounts counts_;
  std::vector<std::string> topics_;
};

}  // namespace freshet
