#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "core/commands.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/roles.hpp"

namespace freshet {

/// The roles that have a consumer group.
std::vector<Role> roles_with_groups();
/// Their names: what `--group` may be.
std::vector<std::string> group_names();

/// @error StartupError when no broker answers within 10 s.
void require_broker(kafka::Admin& admin);

/// A static member that was stopped stays in its group until its session ends (10 s, and the broker
/// looks a little later): from outside it looks like one that runs.
inline constexpr int kMembersLeaveSeconds = 13;
/// @param group  with the prefix
/// @error RefusedError: there are members after that time.
void wait_for_members_to_leave(kafka::Admin& admin, const std::string& group, int seconds,
                               const std::stop_token& stop);

/// The value, or WorkFailed with the error's sentence.
template <class T>
T require(Result<T> result) {
  if (!result) {
    throw WorkFailed{result.error().message()};
  }
  return std::move(*result);
}
inline void require(const Result<void>& result) {
  if (!result) {
    throw WorkFailed{result.error().message()};
  }
}

/// All partitions of a topic, by the broker's name.
/// @error WorkFailed: there is no such topic; it says how to make it.
std::vector<kafka::TopicPartition> partitions_of(kafka::Consumer& consumer,
                                                 const std::string& topic);

/// A reader without a group: committed records only, end-of-partition events, quick at the end.
kafka::ConsumerOptions reader_options();

/// Hands every committed record from `from` to the ends of these partitions to `take`, in the order
/// of each partition. Ends early when `take` says false or a stop is asked for.
/// @error WorkFailed: nothing came for 20 s.
void read_to_end(kafka::Consumer& consumer, const std::vector<kafka::TopicPartitionOffset>& from,
                 const std::stop_token& stop,
                 const std::function<bool(const kafka::Message&)>& take);

}  // namespace freshet
