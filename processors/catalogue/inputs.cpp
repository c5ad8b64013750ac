#include "processors/catalogue/inputs.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/check.hpp"

namespace freshet {

Inputs::Inputs(const Config::Kafka& config, PartitionCounts counts) : counts_{counts} {
  for (const Input input : kInputs) {
    topics_.push_back(config.prefixed(topic_of(input)));
  }
}

Input Inputs::input(std::string_view topic) const {
  const auto found = std::ranges::find(topics_, topic);
  FRESHET_CHECK(found != topics_.end());
  return kInputs[static_cast<std::size_t>(found - topics_.begin())];
}

std::int32_t Inputs::partitions(Input input) const {
  return input == Input::claims ? counts_.claims : counts_.works;
}

std::vector<kafka::TopicPartition> Inputs::of(std::int32_t number) const {
  std::vector<kafka::TopicPartition> list;
  for (const Input input : kInputs) {
    if (number < partitions(input)) {
      list.push_back({topic(input), kafka::Partition{number}});
    }
  }
  return list;
}

std::vector<kafka::TopicPartition> Inputs::all() const {
  std::vector<kafka::TopicPartition> list;
  for (const Input input : kInputs) {
    for (std::int32_t number = 0; number < partitions(input); ++number) {
      list.push_back({topic(input), kafka::Partition{number}});
    }
  }
  return list;
}

Result<std::vector<std::int32_t>> Inputs::numbers(
    const std::vector<kafka::TopicPartition>& assigned) const {
  std::array<std::set<std::int32_t>, kInputs.size()> given;
  for (const kafka::TopicPartition& at : assigned) {
    given[index_of(input(at.topic))].insert(at.partition.value);
  }
  const auto& numbers = given[index_of(Input::raw)];
  for (const Input input : kInputs) {
    // `range` gives a member the same numbers of all topics of one size, if all members read them.
    if (partitions(input) == counts_.works && given[index_of(input)] != numbers) {
      return Error{
          Errc::broker_error, Retry::never,
          "the group gave other numbers of " + topic(input) + " than of " + topic(Input::raw)};
    }
  }
  return std::vector<std::int32_t>{numbers.begin(), numbers.end()};
}

}  // namespace freshet
